import * as YAML from 'yaml';
import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import type { Platform } from '../../../../lib/core/platform';
import type { DesiredState } from '../../../../lib/tiers/security/store/desired-state';
import { all, container, containersOf, envOf, find, findJob, objectsOf, podsOf } from '../../../support/objects';
import { manifestFile } from '../../../support/platforms';

type Name = 'openbao' | 'vault';
const names: Name[] = ['openbao', 'vault'];
const platform = (name: Name, options: object = {}, settings: object = {}, services: object = {}): Platform => {
  const own = { name: 'home', domain: 'home.arpa', cluster: 'k3s', ...settings };
  const text = YAML.stringify({ ...own, services: { traefik: {}, ...services, [name]: options } });
  return buildPlatform(parsePlatform(text, 'home.yaml'));
};
const high = { availability: 'high', cluster: 'kubernetes' };
const nodes = (of: Platform, name: Name) => find(objectsOf(of), 'StatefulSet', name).spec;

interface ServerConfig {
  disable_mlock?: boolean;
  storage: { raft: { path: string; retry_join?: { leader_api_addr: string; leader_tls_servername: string }[] } };
  listener: { tcp: { address: string; tls_disable?: boolean; telemetry?: Record<string, boolean> } }[];
  seal?: Record<string, Record<string, string>>[];
  audit?: object[];
  telemetry?: object;
}
const config = (of: Platform, name: string) =>
  JSON.parse(find(objectsOf(of), 'ConfigMap', name).data['server.json'] ?? '') as ServerConfig;
const state = (of: Platform, name: string) =>
  JSON.parse(find(objectsOf(of), 'ConfigMap', `${name}-setup`).data['state.json'] ?? '') as DesiredState;

const everything = {
  transit: { orders: 'aes256-gcm96' },
  pki: {},
  database: { roles: { shop: { database: 'shop', ttl: '10m' }, reader: { database: 'shop', rights: 'read' } } },
  clients: {
    shop: {
      namespace: 'shop',
      serviceAccount: 'web',
      pods: { app: 'web' },
      secrets: ['shop/*'],
      database: ['shop'],
      transit: ['orders'],
      pki: true,
    },
  },
};
const database = { 'mng-pg': {} };

test.each(names)('the whole file of %s', (name) => expect(manifestFile(platform(name), name)).toMatchSnapshot());

test('the whole file with every engine, where availability is high', () =>
  expect(manifestFile(platform('openbao', everything, high, { ...database, backup }), 'openbao')).toMatchSnapshot());
const backup = { target: { endpoint: 'https://s3.my-company.org', bucket: 'backups' } };

test('three nodes find each other by name, over TLS with the one certificate', () => {
  const of = platform('openbao', {}, high);
  expect(nodes(of, 'openbao')).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
  const { retry_join: join = [] } = config(of, 'openbao').storage.raft;
  expect(join.map(({ leader_api_addr: address }) => address)).toEqual(
    [0, 1, 2].map((node) => `https://openbao-${node}.openbao-peers.home-security.svc.cluster.local:8200`),
  );
  const tls = of.graph.credentials.find(({ name }) => name === 'openbao-tls');
  expect(tls?.keys['ca.crt']).toEqual({
    kind: 'self-signed-certificate',
    of: 'tls.key',
    hosts: [
      'openbao.home-security.svc',
      'openbao.home-security.svc.cluster.local',
      '*.openbao-peers.home-security.svc.cluster.local',
      'localhost',
    ],
  });
  expect(config(platform('openbao'), 'openbao').storage.raft.retry_join).toBeUndefined();
});

test('OpenBao opens its storage with a static key of 32 bytes, which is never made anew beside the data', () => {
  const of = platform('openbao');
  expect(config(of, 'openbao').seal).toEqual([
    { static: { current_key_id: 'hearth-1', current_key: 'file:///etc/store/unseal/unseal.key' } },
  ]);
  const key = of.graph.credentials.find(({ name }) => name === 'openbao-unseal');
  expect(key?.keys).toEqual({ 'unseal.key': { kind: 'hexadecimal', length: 64 } });
  expect(key?.storedIn?.name).toBe('data');
  expect(containersOf(nodes(of, 'openbao').template).map(({ name }) => name)).not.toContain('unseal');
});

test('Vault knows no such seal: a container beside it opens it, with keys that are never arguments', () => {
  const of = platform('vault');
  expect(config(of, 'vault')).toMatchObject({ disable_mlock: true });
  expect(config(of, 'vault').seal).toBeUndefined();
  const sidecar = container(nodes(of, 'vault').template, 'unseal');
  expect(sidecar.command.join(' ')).toContain('vault write -format=json sys/unseal key=-');
  expect(envOf(sidecar)).toMatchObject({ VAULT_ADDR: 'https://localhost:8200' });
  expect(JSON.stringify(nodes(of, 'vault').template.spec.volumes)).toContain('"optional":true');
});

test('with shamir nobody but people opens it, and no key of it is mounted', () => {
  for (const name of names) {
    const of = platform(name, { unseal: 'shamir' });
    expect(config(of, name).seal).toBeUndefined();
    expect(containersOf(nodes(of, name).template).map(({ name: one }) => one)).toEqual(['check-data-version', name]);
    expect(state(of, name).unseal).toBe('people');
    expect(of.graph.exceptions.map(({ what }) => what)).not.toContain('key of its storage in a Secret');
  }
});

test('another store may open it: its token is yours, and the way there is open', () => {
  const transit = { address: 'https://vault.my-company.org:8200', key: 'unseal' };
  const of = platform('vault', { unseal: { transit } });
  expect(config(of, 'vault').seal).toEqual([
    { transit: { address: transit.address, key_name: 'unseal', mount_path: 'transit/' } },
  ]);
  expect(envOf(container(nodes(of, 'vault').template, 'vault'))).toMatchObject({
    VAULT_TOKEN: 'vault-unseal/token',
  });
  expect(JSON.stringify(find(objectsOf(of), 'NetworkPolicy', 'vault').spec.egress)).toContain('0.0.0.0/0');
  expect(() => platform('vault', { unseal: { transit: { address: 'vault:8200', key: 'unseal' } } })).toThrow(
    'write for example https://vault.my-company.org:8200',
  );
});

test('metrics without a token: OpenBao on a port of their own, Vault on that of the API; never through the gateway', () => {
  const { listener } = config(platform('openbao'), 'openbao');
  expect(listener.map(({ tcp }) => tcp)).toMatchObject([
    { address: '0.0.0.0:8200', telemetry: { disallow_metrics: true } },
    { address: '0.0.0.0:8202', tls_disable: true, telemetry: { metrics_only: true } },
  ]);
  const annotations = (name: Name, options = {}) => nodes(platform(name, options), name).template.metadata.annotations;
  expect(annotations('openbao')).toMatchObject({ 'prometheus.io/port': '8202' });
  expect(annotations('openbao')).not.toHaveProperty('prometheus.io/scheme');
  expect(annotations('vault')).toMatchObject({ 'prometheus.io/port': '8200', 'prometheus.io/scheme': 'https' });
  for (const name of names) {
    expect(annotations(name, { metrics: false })).not.toHaveProperty('prometheus.io/scrape');
    expect(JSON.stringify(config(platform(name, { metrics: false }), name))).not.toContain('metrics');
    const route = all(objectsOf(platform(name)), 'IngressRoute').find(({ metadata }) => metadata.name === name);
    const [rule] = route?.spec.routes ?? [];
    expect(rule?.match).toContain('!PathPrefix(`/v1/sys/metrics`)');
    expect(rule?.match).toContain('!PathPrefix(`/v1/sys/generate-root`)');
  }
});

test('requests are logged by the configuration of OpenBao, and by the job at Vault', () => {
  expect(config(platform('openbao'), 'openbao').audit).toEqual([
    { file: { stdout: { description: 'every request', options: { file_path: 'stdout' } } } },
  ]);
  expect(state(platform('openbao'), 'openbao').audit).toBe(false);
  expect(state(platform('vault'), 'vault').audit).toBe(true);
  for (const name of names) {
    const without = platform(name, { audit: false });
    expect([config(without, name).audit, state(without, name).audit]).toEqual([undefined, false]);
  }
});

test('the gateway speaks TLS to it, and trusts nothing but its certificate', () => {
  const made = objectsOf(platform('openbao'));
  const route = all(made, 'IngressRoute').find(({ metadata }) => metadata.name === 'openbao');
  expect(route?.spec.routes[0]?.services).toEqual([
    { name: 'openbao', port: 'api', scheme: 'https', serversTransport: 'openbao' },
  ]);
  expect(find(made, 'ServersTransport', 'openbao').spec).toMatchObject({
    serverName: 'openbao.home-security.svc',
    rootCAs: [{ secret: 'openbao-tls-ca.crt' }],
  });
});

test('the job may fill the one Secret that is made for it, and has no other right', () => {
  const made = objectsOf(platform('vault'));
  const secret = made.filter(({ kind }) => kind === 'Secret');
  expect(secret.map(({ metadata }) => metadata.name)).toEqual(['vault-keys']);
  expect(secret[0]).not.toHaveProperty('data');
  const roles = all(made, 'Role').filter(({ metadata }) => metadata.name.includes('vault'));
  expect(roles.map(({ rules }) => rules)).toEqual(
    ['refresh', 'setup'].map(() => [
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['vault-keys'], verbs: ['get', 'patch'] },
    ]),
  );
});

test('no secret is in what the job reads, and none on a command line', () => {
  const of = platform('vault', everything, high, { ...database, backup });
  const job = container(findJob(objectsOf(of), 'vault-setup').spec.template, 'vault');
  expect(envOf(job)).toMatchObject({ SETUP_SECRET_ID: 'vault-setup/secretId', ADMIN_PASSWORD: 'vault/password' });
  for (const { template } of podsOf(objectsOf(of)).filter(({ owner }) => owner.includes('vault'))) {
    for (const { command = [], args = [] } of containersOf(template) as { command?: string[]; args?: string[] }[]) {
      expect([...command, ...args].join(' ')).not.toMatch(/secretId|password/i);
    }
  }
});

test('each namespace of the platform has a service account that reads what belongs to its tier, and nothing else', () => {
  const of = platform('openbao', {}, {}, database);
  const { roles, policies } = state(of, 'openbao');
  expect(roles['home-data']).toEqual({
    namespace: 'home-data',
    serviceAccount: 'openbao-reader',
    policy: 'hearth-role-home-data',
  });
  expect(policies['hearth-role-home-data']).toBe(
    'path "secret/data/home/data/*" { capabilities = ["read"] }\n' +
      'path "secret/metadata/home/data/*" { capabilities = ["read","list"] }\n',
  );
  const readers = all(objectsOf(of), 'ServiceAccount').filter(({ metadata }) => metadata.name === 'openbao-reader');
  expect(readers.map(({ metadata }) => metadata.namespace).sort()).toEqual(['home-data', 'home-gateway', 'home-security']);
});

test('a client may do what it was promised, from where it is', () => {
  const of = platform('openbao', everything, {}, database);
  const { policies, roles } = state(of, 'openbao');
  expect(roles.shop).toMatchObject({ namespace: 'shop', serviceAccount: 'web' });
  expect(policies['hearth-role-shop']?.match(/path "[^"]*"/g)).toEqual([
    'path "secret/data/shop/*"',
    'path "secret/metadata/shop/*"',
    'path "database/creds/shop"',
    ...['encrypt', 'decrypt', 'rewrap', 'sign', 'verify', 'hmac'].map((action) => `path "transit/${action}/orders"`),
    'path "pki/issue/platform"',
    'path "pki/sign/platform"',
  ]);
  const ingress = (platform: Platform) => find(objectsOf(platform), 'NetworkPolicy', 'openbao').spec.ingress;
  expect(ingress(of)).toContainEqual({
    from: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
        podSelector: { matchLabels: { app: 'web' } },
      },
    ],
    ports: [{ port: 8200, protocol: 'TCP' }],
  });
  expect(JSON.stringify(ingress(platform('openbao')))).not.toContain('shop');
});

test('a client without a service account has the way in and no role, also from a namespace of the platform', () => {
  const of = platform('openbao', {
    clients: { a: { namespace: 'b', ports: ['api'] }, c_d: { namespace: 'home-apps' } },
  });
  const { roles, policies } = state(of, 'openbao');
  for (const role of ['a', 'c_d']) expect(roles).not.toHaveProperty(role);
  expect(Object.keys(policies)).not.toContain('hearth-role-a');
  const from = (name: string) =>
    find(objectsOf(of), 'NetworkPolicy', 'openbao').spec.ingress.flatMap((rule) =>
      JSON.stringify(rule).includes(`"${name}"`) ? (rule.ports ?? []).map(({ port }) => port) : [],
    );
  expect([from('b'), from('home-apps')]).toEqual([[8200], [8200]]);
});

test('the job itself may read no secret', () => {
  const { policies } = state(platform('openbao', everything, {}, database), 'openbao');
  expect(policies['hearth-setup']).not.toMatch(/"secret\/|"\*"|creds|decrypt/);
  expect(policies['hearth-snapshot']?.match(/path "[^"]*"/g)).toEqual([
    'path "sys/storage/raft/snapshot"',
    'path "sys/storage/raft/snapshot-force"',
  ]);
});

test('users of databases are made by a role that may give those databases away', () => {
  const of = platform('openbao', everything, {}, database);
  const { databases } = state(of, 'openbao');
  expect(databases).toMatchObject({ host: 'mng-pg.home-data.svc:5432', user: 'openbao', names: ['shop'] });
  expect(databases?.roles.shop).toMatchObject({ database: 'shop', ttl: 600, maxTtl: 86_400 });
  const sql = find(objectsOf(of), 'ConfigMap', 'mng-pg-databases').data['databases.sql'] ?? '';
  expect(sql).toContain('ALTER ROLE "openbao" WITH LOGIN CREATEROLE PASSWORD');
  expect(sql).toContain('GRANT "shop" TO "openbao" WITH ADMIN OPTION;');
  expect(sql.indexOf('CREATE ROLE "shop"')).toBeLessThan(sql.indexOf('GRANT "shop" TO "openbao"'));
  const job = container(findJob(objectsOf(of), 'openbao-databases').spec.template, 'openbao');
  expect(envOf(job)).toMatchObject({ DATABASE_PASSWORD: 'mng-pg-openbao/password' });
  expect(JSON.stringify(find(objectsOf(of), 'NetworkPolicy', 'openbao').spec.egress)).toContain('"mng-pg"');
});

test('the server is the one that is named, the provider of databases, or the only one', () => {
  const wanted = (options: object, settings: object, services: object) => () =>
    state(platform('openbao', { database: { roles: {}, ...options } }, settings, services), 'openbao').databases?.host;
  const two = { 'mng-pg': {}, postgis: {} };
  expect(wanted({}, {}, database)()).toContain('mng-pg.');
  expect(wanted({ server: 'postgis' }, {}, two)()).toContain('postgis.');
  expect(wanted({}, { providers: { sql: 'postgis' } }, two)()).toContain('postgis.');
  const used = (settings: object) =>
    state(platform('openbao', { database: { roles: {} }, uses: { sql: 'postgis' } }, settings, two), 'openbao');
  expect(used({}).databases?.host).toContain('postgis.');
  expect(used({ providers: { sql: 'mng-pg' } }).databases?.host).toContain('postgis.');
  expect(wanted({}, {}, two)).toThrow(
    'services.openbao.database.server: is missing, as there are several; write one of mng-pg, postgis',
  );
  expect(wanted({}, {}, {})).toThrow('needs a service that runs PostgreSQL; add "mng-pg: {}" under services');
  expect(wanted({ server: 'minio' }, {}, database)).toThrow('minio runs no PostgreSQL here; write mng-pg');
});

test('a second store has everything under a name of its own', () => {
  const of = platform('openbao', {}, {}, { ...database, lab: { component: 'openbao', ...everything } });
  const made = objectsOf(of);
  for (const kind of ['StatefulSet', 'Job'] as const) {
    const names = all(made, kind).map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.startsWith('openbao'))).not.toEqual([]);
    expect(names.filter((name) => name.startsWith('lab'))).not.toEqual([]);
  }
  expect(JSON.stringify(config(of, 'lab'))).not.toContain('openbao');
  expect(state(of, 'lab')).toMatchObject({
    nodes: ['https://lab-0.lab-peers.home-security.svc.cluster.local:8200'],
    keys: { secret: 'lab-keys' },
    audience: 'lab',
    databases: { user: 'lab' },
  });
  const route = all(made, 'IngressRoute').find(({ metadata }) => metadata.name === 'lab');
  expect(route?.spec.routes[0]?.match).toContain('Host(`lab.home.arpa`)');
  expect(of.graph.credentials.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['lab', 'lab-tls', 'lab-unseal', 'lab-setup', 'lab-snapshot', 'mng-pg-lab']),
  );
});

test('what cannot be is refused with its path, and what to write instead', () => {
  const wrong =
    (options: object, name: Name = 'openbao') =>
    () =>
      platform(name, options, {}, database);
  const client = { namespace: 'shop', serviceAccount: 'shop' };
  expect(wrong({ unseal: 'secret' })).toThrow('unseal: "secret" is not possible here; write static, shamir, or');
  expect(wrong({ unseal: 'static' }, 'vault')).toThrow('"static" is not possible here; write secret, shamir, or');
  expect(wrong({ unseal: { transit: {} } })).toThrow('unseal');
  expect(wrong({ clients: { shop: { ...client, transit: ['orders'] } } })).toThrow(
    'services.openbao.clients.shop.transit.0: orders is not declared; add it under transit',
  );
  expect(wrong({ clients: { shop: { ...client, database: ['a'] } }, database: { roles: { b: { database: 'b' } } } })).toThrow(
    'clients.shop.database.0: a is not declared; write one of b, or add it under database.roles',
  );
  expect(wrong({ clients: { shop: { ...client, pki: true } } })).toThrow('needs the engine; add "pki: {}"');
  expect(wrong({ clients: { 'home-data': client } })).toThrow(
    'services.openbao.clients.home-data: is the role of a namespace of the platform; write another name',
  );
  expect(wrong({ clients: { shop: { namespace: 'shop', secrets: ['a'] } } })).toThrow(
    'clients.shop: gets something, and has nobody to sign in; write serviceAccount: with that of its pods, for example shop',
  );
  expect(wrong({ clients: { Shop: client } })).toThrow('must be the name of a role: lower-case letters');
  expect(wrong({ clients: { shop: { ...client, secrets: ['../a'] } } })).toThrow('write for example shop/*');
  expect(wrong({ database: { roles: { a: { database: 'a', ttl: '2d' } } } })).toThrow(
    'database.roles.a.ttl: 2d is more than maxTtl, 24h; write at most 24h',
  );
  expect(wrong({ database: { roles: { a: { database: 'a-b' } } } })).toThrow('must not hold a dash');
  expect(wrong({ transit: { orders: 'aes' } })).toThrow('"aes" is no type of keys; write one of aes128-gcm96');
  expect(wrong({ replicas: 2 })).toThrow('must be 1, or 3 and more in steps of two');
});

test('a backup is a snapshot of the storage; whoever holds every earlier key may restore one of another storage', () => {
  const load = (name: Name) => {
    const cron = all(objectsOf(platform(name, {}, {}, { backup })), 'CronJob');
    const restore = cron.find(({ metadata }) => metadata.name === `${name}-restore`)?.spec.jobTemplate.spec.template;
    if (!restore) throw new Error('no restore');
    return container(restore, 'load');
  };
  expect(load('vault').command.slice(0, 4)).toEqual(['node', '/etc/store-snapshot/snapshot.mjs', 'load', '/backup']);
  expect(envOf(load('vault'))).toMatchObject({ SECRET_ID: 'vault-snapshot/secretId', EARLIER_KEYS: 'vault-keys' });
  expect(envOf(load('openbao'))).not.toHaveProperty('EARLIER_KEYS');
});
