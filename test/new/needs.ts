import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../../lib/catalogue';
import { providersIn } from '../../lib/core/definition';
import type { Need } from '../../lib/core/need';

/** What a component can ask of others. */
export interface BindingNeed {
  /** As platform files name it, and as its file exports it. */
  readonly name: string;
  /** File in lib/bindings, without its ending. */
  readonly file: string;
  /** How its value is used; undefined where only a person can say. */
  readonly use?: Use;
}

interface Use {
  /** The statement that takes it. */
  readonly take: string;
  /** Entries of the environment. */
  readonly env: readonly string[];
  /** Data of the component is there, so that it needs no volume of its own. */
  readonly keepsData?: boolean;
}

const uses: Readonly<Record<string, Use>> = {
  sql: {
    take: 'const database = sql.database(self.name);',
    env: ["DATABASE_URL: database.url('postgresql')"],
    keepsData: true,
  },
  objectStore: {
    take: 'const bucket = objectStore.bucket(self.name);',
    env: ['S3_ENDPOINT_URL: bucket.endpoint.url()', 'S3_BUCKET: bucket.name', '...bucket.awsEnv'],
    keepsData: true,
  },
  cache: { take: "const keys = cache.cache('keys');", env: ['REDIS_URL: keys.url()'] },
  valkeyCluster: { take: "const cluster = valkeyCluster.client('keys');", env: ['REDIS_CLUSTER_URL: cluster.url()'] },
  identity: {
    take: `const people = identity.client(self.name, {
      title: self.name,
      redirectUris: hostsOf(self, [self.name]).map((host) => \`https://\${host}/*\`),
    });`,
    env: [
      'OIDC_ISSUER: people.issuer',
      "OIDC_CLIENT_ID: people.key('clientId')",
      "OIDC_CLIENT_SECRET: people.key('clientSecret')",
    ],
  },
};

/** All needs of lib/bindings. @param root the repository */
export function bindingNeeds(root: string): BindingNeed[] {
  const folder = join(root, 'lib/bindings');
  return readdirSync(folder)
    .sort()
    .flatMap((path) =>
      Array.from(readFileSync(join(folder, path), 'utf8').matchAll(/^export const (\w+) = needFor\b/gm), ([, name = '']) => ({
        name,
        file: path.replace(/\.ts$/, ''),
        use: uses[name],
      })),
    );
}

/** The first component of the catalogue that serves a need. @default undefined where none does */
export function providerOf(need: string): string | undefined {
  const all = Object.values(catalogue).flatMap((load) => Object.values(load().provides));
  const found = all.find(({ name }) => name === need);
  return found && providersIn(catalogue, found)[0];
}

/** Whom a component with these needs has beside it: those who serve it, and those who serve them, in order of the catalogue. */
export function providersFor(needs: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (need: string) => {
    const provider = providerOf(need);
    if (provider === undefined || found.has(provider)) return;
    found.add(provider);
    const further: readonly Need<unknown>[] = Object.values(catalogue[provider]?.().needs ?? {});
    for (const { name } of further) add(name);
  };
  for (const need of ['gateway', ...needs]) add(need);
  return Object.keys(catalogue).filter((name) => found.has(name));
}
