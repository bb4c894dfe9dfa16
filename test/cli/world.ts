import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, type World } from '../../cli/credentials';
import { idOf, Refusal, type SecretStore, type StoredSecret } from '../../cli/credentials/store';
import { parsePlatform } from '../../lib/config/load';
import { buildPlatform } from '../../lib/build-platform';
import type { Platform } from '../../lib/core/platform';

export const description = `name: home
domain: home.arpa
cluster: k3s
services:
  traefik:
  mlflow:
  minio:
  postgis:
  rustdesk:
`;

/** A platform with credentials of every rule; gateway, database and bucket passwords are needed in two namespaces. */
export const platform = (extra = ''): Platform => buildPlatform(parsePlatform(description + extra, 'home.yaml'));

/** A cluster in memory: `namespace/name` → key → base64. */
export class MemoryStore implements SecretStore {
  readonly title = 'context memory, https://127.0.0.1:1';
  readonly secrets = new Map<string, Record<string, string>>();
  readonly missingNamespaces: string[] = [];
  readonly claims: string[] = [];
  writes = 0;

  read: SecretStore['read'] = async (request) => ({
    missingNamespaces: request.namespaces.filter((namespace) => this.missingNamespaces.includes(namespace)),
    secrets: request.secrets.flatMap((id): StoredSecret[] => {
      const data = this.secrets.get(idOf(id));
      return data ? [{ ...id, data: { ...data } }] : [];
    }),
    claims: request.claims.filter((id) => this.claims.includes(idOf(id))),
  });

  apply: SecretStore['apply'] = async (changes) => {
    for (const change of changes) {
      const found = this.secrets.get(idOf(change));
      if ((found === undefined) !== (change.existing === undefined)) throw new Refusal(`${idOf(change)} appeared`);
      for (const key of Object.keys(change.data))
        if (found?.[key] !== undefined) throw new Refusal(`${key} overwritten`);
      this.secrets.set(idOf(change), { ...found, ...change.data });
      this.writes += 1;
    }
  };

  text(id: string, key: string): string {
    return Buffer.from(this.secrets.get(id)?.[key] ?? '', 'base64').toString();
  }

  set(id: string, key: string, text: string): void {
    this.secrets.set(id, { ...this.secrets.get(id), [key]: Buffer.from(text).toString('base64') });
  }

  remove(id: string, key: string): void {
    const { [key]: removed, ...rest } = this.secrets.get(id) ?? {};
    if (removed === undefined) throw new Error(`${id} has no ${key}`);
    this.secrets.set(id, rest);
  }

  /** Everything in it, to compare before and after. */
  get content(): string {
    return JSON.stringify([...this.secrets]);
  }
}

const temporaryFolders: string[] = [];
afterAll(() => temporaryFolders.forEach((folder) => rmSync(folder, { recursive: true })));

/** An empty folder until the end of the test file. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hearth-credentials-')));
  temporaryFolders.push(folder);
  return folder;
}

/** A folder of hearth with one platform. */
export function hearthFolder(extra = ''): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'platforms'));
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'platforms/home.yaml'), description + extra);
  return root;
}

/** Runs the command and keeps what it prints. */
export async function command(args: string[], given: Partial<World> = {}) {
  const [out, err]: string[][] = [[], []];
  const code = await credentials(args, {
    root: given.root ?? hearthFolder(),
    terminal: true,
    out: (line) => void out?.push(line),
    err: (line) => void err?.push(line),
    cluster: async () => new MemoryStore(),
    ...given,
  });
  return { code, out: (out ?? []).join('\n'), err: (err ?? []).join('\n') };
}
