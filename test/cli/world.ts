import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idOf, type ObjectId, type RotatingStore, type StoredSecret } from '../../cli/credentials/store';
import { Refusal } from '../../cli/refusal';
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
export const platform = (extra = '', domain = 'home.arpa'): Platform =>
  buildPlatform(parsePlatform(description.replace('home.arpa', domain) + extra, 'home.yaml'));

/** A cluster in memory: `namespace/name` → key → base64. */
export class MemoryStore implements RotatingStore {
  readonly title = 'context memory, https://127.0.0.1:1';
  readonly secrets = new Map<string, Record<string, string>>();
  readonly annotations = new Map<string, Record<string, string>>();
  /** Of those that something else than these tests made. */
  readonly labels = new Map<string, Record<string, string>>();
  readonly missingNamespaces: string[] = [];
  readonly claims: string[] = [];
  writes = 0;
  /** Called after every Secret that was written: a test can let things happen then. */
  after: (id: string) => void = () => undefined;

  read: RotatingStore['read'] = async (request) => ({
    missingNamespaces: request.namespaces.filter((namespace) => this.missingNamespaces.includes(namespace)),
    secrets: request.secrets.flatMap((id): StoredSecret[] => {
      const data = this.secrets.get(idOf(id));
      if (!data) return [];
      const labels = this.labels.get(idOf(id));
      return [
        {
          ...plainId(id),
          data: { ...data },
          annotations: this.annotations.get(idOf(id)),
          ...(labels ? { labels } : {}),
        },
      ];
    }),
    claims: request.claims.filter((id) => this.claims.includes(idOf(id))),
  });

  apply: RotatingStore['apply'] = async (changes) => {
    for (const change of changes) {
      const found = this.secrets.get(idOf(change));
      if ((found === undefined) !== (change.existing === undefined)) throw new Refusal(`${idOf(change)} appeared`);
      for (const key of Object.keys(change.data)) if (found?.[key] !== undefined) throw new Refusal(`${key} overwritten`);
      this.secrets.set(idOf(change), { ...found, ...change.data });
      if (!found) this.labels.set(idOf(change), { ...change.labels });
      this.wrote(idOf(change));
    }
  };

  replace: RotatingStore['replace'] = async (replacements) => {
    for (const { existing, data, annotations = {} } of replacements) {
      const id = idOf(existing);
      const found = this.secrets.get(id);
      if (JSON.stringify(found) !== JSON.stringify(existing.data)) throw new Refusal(`${id} changed while this ran`);
      this.secrets.set(id, { ...found, ...data });
      const all = Object.entries({ ...this.annotations.get(id), ...annotations });
      this.annotations.set(id, Object.fromEntries(all.flatMap(([key, value]) => (value === null ? [] : [[key, value]]))));
      this.wrote(id);
    }
  };

  private wrote(id: string): void {
    this.writes += 1;
    this.after(id);
  }

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

const plainId = ({ namespace, name }: ObjectId): ObjectId => ({ namespace, name });

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
