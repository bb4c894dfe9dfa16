import * as YAML from 'yaml';
import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import type { Platform } from '../../../../lib/core/platform';
import type { RealmFile } from '../../../../lib/tiers/auth/keycloak/representation';
import { all, container, containersOf, envOf, find, findJob, objectsOf } from '../../../support/objects';
import { manifestFile, problems } from '../../../support/platforms';

const platform = (options: object = {}, settings: object = {}, services: object = {}): Platform => {
  const own = { name: 'home', domain: 'home.arpa', cluster: 'k3s', ...settings };
  const text = YAML.stringify({ ...own, services: { traefik: {}, 'mng-pg': {}, keycloak: options, ...services } });
  return buildPlatform(parsePlatform(text, 'home.yaml'));
};
const high = { availability: 'high', cluster: 'kubernetes' };
const signIn = { 'mng-valkey': {}, 'oauth2-proxy': {} };
const server = (of: Platform) => find(objectsOf(of), 'Deployment', 'keycloak');
const serverEnv = (of: Platform) => envOf(container(server(of).spec.template, 'keycloak'));
const realmOf = (of: Platform) =>
  JSON.parse(find(objectsOf(of), 'ConfigMap', 'keycloak-realm').data['realm.json'] ?? '') as RealmFile;
const jobEnv = (of: Platform) => envOf(container(findJob(objectsOf(of), 'keycloak-realm').spec.template, 'keycloak'));
const egress = (of: Platform) => JSON.stringify(find(objectsOf(of), 'NetworkPolicy', 'keycloak').spec.egress);
const credential = (of: Platform, name: string) => {
  const found = of.graph.credentials.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no credential ${name}`);
  return found;
};

const ldap = {
  url: 'ldaps://ldap.example.org',
  usersDn: 'ou=people,dc=example,dc=org',
  bindDn: 'cn=reader,dc=example,dc=org',
};

test('the whole file, of one pod', () => expect(manifestFile(platform(), 'keycloak')).toMatchSnapshot());

test('where availability is high two pods share their caches, by addresses of their own', () => {
  const two = platform({}, high);
  expect(server(two).spec.replicas).toBe(2);
  expect(serverEnv(two)).toMatchObject({ KC_CACHE: 'ispn', KC_CACHE_STACK: 'jdbc-ping' });
  const { env } = container(server(two).spec.template, 'keycloak');
  expect(env).toContainEqual({
    name: 'KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS',
    valueFrom: { fieldRef: { fieldPath: 'status.podIP' } },
  });
  const { spec } = find(objectsOf(two), 'NetworkPolicy', 'keycloak');
  const self = { matchLabels: { 'app.kubernetes.io/instance': 'keycloak', 'app.kubernetes.io/name': 'keycloak' } };
  const ports = [
    { port: 7800, protocol: 'TCP' },
    { port: 57800, protocol: 'TCP' },
  ];
  expect(spec.ingress).toContainEqual({ from: [{ podSelector: self }], ports });
  expect(spec.egress).toContainEqual({ to: [{ podSelector: self }], ports });
  expect(find(objectsOf(two), 'Service', 'keycloak').spec.ports.map(({ port }) => port)).toEqual([8080]);
  expect(serverEnv(platform()).KC_CACHE).toBe('local');
  expect(egress(platform())).not.toContain('7800');
});

test('it is built for its options in a volume before it starts, and starts only as it was built', () => {
  const { template } = server(platform()).spec;
  expect(containersOf(template).map(({ name }) => name)).toEqual(['wait-for-mng-pg', 'copy-build', 'build', 'keycloak']);
  const [build, main] = [container(template, 'build'), container(template, 'keycloak')];
  expect(main.command).toEqual(['/opt/keycloak/bin/kc.sh', 'start', '--optimized']);
  const options = ['KC_DB', 'KC_HEALTH_ENABLED', 'KC_METRICS_ENABLED', 'KC_EVENT_METRICS_USER_ENABLED'];
  for (const name of options) expect([name, envOf(build)[name]]).toEqual([name, envOf(main)[name]]);
  expect(Object.keys(envOf(build)).filter((name) => name.startsWith('KC_'))).toEqual(options);
  const built = (of: typeof main) => of.volumeMounts.find(({ mountPath }) => mountPath === '/opt/keycloak/lib/quarkus');
  expect(built(build)).toEqual(built(main));
});

test('browsers know it by its public name, and programs inside the cluster by that of its Service', () => {
  const of = platform({ realm: 'people' }, {}, signIn);
  expect(serverEnv(of)).toMatchObject({
    KC_HOSTNAME: 'https://keycloak.home.arpa',
    KC_HOSTNAME_BACKCHANNEL_DYNAMIC: 'true',
    KC_PROXY_HEADERS: 'xforwarded',
  });
  const { args } = container(find(objectsOf(of), 'Deployment', 'oauth2-proxy').spec.template, 'oauth2-proxy');
  expect(args).toEqual(
    expect.arrayContaining([
      '--oidc-issuer-url=https://keycloak.home.arpa/realms/people',
      '--redeem-url=http://keycloak.home-auth.svc:8080/realms/people/protocol/openid-connect/token',
    ]),
  );
});

test('administrators come in from outside, unless the platform file says no', () => {
  const rules = (of: Platform) => find(objectsOf(of), 'IngressRoute', 'keycloak').spec.routes;
  expect(rules(platform())[0]?.match).toBe('Host(`keycloak.home.arpa`)');
  const closed = platform({ adminConsole: false });
  expect(rules(closed)[0]?.match).toBe('(Host(`keycloak.home.arpa`)) && !PathPrefix(`/admin`)');
  expect(serverEnv(closed).KC_HOSTNAME_ADMIN).toBe('http://localhost:8080');
  expect(serverEnv(platform())).not.toHaveProperty('KC_HOSTNAME_ADMIN');
});

test('what other components declare and what the platform file says become clients of the realm', () => {
  const of = platform(
    {
      clients: {
        grafana: { title: 'Grafana', hosts: ['grafana.example.org'] },
        app: { redirectUris: ['https://app.example.org/back'], public: true },
        old: { hosts: ['old.example.org'], pkce: false },
      },
    },
    {},
    signIn,
  );
  const found = (id: string) => realmOf(of).clients.find(({ clientId }) => clientId === id);
  expect(realmOf(of).clients.map(({ clientId }) => clientId)).toEqual(['oauth2-proxy', 'grafana', 'app', 'old']);
  expect(found('oauth2-proxy')).toMatchObject({
    publicClient: false,
    standardFlowEnabled: true,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    redirectUris: ['https://auth.home.arpa/oauth2/callback'],
    secret: { fromEnvironment: 'CLIENT_SECRET_OAUTH2_PROXY' },
    attributes: { 'pkce.code.challenge.method': 'S256', 'made-by': 'hearth' },
  });
  expect(found('oauth2-proxy')?.protocolMappers[0]?.config['included.client.audience']).toBe('oauth2-proxy');
  expect(found('grafana')).toMatchObject({
    name: 'Grafana',
    redirectUris: ['https://grafana.example.org/*'],
    attributes: { 'post.logout.redirect.uris': 'https://grafana.example.org/*' },
  });
  expect(found('app')).toMatchObject({ publicClient: true, webOrigins: ['+'] });
  expect(found('app')).not.toHaveProperty('secret');
  expect(found('old')?.attributes['pkce.code.challenge.method']).toBe('');
  expect(jobEnv(of)).toMatchObject({
    CLIENT_SECRET_OAUTH2_PROXY: 'keycloak-oauth2-proxy/clientSecret',
    CLIENT_SECRET_GRAFANA: 'keycloak-grafana/clientSecret',
  });
  expect(jobEnv(of)).not.toHaveProperty('CLIENT_SECRET_APP');
});

test('every secret that the realm file refers to is in the environment of the job, and none in the file', () => {
  const of = platform({
    users: { 'alice.b': { email: 'a@example.org' }, 'alice-b': { email: 'b@example.org' } },
    clients: { grafana: { hosts: ['grafana.example.org'] } },
    brokers: ['google', 'naver', 'kakao'],
    federation: { ldap },
  });
  const text = find(objectsOf(of), 'ConfigMap', 'keycloak-realm').data['realm.json'] ?? '';
  const names = [...text.matchAll(/"fromEnvironment": "(\w+)"/g)].map(([, name]) => name ?? '');
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(2 + 1 + 6 + 1);
  const env = jobEnv(of);
  for (const name of names) expect(env[name]).toMatch(/^keycloak-[a-z.-]+\/[a-zA-Z]+$/);
  const used = names.map((name) => env[name]);
  expect(new Set(used).size).toBe(used.length);
});

test('groups are made with those above them, in which people and routes can be', () => {
  const of = platform({ groups: ['admins', 'teams/maps'], users: { ada: { email: 'a@b.org', groups: ['teams'] } } });
  expect(realmOf(of).groups).toEqual(['/admins', '/teams', '/teams/maps']);
  expect(realmOf(of).users).toEqual([
    { username: 'ada', email: 'a@b.org', groups: ['/teams'], password: { fromEnvironment: 'PASSWORD_ADA' } },
  ]);
  const chosen = of.graph.credentials.find(({ name }) => name === 'keycloak-user-ada');
  expect(chosen?.rotation).toBeUndefined();
  expect(chosen?.notRotated).toContain('administrator');
  expect(realmOf(of).clientScopes[0]?.protocolMappers[0]?.config).toMatchObject({
    'claim.name': 'groups',
    'full.path': 'true',
  });
});

test('strangers get no account, unless the platform file says so', () => {
  const brokers = ['google'];
  const closed = realmOf(platform({ brokers }));
  expect(closed.settings.registrationAllowed).toBe(false);
  expect(closed.identityProviders[0]?.firstBrokerLoginFlowAlias).toBe(closed.linkingFlow);
  const open = realmOf(platform({ brokers, registration: true }));
  expect(open.settings.registrationAllowed).toBe(true);
  expect(open.identityProviders[0]?.firstBrokerLoginFlowAlias).toBe('first broker login');
});

test('brokers and directories are what it reaches outside, and nothing without them', () => {
  expect(egress(platform())).not.toContain('0.0.0.0/0');
  const brokers = egress(platform({ brokers: ['kakao'] }));
  expect(brokers).toContain('"port":443');
  expect(brokers).toContain('"10.0.0.0/8"');
  const directory = egress(platform({ federation: { ldap } }));
  expect(directory).toContain('"port":636');
  expect(directory).not.toContain('except');
  expect(egress(platform({ federation: { ldap: { ...ldap, url: 'ldap://10.0.0.5:1389' } } }))).toContain('"port":1389');
});

test('a directory is only read, by what its vendor calls things', () => {
  const config = (options: object) => {
    const [federation] = realmOf(platform({ federation: { ldap: { ...ldap, ...options } } })).federations;
    return { ...federation?.config, ...federation?.mappers[0]?.config };
  };
  expect(config({ groupsDn: 'ou=groups,dc=example,dc=org' })).toMatchObject({
    editMode: ['READ_ONLY'],
    usernameLDAPAttribute: ['uid'],
    'group.object.classes': ['groupOfNames'],
    mode: ['READ_ONLY'],
  });
  expect(config({ vendor: 'ad', groupsDn: 'ou=groups,dc=example,dc=org' })).toMatchObject({
    usernameLDAPAttribute: ['sAMAccountName'],
    uuidLDAPAttribute: ['objectGUID'],
    'group.object.classes': ['group'],
  });
  const ca = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
  const trusting = platform({ federation: { ldap: { ...ldap, ca } } });
  expect(serverEnv(trusting).KC_TRUSTSTORE_PATHS).toBe('/etc/keycloak/truststore');
  expect(find(objectsOf(trusting), 'ConfigMap', 'keycloak-truststore').data).toEqual({ 'ldap.pem': ca });
});

test('values of yours are asked for; secrets of Keycloak change by the job, that of the job itself in the running pod', () => {
  const of = platform({ brokers: ['naver'], federation: { ldap } });
  expect(credential(of, 'keycloak-broker-naver').keys).toEqual({
    clientId: { kind: 'supplied', what: 'client id that Naver gave you' },
    clientSecret: { kind: 'supplied', what: 'client secret that Naver gave you' },
  });
  expect(credential(of, 'keycloak-federation-ldap').keys.password?.kind).toBe('supplied');
  for (const name of ['keycloak-broker-naver', 'keycloak-federation-ldap', 'keycloak-admin']) {
    const { rotation } = credential(of, name);
    expect(rotation?.by === 'job' && rotation.job().name).toBe('keycloak-realm');
  }
  const { rotation } = credential(of, 'keycloak-setup');
  if (rotation?.by !== 'command') throw new Error('rotated in another way');
  expect(rotation.in().name).toBe('keycloak');
  expect(rotation.input({ clientSecret: 'new' })).toBe('new\n');
});

test('no password is on a command line', () => {
  for (const { args = [], command = [] } of containersOf(server(platform()).spec.template) as {
    args?: string[];
    command?: string[];
  }[])
    expect([...command, ...args].join(' ')).not.toMatch(/password|secret/i);
});

test.each([
  [{ clients: { grafana: {} } }, 'services.keycloak.clients.grafana', 'hosts: [grafana.example.org]'],
  [{ clients: { grafana: { hosts: ['https://g.example.org'] } } }, 'clients.grafana.hosts.0', 'without https://'],
  [{ clients: { grafana: { redirectUris: ['https://*.example.org/'] } } }, 'redirectUris.0', 'a * at most at its end'],
  [{ clients: { app: { hosts: ['a.example.org'], public: true, pkce: false } } }, 'clients.app.pkce', 'leave pkce out'],
  [{ clients: { account: { hosts: ['a.example.org'] } } }, 'clients.account', 'a name of Keycloak’s own'],
  [{ users: { ada: { email: 'ada' } } }, 'users.ada.email', 'must be an e-mail address'],
  [{ users: { ada: { email: 'a@b.org', groups: ['admin'] } } }, 'users.ada.groups.0', 'add it to groups'],
  [{ groups: ['/admins'] }, 'groups.0', 'begin with no slash'],
  [{ realm: 'master' }, 'realm', 'Keycloak’s own administrators'],
  [{ brokers: ['facebook'] }, 'brokers.0', 'must be one of google, naver, kakao'],
  [{ federation: { ldap: { ...ldap, url: 'ldap.example.org' } } }, 'federation.ldap.url', 'write for example ldaps://'],
])('%j is refused with its path and the mend', (options, path, mend) => {
  const mistake = () => platform(options);
  expect(mistake).toThrow(path);
  expect(mistake).toThrow(mend);
});

test('a client that a component declares already is refused in the platform file', () => {
  expect(() => platform({ clients: { 'oauth2-proxy': { hosts: ['a.example.org'] } } }, {}, signIn)).toThrow(
    'services.keycloak.clients.oauth2-proxy: is the client of oauth2-proxy already; write another name',
  );
});

test('no service is a client of a name that Keycloak or the realm job has for something else', () => {
  const named = (name: string) => problems(() => platform({}, {}, { 'mng-valkey': {}, [name]: { component: 'oauth2-proxy' } }));
  expect(named('gate')).toBeUndefined();
  expect(named('account')).toContain('services.account: asks for the client account, a name of Keycloak’s own');
});

test('a second one has everything under a name of its own', () => {
  const people = { component: 'keycloak', brokers: ['google'], users: { ada: { email: 'a@example.org' } } };
  const gate = { component: 'oauth2-proxy', uses: { identity: 'people' } };
  const of = platform({}, { providers: { identity: 'keycloak' } }, { 'mng-valkey': {}, people, gate });
  expect(serverEnv(of).KC_HOSTNAME).toBe('https://keycloak.home.arpa');
  const { template } = find(objectsOf(of), 'Deployment', 'people').spec;
  expect(envOf(container(template, 'people'))).toMatchObject({
    KC_HOSTNAME: 'https://people.home.arpa',
    KC_DB_URL: 'jdbc:postgresql://mng-pg.home-data.svc:5432/people',
  });
  const names = of.graph.credentials.filter(({ owner }) => owner.name === 'people').map(({ name }) => name);
  const parts = ['setup', 'gate', 'user-ada', 'broker-google', 'admin'];
  expect(names).toEqual(parts.map((part) => `people-${part}`));
  const { data } = find(objectsOf(of), 'ConfigMap', 'people-realm');
  expect(data['realm.json']).toContain('https://gate-auth.home.arpa/oauth2/callback');
  expect(data['realm-job.mjs']).toContain('by the secret of the Secret people-setup');
  expect(data['realm-job.mjs']).not.toContain('keycloak-setup');
});

test('nothing but its route, its Service and its job belongs to it', () => {
  const kinds = objectsOf(platform()).filter(({ metadata }) => metadata.namespace === 'home-auth');
  expect(all(kinds, 'PersistentVolumeClaim')).toEqual([]);
  expect(all(kinds, 'ServiceAccount')).toEqual([]);
});
