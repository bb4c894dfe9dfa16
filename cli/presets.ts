import { providersIn, type Catalogue, type SizeName } from '../lib/core/definition';
import { suggest } from '../lib/core/problem';

/** A set of services that make sense together. */
export interface Preset {
  readonly title: string;
  readonly services: readonly string[];
}

export const presets: Readonly<Record<string, Preset>> = {
  geoai: {
    title: 'experiments, models, objects, a spatial database, remote desktop and a start page',
    services: ['traefik', 'homepage', 'mlflow', 'minio', 'postgis', 'rustdesk'],
  },
  mlops: {
    title: 'experiments, models and what they need, with a start page',
    services: ['traefik', 'homepage', 'mlflow', 'minio', 'postgis'],
  },
  'hy-home': {
    title: 'single sign-on, secrets, databases and clusters of them, objects, documents, vectors, search, time series, MQTT',
    services: [
      'traefik',
      'keycloak',
      'oauth2-proxy',
      'openbao',
      'mng-pg',
      'mng-valkey',
      'minio',
      'pg-cluster',
      'valkey-cluster',
      'redisinsight',
      'couchdb',
      'qdrant',
      'opensearch',
      'influxdb',
      'mosquitto',
      'homepage',
    ],
  },
  data: { title: 'a database server and an object store', services: ['traefik', 'minio', 'postgis'] },
};

/** The sizes of a platform, for people. */
export const sizeTitles = {
  small: 'a laptop: small volumes, little memory',
  standard: 'the defaults of every service',
  large: 'a server: large volumes, much memory',
} as const satisfies Record<SizeName | 'standard', string>;
export type Size = keyof typeof sizeTitles;

/** What a platform file of that size says of a service; nothing where it has its defaults. */
export const optionsOf = (catalogue: Catalogue, size: Size, service: string) =>
  size === 'standard' ? undefined : catalogue[service]?.().sizes[size];

/** Which services: a set, with more and without some. */
export interface Selection {
  readonly services: readonly string[];
  readonly with: readonly string[];
  readonly without: readonly string[];
}

export interface Selected {
  /** In the order of the catalogue. */
  readonly services: readonly string[];
  /** Why a service is there that nobody named. */
  readonly added: readonly string[];
  /** What cannot be, with its mend. */
  readonly problems: readonly string[];
}

/** The services that do nothing without settings that only the operator knows. */
export const unsettled = (catalogue: Catalogue): string[] =>
  Object.entries(catalogue).flatMap(([name, load]) => (load().options.safeParse({}).success ? [] : [name]));

/** The services of a selection, together with the providers that they need. */
export function select(catalogue: Catalogue, selection: Selection): Selected {
  const known = Object.keys(catalogue);
  const { without } = selection;
  const named = [...selection.services, ...selection.with];
  const chosen = new Set(named.filter((name) => known.includes(name) && !without.includes(name)));
  const unknown = [...named, ...without].filter((name) => !known.includes(name));
  const both = selection.with.filter((name) => without.includes(name));
  const open = unsettled(catalogue).filter((name) => named.includes(name));
  const added: string[] = [];
  const problems = [
    ...open.map((name) => `${name} needs settings; add it to the written file, as docs/components/${name}.md says`),
    ...unknown.map((name) => `there is no service "${name}"; ${suggest(name, known)}`),
    ...both.map((name) => `${name} is both with and without; say one of them`),
  ];
  // Providers may need providers: the set grows while it is walked.
  for (const name of chosen) {
    for (const need of Object.values(catalogue[name]?.().needs ?? {})) {
      const candidates = providersIn(catalogue, need);
      if (candidates.some((candidate) => chosen.has(candidate))) continue;
      const provider = candidates.find((candidate) => !without.includes(candidate));
      if (provider === undefined) {
        problems.push(`${name} needs ${need.title}: keep ${candidates.join(' or ')}, or leave out ${name} as well`);
        continue;
      }
      chosen.add(provider);
      added.push(`${provider} is added: ${name} needs ${need.title}`);
    }
  }
  if (chosen.size === 0 && problems.length === 0) problems.push(`no service is left; choose from ${known.join(', ')}`);
  return { services: known.filter((name) => chosen.has(name)), added, problems };
}
