import type { Component } from '../../../core/component';
import { hostOf } from '../../../core/override-hosts';
import type { StoreClient } from './clients';
import { seconds, type StoreOptions } from './options';
import type { Program } from './program';

/** What the job that sets the store up reads: everything that it brings about, and nothing secret. */
export interface DesiredState {
  /** Of the program, in messages. */
  readonly title: string;
  /** Addresses of all nodes, the first of which founds the store. */
  readonly nodes: readonly string[];
  /** Who opens the storage of a node after a start. */
  readonly unseal: 'itself' | 'sidecar' | 'people';
  /** The Secret that takes what only the first start tells. */
  readonly keys: { readonly namespace: string; readonly secret: string };
  /** Whether requests are to be logged by a device that the API makes. */
  readonly audit: boolean;
  readonly audience: string;
  readonly administrator: string;
  readonly engines: readonly { readonly path: string; readonly type: string; readonly options?: object }[];
  /** Name → text. Others whose names begin with `hearth-` are removed. */
  readonly policies: Readonly<Record<string, string>>;
  /** Who signs in with the token of a service account: role → who, and the policy. */
  readonly roles: Readonly<
    Record<string, { readonly namespace: string; readonly serviceAccount: string; readonly policy: string }>
  >;
  readonly transit: Readonly<Record<string, string>>;
  readonly pki?: {
    readonly commonName: string;
    readonly rootTtl: string;
    readonly maxTtl: string;
    readonly domains: readonly string[];
    /** Address under which everyone gets the root certificate. */
    readonly url: string;
  };
  readonly databases?: {
    readonly host: string;
    readonly user: string;
    readonly names: readonly string[];
    readonly roles: Readonly<Record<string, DatabaseRole>>;
  };
}

export interface DatabaseRole {
  readonly database: string;
  readonly create: readonly string[];
  readonly revoke: readonly string[];
  readonly ttl: number;
  readonly maxTtl: number;
}

type Capability = 'create' | 'read' | 'update' | 'patch' | 'delete' | 'list' | 'sudo';
/** Path → what may be done there. */
type Rights = Readonly<Record<string, readonly Capability[]>>;

/** Name of the user with every right. */
export const administrator = 'admin';

/** https://openbao.org/docs/concepts/policies/ */
const policy = (rights: Rights): string =>
  Object.entries(rights)
    .map(([path, capabilities]) => `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`)
    .join('');

/** Reads secrets below a path of the engine `secret/`. @param paths may end in `/*` */
const reads = (paths: readonly string[]): Rights =>
  Object.fromEntries(
    paths.flatMap((path) => [
      [`secret/data/${path}`, ['read']],
      [`secret/metadata/${path}`, ['read', 'list']],
    ]),
  );

/** What a client was promised. */
function clientRights({ secrets, database, transit, pki }: StoreClient): Rights {
  const actions = ['encrypt', 'decrypt', 'rewrap', 'sign', 'verify', 'hmac'];
  return {
    ...reads(secrets),
    ...Object.fromEntries(database.map((role) => [`database/creds/${role}`, ['read']])),
    ...Object.fromEntries(transit.flatMap((key) => actions.flatMap((action) => [[`transit/${action}/${key}`, ['update']]]))),
    ...(pki ? { 'pki/issue/platform': ['update'], 'pki/sign/platform': ['update'] } : {}),
  };
}

/** Everything, for people. */
const administratorRights: Rights = {
  '*': ['create', 'read', 'update', 'patch', 'delete', 'list', 'sudo'],
};

/** Takes snapshots of the whole storage, which stay encrypted, and puts them back. */
const snapshotRights: Rights = {
  'sys/storage/raft/snapshot': ['read', 'update'],
  'sys/storage/raft/snapshot-force': ['update'],
};

/**
 * What the job needs in order to do its work again. It reads no secret; but whoever writes policies could give itself
 * more, so that its own key is worth as much as the administrator's password.
 */
const setupRights: Rights = {
  'sys/mounts': ['read'],
  'sys/mounts/*': ['create', 'read', 'update'],
  'sys/auth': ['read'],
  'sys/auth/*': ['create', 'read', 'update', 'sudo'],
  'sys/audit': ['read', 'sudo'],
  'sys/audit/*': ['create', 'update', 'sudo'],
  'sys/policies/acl': ['list'],
  'sys/policies/acl/*': ['create', 'read', 'update', 'delete'],
  'auth/approle/role/hearth-*': ['create', 'read', 'update', 'list'],
  'auth/kubernetes/config': ['create', 'read', 'update'],
  'auth/kubernetes/role/*': ['create', 'read', 'update'],
  'auth/userpass/users/*': ['create', 'update'],
  'transit/keys/*': ['create', 'read', 'update'],
  'pki/*': ['create', 'read', 'update', 'list'],
  'database/config/*': ['create', 'read', 'update'],
  'database/roles/*': ['create', 'read', 'update'],
};

/**
 * How a user of a database comes and goes. The role that makes it becomes its member, which PostgreSQL wants of whoever
 * ends its sessions and takes its things away; what it makes with all rights belongs to the owner of the database.
 * https://openbao.org/docs/secrets/databases/postgresql/
 * @param maker role that makes it
 */
export function databaseRole(
  maker: string,
  { database, rights, ttl, maxTtl }: NonNullable<StoreOptions['database']>['roles'][string],
): DatabaseRole {
  const user = '"{{name}}"';
  const make = `CREATE ROLE ${user} LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' ROLE "${maker}"`;
  const create =
    rights === 'all'
      ? [`${make} IN ROLE "${database}"`, `ALTER ROLE ${user} SET role = '${database}'`]
      : [
          make,
          `GRANT CONNECT ON DATABASE "${database}" TO ${user}`,
          `GRANT USAGE ON SCHEMA public TO ${user}`,
          `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user}`,
          `ALTER DEFAULT PRIVILEGES FOR ROLE "${database}" IN SCHEMA public GRANT SELECT ON TABLES TO ${user}`,
        ];
  return {
    database,
    create,
    revoke: [
      `ALTER ROLE ${user} NOLOGIN`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}'`,
      `REASSIGN OWNED BY ${user} TO "${database}"`,
      `DROP OWNED BY ${user}`,
      `DROP ROLE ${user}`,
    ],
    ttl: seconds(ttl),
    maxTtl: seconds(maxTtl),
  };
}

/** What is known of the store itself. */
export interface Described {
  readonly self: Component;
  /** Name of the Secret that takes what only the first start tells. */
  readonly keysSecret: string;
  readonly audience: string;
  /** Service account of each namespace that reads what belongs to its tier. */
  readonly reader: string;
  /** Where the credentials of a tier are. */
  pathOf(tier: string): string;
}

export interface DesiredStateProps {
  readonly program: Program;
  readonly options: StoreOptions;
  readonly addresses: readonly string[];
  readonly databases: DesiredState['databases'];
  /** Role → who signs in as it. */
  readonly clients: ReadonlyMap<string, StoreClient>;
}

/** Follows from the options, and from the namespaces of the platform, each of which reads what belongs to its tier. */
export function desiredState(store: Described, props: DesiredStateProps): DesiredState {
  const { program, options, addresses, databases, clients } = props;
  const { platform, tier } = store.self;
  const { unseal, transit } = options;
  const pki = certificates(store.self, options);
  const readers = platform.tiers.map(({ name, namespace }) => ({
    role: namespace,
    who: { namespace, serviceAccount: store.reader },
    rights: reads([`${store.pathOf(name)}/*`]),
  }));
  for (const { role } of readers.filter((reader) => clients.has(reader.role))) {
    store.self.refuse(['clients', role], 'is the role of a namespace of the platform; write another name');
  }
  const others = [...clients].map(([role, client]) => ({
    role,
    who: { namespace: client.namespace, serviceAccount: client.serviceAccount },
    rights: clientRights(client),
  }));
  const roles = [...readers, ...others];
  return {
    title: program.title,
    nodes: addresses,
    unseal: unseal === 'secret' ? 'sidecar' : unseal === 'shamir' ? 'people' : 'itself',
    keys: { namespace: tier.namespace, secret: store.keysSecret },
    audit: options.audit && !program.auditSettings,
    audience: store.audience,
    administrator,
    engines: [
      { path: 'secret', type: 'kv', options: { version: '2' } },
      ...(Object.keys(transit).length > 0 ? [{ path: 'transit', type: 'transit' }] : []),
      ...(pki ? [{ path: 'pki', type: 'pki' }] : []),
      ...(databases ? [{ path: 'database', type: 'database' }] : []),
    ],
    policies: {
      'hearth-administrator': policy(administratorRights),
      'hearth-setup': policy(setupRights),
      'hearth-snapshot': policy(snapshotRights),
      ...Object.fromEntries(roles.map(({ role, rights }) => [policyOf(role), policy(rights)])),
    },
    roles: Object.fromEntries(roles.map(({ role, who }) => [role, { ...who, policy: policyOf(role) }])),
    transit,
    pki,
    databases,
  };
}

const policyOf = (role: string) => `hearth-role-${role}`;

function certificates(store: Component, { pki }: StoreOptions): DesiredState['pki'] {
  if (!pki) return undefined;
  const { name, domain, network } = store.platform.config;
  return {
    commonName: pki.commonName ?? `${name} root`,
    rootTtl: `${seconds(pki.rootTtl)}s`,
    maxTtl: `${seconds(pki.maxTtl)}s`,
    domains: [
      domain,
      ...store.platform.tiers.flatMap(({ namespace }) => [`${namespace}.svc`, `${namespace}.svc.${network.clusterDomain}`]),
    ],
    url: `https://${hostOf(store, store.name)}/v1/pki`,
  };
}
