import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as YAML from 'yaml';

/** How a platform differs from its file: JSON pointers → values, and pointers that are not there. */
interface Changes {
  readonly set?: Readonly<Record<string, unknown>>;
  readonly remove?: readonly string[];
}

/**
 * What a platform was made from, so that it can be made again: `test/platforms/pg.yaml`, or that file
 * `with {"set":{"/services/backup":{…}}}`. A platform without a file of its own is `nothing with {…}`.
 * What differs in every run is left out: the address of the API server, local ports, and certificates.
 * @param root the repository
 * @param text the platform file as the suite has it
 */
export function inputOf(root: string, text: string): string {
  const now = settingsOf(text);
  const name = String(now.get('/name'));
  const source = sourceOf(root, name);
  const before = source === undefined ? new Map<string, unknown>() : settingsOf(readFileSync(join(root, source), 'utf8'));
  if (now.has(apiServer) && !isDeepStrictEqual(now.get(apiServer), before.get(apiServer))) {
    now.set(apiServer, ['192.0.2.1/32']);
  }
  const set = [...now].filter(([pointer, value]) => !(before.has(pointer) && isDeepStrictEqual(before.get(pointer), value)));
  const remove = [...before.keys()].filter((pointer) => !now.has(pointer));
  const changes: Changes = {
    ...(set.length > 0 ? { set: Object.fromEntries(set.sort()) } : {}),
    ...(remove.length > 0 ? { remove: remove.sort() } : {}),
  };
  const from = source ?? 'nothing';
  return Object.keys(changes).length === 0 ? from : `${from} with ${JSON.stringify(changes)}`;
}

/** The platform file that an input stands for. @returns undefined where its source is no longer there */
export function textOf(root: string, input: string): { readonly text: string; readonly file: string } | undefined {
  const { source, changes } = partsOf(input);
  if (source !== undefined && !existsSync(join(root, source))) return undefined;
  const document = YAML.parseDocument(source === undefined ? '{}' : readFileSync(join(root, source), 'utf8'));
  for (const pointer of changes.remove ?? []) document.deleteIn(pointer.split('/').slice(1));
  for (const [pointer, value] of Object.entries(changes.set ?? {})) {
    document.setIn(pointer.split('/').slice(1), document.createNode(value));
  }
  const { name } = document.toJS() as { name: string };
  return { text: document.toString(), file: `${name}.yaml` };
}

/** The file from which it was made, and how it differs from that. */
export function partsOf(input: string): { readonly source?: string; readonly changes: Changes } {
  const [source = '', changes] = input.split(/ with (.*)/s);
  return {
    source: source === 'nothing' ? undefined : source,
    changes: changes === undefined ? {} : (JSON.parse(changes) as Changes),
  };
}

/** A shipped platform, or a fixture of the tests. */
function sourceOf(root: string, name: string): string | undefined {
  return ['platforms', 'test/platforms'].map((folder) => `${folder}/${name}.yaml`).find((path) => existsSync(join(root, path)));
}

const apiServer = '/network/apiServer';

/** Pointer → value: of each setting, and where these are maps of their own, of each one in them. */
function settingsOf(text: string): Map<string, unknown> {
  const lasting = (_: string, value: unknown) =>
    typeof value === 'string'
      ? value
          .replace(/\b(127\.0\.0\.1|localhost):\d+/g, '$1:1')
          .replace(/(?<=-----BEGIN CERTIFICATE-----)[^-]+(?=-----END CERTIFICATE-----)/g, '\nMA==\n')
      : value;
  const settings = JSON.parse(JSON.stringify(YAML.parse(text)), lasting) as Record<string, unknown>;
  return new Map(
    Object.entries(settings).flatMap(([key, value]) =>
      ['services', 'network'].includes(key) && typeof value === 'object' && value !== null
        ? // `minio:` and `minio: {}` say the same.
          Object.entries(value).map(([inner, its]) => [`/${key}/${inner}`, (its as unknown) ?? {}] as const)
        : [[`/${key}`, value] as const],
    ),
  );
}
