import { makeValue } from '../../../../cli/credentials/values';
import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import { all, container, find, objectsOf } from '../../../support/objects';
import { manifestFile } from '../../../support/platforms';

const platform = (options = '', settings = '') =>
  buildPlatform(
    parsePlatform(
      `name: home\ndomain: home.hearth.dev\ncluster: k3s\n${settings}services:\n  traefik:\n  mng-pg:\n  mng-valkey:\n  keycloak:\n  redisinsight:\n  oauth2-proxy: {${options}}\n`,
      'home.yaml',
    ),
  );
const usual = platform();
const objects = objectsOf(usual);
const pods = find(objects, 'Deployment', 'oauth2-proxy').spec.template;
const { args, env, command } = container(pods, 'oauth2-proxy');
const flags = new Map(args.map((arg) => /^--([a-z0-9-]+)=(.*)$/.exec(arg)?.slice(1) as [string, string]));

test('the whole file', () => expect(manifestFile(usual, 'oauth2-proxy')).toMatchSnapshot());

/** What https://oauth2-proxy.github.io/oauth2-proxy/7.15.x/configuration/overview says of the flags in use. */
const documented: Record<string, 'bool' | 'duration' | 'int' | 'url' | string[] | RegExp> = {
  'backend-logout-url': 'url',
  'code-challenge-method': ['plain', 'S256'],
  'cookie-csrf-expire': 'duration',
  'cookie-csrf-per-request': 'bool',
  'cookie-csrf-per-request-limit': 'int',
  'cookie-domain': /^\.home\.hearth\.dev$/,
  'cookie-expire': 'duration',
  'cookie-httponly': 'bool',
  'cookie-name': /^__Secure-[a-z]+$/,
  'cookie-refresh': 'duration',
  'cookie-samesite': ['lax', 'strict', 'none', ''],
  'cookie-secure': 'bool',
  'email-domain': /^\*$/,
  footer: /^-$/,
  'http-address': /^0\.0\.0\.0:4180$/,
  'login-url': 'url',
  'metrics-address': /^0\.0\.0\.0:44180$/,
  'oidc-groups-claim': /^groups$/,
  'oidc-issuer-url': 'url',
  'oidc-jwks-url': 'url',
  provider: ['oidc', 'keycloak-oidc'],
  'redeem-url': 'url',
  'redirect-url': 'url',
  'request-logging': 'bool',
  'reverse-proxy': 'bool',
  scope: /\bopenid\b/,
  'session-store-type': ['cookie', 'redis'],
  'set-xauthrequest': 'bool',
  'silence-ping-logging': 'bool',
  'skip-claims-from-profile-url': 'bool',
  'skip-oidc-discovery': 'bool',
  'skip-provider-button': 'bool',
  upstream: /^static:\/\/\d{3}$/,
  'whitelist-domain': /^\.home\.hearth\.dev$/,
};

describe('every flag is one that the program documents, with a value of its type', () => {
  test('the program is started by name', () => expect(command).toEqual(['/bin/oauth2-proxy']));
  test('all of them, and each once', () => {
    expect([...flags.keys()].sort()).toEqual(Object.keys(documented).sort());
    expect(flags.size).toBe(args.length);
  });
  test.each(Object.entries(documented))('%s', (flag, type) => {
    const value = flags.get(flag) ?? '';
    if (type === 'bool') expect(value).toMatch(/^(true|false)$/);
    else if (type === 'duration') expect(value).toMatch(/^\d+[smh]$/);
    else if (type === 'int') expect(value).toMatch(/^\d+$/);
    else if (type === 'url') expect(() => new URL(value)).not.toThrow();
    else if (Array.isArray(type)) expect(type).toContain(value);
    else expect(value).toMatch(type);
  });
});

test('browsers go to public addresses, the program itself stays inside the cluster', () => {
  const realm = 'https://keycloak.home.hearth.dev/realms/home';
  const inside = 'http://keycloak.home-auth.svc:8080/realms/home/protocol/openid-connect';
  expect(Object.fromEntries(flags)).toMatchObject({
    'oidc-issuer-url': realm,
    'login-url': `${realm}/protocol/openid-connect/auth`,
    'redirect-url': 'https://auth.home.hearth.dev/oauth2/callback',
    'redeem-url': `${inside}/token`,
    'oidc-jwks-url': `${inside}/certs`,
    'backend-logout-url': `${inside}/logout?id_token_hint={id_token}`,
  });
});

test('it renews tokens before they end, with time to bridge an outage', () => {
  const renewed = Number(/^(\d+)m$/.exec(flags.get('cookie-refresh') ?? '')?.[1]) * 60;
  expect(renewed).toBe(300);
  const realm = JSON.parse(find(objects, 'ConfigMap', 'keycloak-realm').data['realm.json'] ?? '{}') as {
    clients: { clientId: string; attributes: Record<string, string> }[];
  };
  const client = realm.clients.find(({ clientId }) => clientId === 'oauth2-proxy');
  expect(Number(client?.attributes['access.token.lifespan'])).toBeGreaterThan(2 * renewed);
});

test('the secret of the cookie is the key of a cipher: 32 bytes, as the program reads it', async () => {
  const rule = usual.graph.credentials.find(({ name }) => name === 'oauth2-proxy-cookie')?.keys['secret'];
  if (!rule) throw new Error('no rule');
  for (let i = 0; i < 20; i++) expect(Buffer.from(await makeValue(rule), 'base64url')).toHaveLength(32);
});

test('no secret among the arguments; all of them come from Secrets', () => {
  const secret = (name: string) => env?.find((variable) => variable.name === name)?.valueFrom?.secretKeyRef;
  expect(secret('OAUTH2_PROXY_CLIENT_SECRET')).toMatchObject({ name: 'keycloak-oauth2-proxy', key: 'clientSecret' });
  expect(secret('OAUTH2_PROXY_COOKIE_SECRET')).toMatchObject({ name: 'oauth2-proxy-cookie', key: 'secret' });
  const redis = env?.find(({ name }) => name === 'OAUTH2_PROXY_REDIS_CONNECTION_URL')?.value;
  expect(redis).toBe('redis://:$(MNG_VALKEY_PASSWORD)@mng-valkey.home-data.svc:6379/0');
});

test('sessions last as long as the platform file says', () => {
  const other = find(objectsOf(platform(' sessionHours: 48 ')), 'Deployment', 'oauth2-proxy').spec.template;
  expect(container(other, 'oauth2-proxy').args).toContain('--cookie-expire=48h');
});

test('one pod, or two where availability is high', () => {
  expect(find(objects, 'Deployment', 'oauth2-proxy').spec.replicas).toBe(1);
  const high = objectsOf(platform('', 'availability: high\n'));
  expect(find(high, 'Deployment', 'oauth2-proxy').spec.replicas).toBe(2);
  expect(all(high, 'PodDisruptionBudget').map(({ metadata }) => metadata.name)).toContain('oauth2-proxy');
});

test('the gateway may ask it and look up its name; it reaches the provider and the sessions', () => {
  const policy = (name: string) => JSON.stringify(find(objects, 'NetworkPolicy', name).spec);
  expect(policy('traefik')).toContain('"app.kubernetes.io/instance":"oauth2-proxy"');
  expect(policy('traefik')).toContain('kube-dns');
  expect(policy('oauth2-proxy')).toContain('"app.kubernetes.io/instance":"keycloak"');
  expect(policy('oauth2-proxy')).toContain('"app.kubernetes.io/instance":"mng-valkey"');
});

test('routes with access sso ask it, and no notice is given', () => {
  const [route] = find(objects, 'IngressRoute', 'redisinsight').spec.routes;
  expect(route?.middlewares).toContainEqual({ name: 'sso' });
  expect([...usual.notices]).toEqual([]);
});
