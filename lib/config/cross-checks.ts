import { catalogue } from '../catalogue';
import { needs } from '../core/needs';
import type { Need } from '../core/platform';
import { suggest, type Problem } from './problem';

/** Top-level domains for which no public authority issues certificates: RFC 6761, RFC 6762, RFC 8375, ICANN's .internal. */
const privateDomains = ['localhost', 'local', 'test', 'invalid', 'home.arpa', 'internal', 'lan'];

type Section = Readonly<Record<string, unknown>>;
const section = (value: unknown): Section => (typeof value === 'object' && value !== null ? { ...value } : {});
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const below = (domain: string, parent: string) => domain === parent || domain.endsWith(`.${parent}`);

/** Whether no public authority issues certificates for a domain. */
export const isPrivate = (domain: string): boolean => privateDomains.some((name) => below(domain, name));

/**
 * What no single setting shows: names that are placeholders, settings that exclude each other, services without their
 * provider. Reads the raw file, so that these problems come together with those of the schema.
 * @param stem name of the file without its ending
 */
export function crossChecks(raw: unknown, stem: string): Problem[] {
  const file = section(raw);
  return [
    ...naming(file, stem),
    ...placeholders(file),
    ...certificates(file),
    ...gateway(file),
    ...storage(file),
    ...secretStore(file),
    ...providers(file),
    ...severalProviders(file),
    ...groups(file),
  ];
}

function naming({ name }: Section, stem: string): Problem[] {
  if (name === 'argo-cd' || name === 'kind') {
    return [{ path: ['name'], message: `${name} is the name of another folder in dist/; choose another name` }];
  }
  if (text(name) === undefined || name === stem) return [];
  return [
    {
      path: ['name'],
      message: `differs from the file name; write name: ${stem}, or rename the file to ${text(name)}.yaml`,
    },
  ];
}

function placeholders({ domain, tls }: Section): Problem[] {
  const isExample = (host: string) =>
    ['example.com', 'example.org', 'example.net', 'example'].some((name) => below(host, name));
  const email = text(section(tls).email);
  return [
    ...(isExample(text(domain) ?? '')
      ? [
          {
            path: ['domain'],
            message: `${text(domain)} is a placeholder; write the domain that you own, or one below localhost to try things out`,
          },
        ]
      : []),
    ...(isExample(email?.split('@')[1] ?? '')
      ? [
          {
            path: ['tls', 'email'],
            message: `${email} is a placeholder; write the address that should hear of expiring certificates`,
          },
        ]
      : []),
  ];
}

function certificates(file: Section): Problem[] {
  if (section(file.tls).mode !== 'lets-encrypt') return [];
  const domain = text(file.domain) ?? '';
  const replicas = section(section(file.services).traefik).replicas;
  return [
    ...(isPrivate(domain)
      ? [
          {
            path: ['tls', 'mode'],
            message: `Let’s Encrypt issues nothing for ${domain}; write mode: self-signed, or a domain that is public`,
          },
        ]
      : []),
    ...(typeof replicas === 'number' && replicas > 1
      ? [
          {
            path: ['services', 'traefik', 'replicas'],
            message:
              'must be 1 with mode: lets-encrypt, whose store belongs to one pod; write 1, or tls mode: secret or cert-manager',
          },
        ]
      : []),
  ];
}

function gateway(file: Section): Problem[] {
  if (file.gateway !== 'k3s-bundled') return [];
  const own = ['replicas', 'resources'].filter((key) => key in section(section(file.services).traefik));
  return [
    ...(file.cluster === 'k3s'
      ? []
      : [{ path: ['gateway'], message: 'k3s-bundled needs cluster: k3s; write gateway: standalone' }]),
    ...own.map((key) => ({
      path: ['services', 'traefik', key],
      message: 'has no effect on the Traefik that k3s brings; remove it, or write gateway: standalone',
    })),
  ];
}

function storage({ storage, cluster }: Section): Problem[] {
  const { retain, class: storageClass } = section(storage);
  if (retain !== true) return [];
  if (storageClass !== undefined && storageClass !== null) {
    return [
      {
        path: ['storage', 'retain'],
        message: `has no effect on the class ${text(storageClass) ?? ''}, which decides itself; remove one of them`,
      },
    ];
  }
  if (cluster !== 'kubernetes') return [];
  return [
    {
      path: ['storage', 'retain'],
      message: 'needs cluster: k3s or kind; write class: with a StorageClass whose reclaim policy is Retain instead',
    },
  ];
}

function secretStore({ secrets, secretStore }: Section): Problem[] {
  // What is wrong in itself, the schema says.
  if (secretStore === undefined || secretStore === null || (secrets !== undefined && secrets !== 'cluster')) return [];
  const message = 'has no effect without External Secrets; write secrets: external, or remove it';
  return [{ path: ['secretStore'], message }];
}

function providers(file: Section): Problem[] {
  const { services } = file;
  const names = Object.keys(section(services)).filter((name) => Object.hasOwn(catalogue, name));
  if (typeof services === 'object' && services !== null && JSON.stringify(services) === '{}') {
    return [{ path: ['services'], message: 'is empty; write at least one service, for example "traefik: {}"' }];
  }
  const entries = Object.entries(catalogue);
  return names.flatMap((name) =>
    (catalogue[name]?.needs ?? [])
      .filter((need) => !names.some((other) => catalogue[other]?.provides.includes(need)))
      .map((need) => {
        const candidates = entries.flatMap(([candidate, entry]) => (entry.provides.includes(need) ? [candidate] : []));
        return {
          path: ['services', name],
          message: `needs ${needs[need]}; add ${candidates.map((candidate) => `"${candidate}: {}"`).join(' or ')} under services`,
        };
      }),
  );
}

/** Where several services could, the file says which of them serves the others. */
function severalProviders(file: Section): Problem[] {
  const names = Object.keys(section(file.services)).filter((name) => Object.hasOwn(catalogue, name));
  const given = section(file.providers);
  return (Object.keys(needs) as Need[]).flatMap((need) => {
    const able = names.filter((name) => catalogue[name]?.provides.includes(need));
    const named = text(given[need]);
    if (named !== undefined && Object.hasOwn(catalogue, named) && !names.includes(named)) {
      return [{ path: ['providers', need], message: `${named} is not among the services; add it, or remove this` }];
    }
    const wanted = names.some((name) => catalogue[name]?.needs.includes(need));
    if (able.length < 2 || named !== undefined || !wanted) return [];
    const message = `${able.join(' and ')} are each ${needs[need]}; write providers: { ${need}: ${able[0]} }`;
    return [{ path: ['providers', need], message }];
  });
}

/** Nobody could ever open a route for a group that the identity provider does not have. */
function groups({ services }: Section): Problem[] {
  const names = Object.keys(section(services)).filter((name) => Object.hasOwn(catalogue, name));
  const entry = names.find((name) => catalogue[name]?.provides.includes('identity'));
  if (entry === undefined) return [];
  // Whatever else may be wrong there.
  const defaults = catalogue[entry]?.options.safeParse({});
  const known = section(section(services)[entry]).groups ?? section(defaults?.data).groups;
  if (!Array.isArray(known)) return [];
  // A group inside another one makes that, too.
  const exists = (group: string) => known.some((path) => path === group || String(path).startsWith(`${group}/`));
  return allowLists(section(services), ['services']).flatMap(({ path, group }) =>
    exists(group)
      ? []
      : [
          {
            path,
            message: `${entry} has no group "${group}", see services.${entry}.groups; ${suggest(group, known.map(String))}`,
          },
        ],
  );
}

/** Every group that some `access: { groups }` names, at any depth. */
function allowLists(node: Section, path: Problem['path']): { path: Problem['path']; group: string }[] {
  return Object.entries(node).flatMap(([key, value]) => {
    const here = [...path, key];
    const list = key === 'access' ? section(value).groups : undefined;
    if (!Array.isArray(list)) return allowLists(section(value), here);
    return list.flatMap((group, index) =>
      typeof group === 'string' ? [{ path: [...here, 'groups', index], group }] : [],
    );
  });
}
