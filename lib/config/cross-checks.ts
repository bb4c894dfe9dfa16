import { identity } from '../bindings/oidc-client';
import { provides, type Catalogue } from '../core/definition';
import { gateway as gatewayNeed } from '../core/gateway';
import { suggest, type Problem } from '../core/problem';
import { serviceChecks } from './service-checks';
import type { NamedService } from './services';
import { section, text, type Section } from './section';

/** Top-level domains for which no public authority issues certificates: RFC 6761, RFC 6762, RFC 8375, ICANN's .internal. */
const privateDomains = ['localhost', 'local', 'test', 'invalid', 'home.arpa', 'internal', 'lan'];

const below = (domain: string, parent: string) => domain === parent || domain.endsWith(`.${parent}`);

/** Whether no public authority issues certificates for a domain. */
export const isPrivate = (domain: string): boolean => privateDomains.some((name) => below(domain, name));

/**
 * What no single setting shows: names that are placeholders, settings that exclude each other, services without their
 * provider. Reads the raw file, so that these problems come together with those of the schema.
 * @param stem name of the file without its ending
 * @param services those whose components the catalogue knows
 */
export function crossChecks(raw: unknown, stem: string, services: readonly NamedService[], catalogue: Catalogue): Problem[] {
  const file = section(raw);
  return [
    ...naming(file, stem),
    ...placeholders(file),
    ...certificates(file, services),
    ...gateway(file, services),
    ...storage(file),
    ...secretStore(file),
    ...serviceChecks(file, services, catalogue),
    ...groups(file, services),
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
  const isExample = (host: string) => ['example.com', 'example.org', 'example.net', 'example'].some((name) => below(host, name));
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

const gatewayOf = (services: readonly NamedService[]) =>
  services.find(({ definition }) => provides(definition, gatewayNeed))?.name ?? 'traefik';

function certificates(file: Section, services: readonly NamedService[]): Problem[] {
  if (section(file.tls).mode !== 'lets-encrypt') return [];
  const domain = text(file.domain) ?? '';
  const traefik = gatewayOf(services);
  const replicas = section(section(file.services)[traefik]).replicas;
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
            path: ['services', traefik, 'replicas'],
            message:
              'must be 1 with mode: lets-encrypt, whose store belongs to one pod; write 1, or tls mode: secret or cert-manager',
          },
        ]
      : []),
  ];
}

function gateway(file: Section, services: readonly NamedService[]): Problem[] {
  if (file.gateway !== 'k3s-bundled') return [];
  const traefik = gatewayOf(services);
  const own = ['replicas', 'resources'].filter((key) => key in section(section(file.services)[traefik]));
  return [
    ...(file.cluster === 'k3s'
      ? []
      : [{ path: ['gateway'], message: 'k3s-bundled needs cluster: k3s; write gateway: standalone' }]),
    ...own.map((key) => ({
      path: ['services', traefik, key],
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

/** Nobody could ever open a route for a group that the identity provider does not have. */
function groups({ services }: Section, named: readonly NamedService[]): Problem[] {
  const provider = named.find(({ definition }) => provides(definition, identity));
  if (provider === undefined) return [];
  const entry = provider.name;
  // Whatever else may be wrong there.
  const defaults = provider.definition.options.safeParse({});
  const known = section(section(services)[entry]).groups ?? section(defaults.data).groups;
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
    return list.flatMap((group, index) => (typeof group === 'string' ? [{ path: [...here, 'groups', index], group }] : []));
  });
}
