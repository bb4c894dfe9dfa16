import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as YAML from 'yaml';
import type { Platform } from '../../lib/core/platform';
import { commandOf, environmentOf } from '../api/support/container';
import { objectsOf, platformOf } from '../api/support/platforms';
import { findProgram, postgresFolders, run, suiteWith, type Result } from '../api/support/programs';
import { container, find, findJob } from '../support/objects';
import type { Container, PodTemplate } from '../support/kubernetes';
import { BrowserSignIn } from './support/browser-sign-in';
import { java, keycloakHome, KeycloakServer } from './support/keycloak-server';
import { LdapServer, slapd } from './support/ldap-server';
import { PostgresServer } from './support/postgres-server';

const suite = suiteWith('test/config/keycloak', {
  'Keycloak 26.7 in /opt/keycloak, or in $KEYCLOAK_HOME': keycloakHome,
  'Java 17 or newer, below it in jdk/ or on PATH': java,
  'slapd (Debian: slapd)': slapd,
  'postgres, initdb and psql (Debian: postgresql-17)': findProgram('postgres', postgresFolders()),
});

const publicUrl = 'https://keycloak.home.arpa';
const redirectUri = 'https://auth.home.arpa/oauth2/callback';
const reader = 'cn=reader,dc=example,dc=org';
/** @param directory where people come from */
const everything = ({ url, certificate: ca }: LdapServer) => ({
  groups: ['admins', 'teams/maps', 'climbers'],
  roles: ['auditor'],
  users: { alice: { email: 'alice@example.org', groups: ['admins'] } },
  clients: {
    grafana: { hosts: ['grafana.example.org'] },
    app: { redirectUris: ['https://app.example.org/back'], public: true },
  },
  brokers: ['google', 'naver', 'kakao'],
  federation: {
    ldap: {
      url,
      ca,
      usersDn: 'ou=people,dc=example,dc=org',
      bindDn: reader,
      groupsDn: 'ou=groups,dc=example,dc=org',
      filter: '(employeeType=staff)',
    },
  },
});

/** Two people in one group of the directory, of whom only the first one is of the staff. */
const person = (name: string, employeeType: string) => ({
  [`uid=${name.toLowerCase()},ou=people,dc=example,dc=org`]: {
    objectClass: 'inetOrgPerson',
    ...{
      cn: `${name} Climber`,
      sn: 'Climber',
      givenName: name,
      mail: `${name.toLowerCase()}@example.org`,
      employeeType,
    },
    userPassword: `Directory-password-of-${name}`,
  },
});
const entries = {
  'ou=people,dc=example,dc=org': { objectClass: 'organizationalUnit' },
  'ou=groups,dc=example,dc=org': { objectClass: 'organizationalUnit' },
  ...person('Carol', 'staff'),
  ...person('Dave', 'guest'),
  'cn=climbers,ou=groups,dc=example,dc=org': {
    objectClass: 'groupOfNames',
    member: ['carol', 'dave'].map((uid) => `uid=${uid},ou=people,dc=example,dc=org`),
  },
};

const platform = (keycloak: object): Platform =>
  platformOf(
    YAML.stringify({
      name: 'home',
      domain: 'home.arpa',
      cluster: 'k3s',
      services: { traefik: {}, 'mng-pg': {}, 'mng-valkey': {}, 'oauth2-proxy': {}, keycloak },
    }),
    'home.yaml',
  );

interface Named {
  readonly id: string;
  readonly [key: string]: unknown;
}

suite('Keycloak as its manifests start it', () => {
  let full: ReturnType<typeof everything>;
  let template: PodTemplate;
  let pod: Container;
  const secrets = new Map<string, string>([['keycloak-setup/clientId', 'hearth-setup']]);
  const names: Record<string, string> = { 'keycloak-admin': 'admin', 'mng-pg-keycloak': 'keycloak' };
  const secret = (name: string, key: string) =>
    (key === 'username' ? names[name] : undefined) ?? secrets.get(`${name}/${key}`) ?? `Long-"quoted"-${key}-of-${name}`;
  const output: string[] = [];
  let folder: string;
  let server: KeycloakServer;
  let directory: LdapServer;
  let database: PostgresServer;

  /** The container's environment, with its database and the authorities that it trusts where these are here. */
  const environment = (of: Container) => {
    const env = environmentOf(of, secret);
    const local = `jdbc:postgresql://127.0.0.1:${database.port}/`;
    return {
      ...env,
      ...(env.KC_DB_URL ? { KC_DB_URL: env.KC_DB_URL.replace(/^.*\//, local) } : {}),
      ...(env.KC_TRUSTSTORE_PATHS ? { KC_TRUSTSTORE_PATHS: trusted() } : {}),
    };
  };
  const trusted = () => join(server.folder, 'trusted');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-realm-'));
    const password = secret('keycloak-federation-ldap', 'password');
    directory = await LdapServer.start({ reader: { dn: reader, password }, entries });
    full = everything(directory);
    const objects = objectsOf(platform(full));
    template = find(objects, 'Deployment', 'keycloak').spec.template;
    pod = container(template, 'keycloak');
    const writable = pod.volumeMounts.filter(({ readOnly }) => !readOnly);
    server = new KeycloakServer(writable.map(({ mountPath }) => mountPath));
    mkdirSync(trusted());
    for (const [file, text] of Object.entries(find(objects, 'ConfigMap', 'keycloak-truststore').data))
      writeFileSync(join(trusted(), file), text);
    database = await PostgresServer.start('superuser');
    const own = secret('mng-pg-keycloak', 'password').replaceAll("'", "''");
    for (const sql of [`CREATE ROLE keycloak LOGIN PASSWORD '${own}'`, 'CREATE DATABASE keycloak OWNER keycloak'])
      await database.query(sql, { password: 'superuser' });
    const build = container(template, 'build');
    await server.finish(build.command, environment(build));
    await server.start(commandOf(pod, {}), environment(pod), pod.readinessProbe.httpGet.path);
    await succeeds(platform(full));
  }, 900_000);

  afterAll(async () => {
    await server?.stop();
    await database?.stop();
    await directory?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The job of a platform, with its files and its server where they are here. @param change of the realm file */
  const job = async (of: Platform, change = (text: string) => text): Promise<Result> => {
    const objects = objectsOf(of);
    const program = container(findJob(objects, 'keycloak-realm').spec.template, 'keycloak');
    for (const [file, text] of Object.entries(find(objects, 'ConfigMap', 'keycloak-realm').data))
      writeFileSync(join(folder, file), file.endsWith('.json') ? change(text) : text);
    const [, ...args] = program.command.map((part) => part.replace('/etc/keycloak', folder));
    const env = { PATH: process.env.PATH, ...environmentOf(program, secret), KEYCLOAK_URL: server.url };
    const result = await run(process.execPath, args, { env });
    output.push(result.stdout, result.stderr);
    return result;
  };
  const succeeds = async (of: Platform) => {
    const { code, stdout, stderr } = await job(of);
    expect([code, stderr]).toEqual([0, '']);
    return stdout.trim().split('\n');
  };

  const token = async () => {
    const response = await fetch(`${server.url}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'hearth-setup',
        client_secret: secret('keycloak-setup', 'clientSecret'),
      }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  /** As an administrator does by hand. */
  const admin = async (method: string, path: string, body?: object, realm = 'home'): Promise<unknown> => {
    const response = await fetch(`${server.url}/admin/realms/${realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  const listed = async (path: string) => (await admin('GET', path)) as Named[];
  const clients = async () => (await listed('/clients')).map(({ clientId }) => clientId);
  const browser = (props: Partial<ConstructorParameters<typeof BrowserSignIn>[0]> = {}) =>
    new BrowserSignIn({ url: server.url, publicUrl, realm: 'home', clientId: 'oauth2-proxy', redirectUri, ...props });

  test('it starts as it was built, writes nowhere but in its volumes, and says how it is on a port of its own', async () => {
    expect(server.log).toContain('Profile prod activated');
    expect(server.log).not.toMatch(/build time options have values that differ|Permission denied|cannot create/);
    expect((await server.management(pod.livenessProbe.httpGet.path))[0]).toBe(200);
    const path = template.metadata.annotations['prometheus.io/path'] ?? '';
    expect((await server.management(path))[1]).toContain('jvm_memory_used_bytes');
    for (const inside of ['/metrics', '/health']) expect((await fetch(server.url + inside)).status).toBe(404);
  });

  test('the job runs again without a change', async () => {
    expect(await succeeds(platform(full))).toEqual(['nothing to change']);
  });

  test('a mistake in the realm file is refused, and said', async () => {
    const { code, stderr } = await job(platform(full), (text) => text.replace('rememberMe', 'rememberMee'));
    expect(code).toBe(1);
    expect(stderr).toContain('Unrecognized field');
    expect(stderr).toContain('rememberMee');
  });

  test('brokers, the directory and the groups below it are accepted', async () => {
    expect((await listed('/identity-provider/instances')).map(({ alias }) => alias).sort()).toEqual(['google', 'kakao', 'naver']);
    const { page } = await browser().open();
    for (const name of ['Google', 'Naver', 'Kakao']) expect(page).toContain(name);
    const [federation] = await listed('/components?type=org.keycloak.storage.UserStorageProvider');
    expect(federation).toMatchObject({ config: { editMode: ['READ_ONLY'], connectionUrl: [directory.url] } });
    const mappers = await listed(`/components?parent=${federation?.id}`);
    expect(mappers.map(({ providerId }) => providerId)).toContain('group-ldap-mapper');
  });

  test('the first administrator comes in by the first password, and must choose another one', async () => {
    const first = secret('keycloak-user-alice', 'password');
    expect((await browser().signIn('alice', 'wrong')).page).toContain('Invalid username or password');
    const { location } = await browser().signIn('alice', first);
    expect(location).toContain('execution=UPDATE_PASSWORD');
  });

  test('what was made by hand stays: somebody with a password and a group, a client, a setting', async () => {
    const { id: group } = (await admin('GET', '/group-by-path/teams/maps')) as Named;
    const credentials = [{ type: 'password', value: 'by-hand-Password', temporary: false }];
    const person = { username: 'bob', email: 'bob@example.org', firstName: 'B', lastName: 'B', enabled: true };
    await admin('POST', '/users', { ...person, credentials });
    const [bob] = await listed('/users?username=bob&exact=true');
    await admin('PUT', `/users/${bob?.id}/groups/${group}`);
    await admin('POST', '/clients', { clientId: 'by-hand', redirectUris: ['https://by-hand.example.org/'] });
    await admin('PUT', '', { defaultLocale: 'ko', supportedLocales: ['ko', 'en'], internationalizationEnabled: true });
    await succeeds(platform({ ...full, sessions: { idleMinutes: 5 } }));
    expect(await admin('GET', '')).toMatchObject({ ssoSessionIdleTimeout: 300, defaultLocale: 'ko' });
    expect(await clients()).toContain('by-hand');
    expect((await listed(`/users/${bob?.id}/groups`)).map(({ path }) => path)).toEqual(['/teams/maps']);
  });

  test('tokens that a program gets inside the cluster name the public issuer, itself and the groups with their paths', async () => {
    const visit = browser();
    const { location } = await visit.signIn('bob', 'by-hand-Password');
    expect(location).toMatch(new RegExp(`^${redirectUri}\\?`));
    const tokens = await visit.tokens(location, secret('keycloak-oauth2-proxy', 'clientSecret'));
    const issuer = `${publicUrl}/realms/home`;
    expect(tokens.id).toMatchObject({ iss: issuer, aud: 'oauth2-proxy', groups: ['/teams/maps'] });
    expect(tokens.access).toMatchObject({ iss: issuer, groups: ['/teams/maps'] });
    expect(tokens.access.aud).toContain('oauth2-proxy');
    expect(tokens.userInfo).toMatchObject({ preferred_username: 'bob', groups: ['/teams/maps'] });
  });

  test('people of the directory sign in with its passwords, by TLS, and are in its groups; those whom the filter leaves out are not known', async () => {
    expect((await browser().signIn('carol', 'wrong')).location).toBe('');
    expect((await browser().signIn('dave', 'Directory-password-of-Dave')).location).toBe('');
    const visit = browser();
    const { location } = await visit.signIn('carol', 'Directory-password-of-Carol');
    expect(location).toMatch(new RegExp(`^${redirectUri}\\?`));
    const tokens = await visit.tokens(location, secret('keycloak-oauth2-proxy', 'clientSecret'));
    expect(tokens.id).toMatchObject({ preferred_username: 'carol', groups: ['/climbers'] });
    expect(tokens.userInfo).toMatchObject({ email: 'carol@example.org', email_verified: true });
  });

  test('while the directory is away, people of the realm sign in all the same', async () => {
    await directory.pause();
    expect((await browser().signIn('bob', 'by-hand-Password')).location).toMatch(new RegExp(`^${redirectUri}\\?`));
    expect((await browser().signIn('carol', 'Directory-password-of-Carol')).location).toBe('');
    await directory.resume();
    expect((await browser().signIn('carol', 'Directory-password-of-Carol')).location).toMatch(new RegExp(`^${redirectUri}\\?`));
  });

  test('a program that does not prove that it asked itself is refused, and so is another address', async () => {
    expect((await browser({ pkce: false }).open()).location).toContain('error=invalid_request');
    expect((await browser({ redirectUri: 'https://evil.example.org/' }).open()).page).toContain('redirect_uri');
  });

  test('a changed address reaches the existing client, and a client that is gone from the platform goes', async () => {
    const { clients: outside, ...rest } = full;
    const moved = { ...rest, clients: { app: { ...outside.app, redirectUris: ['https://moved.example.org/'] } } };
    const lines = await succeeds(platform(moved));
    expect(lines).toContain('client app: brought up to date');
    expect(lines).toContain('client grafana: removed, since the platform no longer declares it');
    expect(await clients()).toEqual(expect.arrayContaining(['app', 'oauth2-proxy', 'by-hand', 'account']));
    expect(await clients()).not.toContain('grafana');
    const visit = { clientId: 'app', redirectUri: 'https://moved.example.org/' };
    const { location } = await browser(visit).signIn('bob', 'by-hand-Password');
    expect(location).toMatch(/^https:\/\/moved\.example\.org\/\?.*code=/);
  });

  test('brokers and directories that are gone from the platform are disabled, so that nobody loses an account', async () => {
    await succeeds(platform({ groups: full.groups, brokers: ['kakao'] }));
    const providers = await listed('/identity-provider/instances');
    const enabled = (on: boolean) => providers.filter((one) => one.enabled === on).map(({ alias }) => alias);
    expect([enabled(true), enabled(false).sort()]).toEqual([['kakao'], ['google', 'naver']]);
    const [federation] = await listed('/components?type=org.keycloak.storage.UserStorageProvider');
    expect(federation).toMatchObject({ config: { enabled: ['false'] } });
    expect((await browser().signIn('carol', 'Directory-password-of-Carol')).location).toBe('');
    expect(await succeeds(platform({ groups: full.groups, brokers: ['kakao'] }))).toEqual(['nothing to change']);
  });

  test('somebody whose address somebody else has already is not made, and that is said', async () => {
    const users = { robert: { email: 'bob@example.org' } };
    const lines = await succeeds(platform({ groups: full.groups, brokers: ['kakao'], users }));
    expect(lines[0]).toBe('user robert of home: not made, since somebody else has the address bob@example.org');
    expect(await listed('/users?username=robert')).toEqual([]);
  });

  test('somebody whom a broker sends signs in to the account here first, and strangers get nowhere', async () => {
    // Another realm stands in for Kakao.
    const [clientId, clientSecret] = ['clientId', 'clientSecret'].map((key) => secret('keycloak-broker-kakao', key));
    const back = `${publicUrl}/realms/home/broker/kakao/endpoint`;
    await admin('POST', '/clients', { clientId, secret: clientSecret, redirectUris: [back] }, 'master');
    for (const username of ['bob-at-kakao', 'stranger']) {
      const credentials = [{ type: 'password', value: 'at-Kakao', temporary: false }];
      const person = { username, email: `${username}@example.org`, firstName: 'K', lastName: 'K', enabled: true };
      await admin('POST', '/users', { ...person, credentials }, 'master');
    }
    const kakao = (await admin('GET', '/identity-provider/instances/kakao')) as Named & { config: object };
    const inside = `${server.url}/realms/master/protocol/openid-connect`;
    const config = {
      ...kakao.config,
      issuer: `${publicUrl}/realms/master`,
      authorizationUrl: `${publicUrl}/realms/master/protocol/openid-connect/auth`,
      tokenUrl: `${inside}/token`,
      userInfoUrl: `${inside}/userinfo`,
      jwksUrl: `${inside}/certs`,
      defaultScope: 'openid email profile',
      clientSecret,
    };
    await admin('PUT', '/identity-provider/instances/kakao', { ...kakao, config });
    const come = async (username: string) => {
      const visit = browser();
      const { page } = await visit.choose('kakao');
      return { visit, answer: await visit.follow(await visit.submit(page, { username, password: 'at-Kakao' })) };
    };
    const first = await come('bob-at-kakao');
    expect(first.answer.location).toBe('');
    const signedIn = await first.visit.submit(first.answer.page, { username: 'bob', password: 'by-hand-Password' });
    expect((await first.visit.follow(signedIn)).location).toMatch(/^https:\/\/auth\.home\.arpa\/.*code=/);
    const second = await come('bob-at-kakao');
    const tokens = await second.visit.tokens(second.answer.location, secret('keycloak-oauth2-proxy', 'clientSecret'));
    expect(tokens.id).toMatchObject({ preferred_username: 'bob', groups: ['/teams/maps'] });
    const stranger = await come('stranger');
    const guess = await stranger.visit.submit(stranger.answer.page, { username: 'stranger', password: 'at-Kakao' });
    expect([guess.location, guess.page]).toEqual(['', expect.stringContaining('kc-form-login')]);
    expect(await listed('/users?username=stranger')).toEqual([]);
    // Back to Kakao itself.
    expect(await succeeds(platform({ groups: full.groups, brokers: ['kakao'] }))).toEqual(['broker kakao: brought up to date']);
  });

  test('new secrets hold after the next run: of a program, and of the administrator', async () => {
    secrets.set('keycloak-oauth2-proxy/clientSecret', 'another-secret');
    secrets.set('keycloak-admin/password', 'another-Password-42');
    const lines = await succeeds(platform({ groups: full.groups, brokers: ['kakao'] }));
    expect(lines).toEqual(['user admin of master: has the password of the Secret', 'client oauth2-proxy: brought up to date']);
    const console = {
      realm: 'master',
      clientId: 'security-admin-console',
      redirectUri: `${publicUrl}/admin/master/console/`,
    };
    expect((await browser(console).signIn('admin', 'another-Password-42')).location).toContain('code=');
    const visit = browser();
    const { location } = await visit.signIn('bob', 'by-hand-Password');
    await expect(visit.tokens(location, 'wrong')).rejects.toThrow('unauthorized_client');
  });

  test('a secret of the job that does not fit the database is said, with what to do', async () => {
    const fitting = secret('keycloak-setup', 'clientSecret');
    secrets.set('keycloak-setup/clientSecret', 'made-anew');
    const { code, stderr } = await job(platform(full));
    secrets.set('keycloak-setup/clientSecret', fitting);
    expect(code).toBe(1);
    expect(stderr).toMatch(/made with another one. Put the former Secret back/);
  });

  test('the secret of the job changes in the running pod, and again when that was interrupted', async () => {
    const { rotation } = platform(full).graph.credentials.find(({ name }) => name === 'keycloak-setup') ?? {};
    if (rotation?.by !== 'command') throw new Error('rotated in another way');
    const env = { PATH: process.env.PATH, JAVA: java, TMPDIR: folder, ...environment(pod) };
    const command = rotation.command.map((part) =>
      part.replaceAll('/opt/keycloak', server.folder).replaceAll('http://127.0.0.1:8080', server.url),
    );
    const [program = '', ...args] = command;
    const tell = () =>
      run(program, args, { input: rotation.input({ clientSecret: 'next-secret' }), env: { ...env, JAVA_HOME: '' } });
    expect(await tell()).toMatchObject({ code: 0 });
    expect(await tell()).toMatchObject({ code: 0 });
    secrets.set('keycloak-setup/clientSecret', 'next-secret');
    await succeeds(platform({ groups: full.groups, brokers: ['kakao'] }));
  }, 200_000);

  test('no secret stands in the log, or in what the job says', () => {
    const said = [server.log, ...output].join('\n');
    for (const [, value] of said.matchAll(/(Long-"quoted"-(?:password|clientSecret)\S*)/g)) expect(value).toBe(undefined);
    for (const value of ['another-secret', 'another-Password-42', 'next-secret', 'by-hand-Password'])
      expect(said).not.toContain(value);
  });
});
