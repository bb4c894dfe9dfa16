import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Document, isScalar } from 'yaml';
import { catalogue } from '../lib/catalogue';
import { provides } from '../lib/core/definition';
import { parsePlatform } from '../lib/config/load';
import { ConfigError, type Problem } from '../lib/core/problem';
import type { Settings } from '../lib/core/settings';
import { platformSchemaFile } from '../lib/derived/documentation';
import { optionsOf, type Size } from './presets';
import { codeOf, Refusal } from './refusal';

export type ClusterKind = Settings['cluster'];

/** What a new platform file says. */
export interface Draft {
  readonly name: string;
  readonly domain: string;
  readonly cluster: ClusterKind;
  /** Address for Let’s Encrypt. @default certificates are self-signed */
  readonly contact?: string;
  readonly services: readonly string[];
  readonly size: Size;
}

/** The name of a platform's file, from the root. */
export const fileOf = (name: string): string => join('platforms', `${name}.yaml`);

/** A platform file with comments. */
export function platformFile({ name, domain, cluster, contact, services, size }: Draft): string {
  const tls = contact === undefined ? { mode: 'self-signed' } : { mode: 'lets-encrypt', email: contact };
  const providers = providersAmong(services);
  const document = new Document({
    name,
    domain,
    cluster,
    tls,
    ...(Object.keys(providers).length > 0 ? { providers } : {}),
    services: Object.fromEntries(services.map((service) => [service, optionsOf(catalogue, size, service) ?? null])),
  });
  if (document.contents) {
    document.contents.commentBefore = [
      ' yaml-language-server: $schema=./schema.json',
      ' Every setting: docs/platform-file.md, and docs/components/ for the services.',
    ].join('\n');
  }
  const comment = (path: readonly string[], text: string) => {
    const node = document.getIn(path, true);
    if (isScalar(node)) node.comment = ` ${text}`;
  };
  comment(['domain'], onThisMachine(domain) ? 'this machine' : 'needs DNS records for it and *.it');
  if (contact !== undefined) comment(['tls', 'email'], 'hears of expiring certificates');
  else
    comment(
      ['tls', 'mode'],
      onThisMachine(domain)
        ? 'clients must trust it'
        : 'clients must trust it; with a public domain: { mode: lets-encrypt, email: … }',
    );
  return document.toString({ nullStr: '', lineWidth: 0, singleQuote: true });
}

/** Where several services could serve the others, the first of the catalogue. */
function providersAmong(services: readonly string[]): Record<string, string> {
  const needed = new Set(services.flatMap((name) => Object.values(catalogue[name]?.().needs ?? {})));
  return Object.fromEntries(
    [...needed].flatMap((need) => {
      const [first, second] = services.filter((name) => provides(catalogue[name]?.(), need));
      return first !== undefined && second !== undefined ? [[need.name, first]] : [];
    }),
  );
}

/** Whether a domain stands for the machine itself: RFC 6761. */
export const onThisMachine = (domain: string): boolean => domain === 'localhost' || domain.endsWith('.localhost');

/** What is wrong with a platform file that would say this. */
export function problemsOf(draft: Draft): readonly Problem[] {
  try {
    parsePlatform(platformFile(draft), fileOf(draft.name));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

/** Writes the file of a platform whole or not at all, and the schema that it names where there is none. */
export function writePlatformFile(root: string, draft: Draft): void {
  const file = join(root, fileOf(draft.name));
  try {
    mkdirSync(dirname(file), { recursive: true });
    const schema = join(dirname(file), 'schema.json');
    if (!existsSync(schema)) replace(schema, platformSchemaFile(catalogue));
    replace(file, platformFile(draft));
  } catch (error) {
    throw new Refusal(`${file} cannot be written (${codeOf(error) ?? 'unknown reason'}); look at the rights of its folder`);
  }
}

function replace(file: string, content: string): void {
  const next = `${file}.${process.pid}.new`;
  try {
    writeFileSync(next, content);
    renameSync(next, file);
  } finally {
    rmSync(next, { force: true });
  }
}
