import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeValue } from '../../cli/credentials/values';
import { signIn } from '../../lib/core/sign-in';
import { commandOf, environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, eventually, findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { container, find } from '../support/objects';
import { cookiesOf, OAuth2ProxyPod } from './support/oauth2-proxy-pod';
import { OidcProvider, type Account } from './support/oidc-provider';

const suite = suiteWith('test/config/oauth2-proxy', {
  'oauth2-proxy on PATH (Go: github.com/oauth2-proxy/oauth2-proxy/v7)': findProgram('oauth2-proxy'),
  'valkey-server on PATH (Debian: valkey-server)': findProgram('valkey-server'),
});

const domain = 'sso.hearth-fixture.dev';
const realm = `https://keycloak.${domain}/realms/sso`;
const page = `https://app.${domain}/here?a=b%2Fc`;
const alice: Account = {
  sub: 'id-of-alice',
  email: 'alice@example.org',
  preferred_username: 'alice',
  groups: ['/admins', '/teams/maps'],
};

/** What the platform sso gives to OAuth2 Proxy, with a provider and a cache of the test; they alone have other addresses here. */
suite('OAuth2 Proxy as the manifests start it', () => {
  const platform = platformNamed('sso');
  const { template } = find(objectsOf(platform), 'Deployment', 'oauth2-proxy').spec;
  const program = container(template, 'oauth2-proxy');
  const { cookie: cookieName } = platform.provider(signIn);
  const values = new Map([['keycloak-oauth2-proxy/clientId', 'oauth2-proxy']]);
  const secret = (name: string, key: string) => values.get(`${name}/${key}`) ?? `${key}-of-${name}-0123456789`;
  const ready = program.readinessProbe.httpGet.path;
  let folder: string;
  let provider: OidcProvider;
  let cache: Background;
  let cachePort: number;
  let pod: OAuth2ProxyPod;
  let other: OAuth2ProxyPod;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-oauth2-proxy-'));
    const rule = platform.graph.credentials.find(({ name }) => name === 'oauth2-proxy-cookie')?.keys['secret'];
    if (!rule) throw new Error('no rule for the cookie');
    values.set('oauth2-proxy-cookie/secret', await makeValue(rule));
    provider = await OidcProvider.start({
      issuer: realm,
      path: '/realms/sso/protocol/openid-connect',
      clientId: 'oauth2-proxy',
      clientSecret: secret('keycloak-oauth2-proxy', 'clientSecret'),
    });
    cachePort = await freePort();
    cache = startCache();
    pod = await startPod();
    other = await startPod();
  });

  afterAll(async () => {
    await pod?.stop();
    await other?.stop();
    await cache?.stop();
    provider?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const startCache = () => {
    const access = ['--bind', '127.0.0.1', '--port', String(cachePort), '--requirepass', secret('mng-valkey', 'password')];
    return new Background('valkey-server', [...access, '--save', ''], { cwd: folder });
  };

  /** Its environment, where the cache is here. */
  const environment = (): Record<string, string> => {
    const env = environmentOf(program, secret);
    const url = env.OAUTH2_PROXY_REDIS_CONNECTION_URL?.replace(/@[^/]+/, `@127.0.0.1:${cachePort}`) ?? '';
    return { ...env, OAUTH2_PROXY_REDIS_CONNECTION_URL: url };
  };
  /** Its arguments, where the provider is here. */
  const argumentsOf = () =>
    commandOf(program, environment())
      .slice(1)
      .map((arg) => arg.replace('http://keycloak.sso-auth.svc:8080', provider.url));
  /** @param change of an argument */
  const startPod = (change = (arg: string) => arg) =>
    OAuth2ProxyPod.start({ args: argumentsOf().map(change), env: environment(), ready, cookieName, provider });

  test('it finds nothing wrong with its arguments, and refuses one that it does not know', async () => {
    const check = (...more: string[]) =>
      run('oauth2-proxy', [...argumentsOf(), '--config-test', ...more], { env: { ...process.env, ...environment() } });
    const { code, stdout } = await check();
    expect([code, stdout]).toEqual([0, 'configuration is valid\n']);
    expect((await check('--cookie-expires=12h')).code).not.toBe(0);
  });

  test('who is not signed in is led to the public page of the provider; a program is refused', async () => {
    const { status, headers } = await pod.ask('/');
    const to = new URL(headers.get('location') ?? '');
    expect([status, to.origin + to.pathname]).toEqual([302, `${realm}/protocol/openid-connect/auth`]);
    expect(Object.fromEntries(to.searchParams)).toMatchObject({
      client_id: 'oauth2-proxy',
      redirect_uri: `https://auth.${domain}/oauth2/callback`,
      code_challenge_method: 'S256',
      scope: 'openid email profile',
    });
    expect((await pod.ask('/', { accept: 'application/json' })).status).toBe(401);
    // Where nginx asks, nobody is led anywhere.
    expect((await pod.ask('/oauth2/auth')).status).toBe(401);
  });

  test('signed in, the browser is back at its page with its query; the gateway learns who it is', async () => {
    const { last, set, cookie } = await pod.signIn(alice, page);
    expect([last.status, last.headers.get('location')]).toEqual([302, page]);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', `Domain=${domain}`]) expect(set).toContain(part);
    for (const path of ['/', '/oauth2/auth']) {
      const { status, headers } = await pod.ask(path, { cookie });
      expect([path, status]).toEqual([path, 202]);
      expect(headers.get('x-auth-request-preferred-username')).toBe('alice');
      expect(headers.get('x-auth-request-email')).toBe('alice@example.org');
      expect(headers.get('x-auth-request-groups')).toBe('/admins,/teams/maps');
    }
    expect((await pod.ask('/', { cookie: `${cookie}x` })).status).toBe(302);
  });

  test('a group among those of the question lets in, no other one does', async () => {
    const { cookie } = await pod.signIn(alice);
    const asked = async (groups: string) => (await pod.ask(`/?allowed_groups=${groups}`, { cookie })).status;
    const answers = [await asked('/admins'), await asked('/editors,/teams/maps'), await asked('/editors')];
    expect(answers).toEqual([202, 202, 403]);
  });

  test('nobody is led to a page outside the platform', async () => {
    const { last } = await pod.signIn(alice, 'https://evil.example.org/there');
    expect(last.headers.get('location')).toBe('/there');
  });

  test('ten pages that load at once can each be signed in from', async () => {
    const pages = await Promise.all(Array.from({ length: 10 }, () => pod.ask('/', { page })));
    const cookies = pages.map(cookiesOf).join('; ');
    for (const { headers } of pages) {
      const last = await pod.visit(provider.signIn(headers.get('location') ?? '', alice), cookies);
      expect(last.headers.get('location')).toBe(page);
    }
  });

  test('each pod knows the sessions of all, and finds them again after a restart', async () => {
    const { cookie } = await pod.signIn(alice);
    expect((await other.ask('/', { cookie })).status).toBe(202);
    await other.stop();
    other = await startPod();
    expect((await other.ask('/', { cookie })).status).toBe(202);
  });

  test('tokens are renewed as people go on; where the provider renews none any more, they must sign in again', async () => {
    // Minutes are seconds here.
    provider.tokenSeconds = 15;
    const quick = await startPod((arg) => arg.replace(/^--cookie-refresh=(\d+)m$/, '--cookie-refresh=$1s'));
    try {
      const { cookie } = await quick.signIn(alice);
      await eventually(async () => {
        const { status, headers } = await quick.ask('/', { cookie });
        expect([status, provider.renewals]).toEqual([202, 1]);
        // The gateway hands it on to the browser.
        expect(headers.getSetCookie().join()).toContain(`${cookieName}=`);
      });
      provider.endSessions();
      expect((await quick.ask('/', { cookie })).status).toBe(202);
      await eventually(async () => expect((await quick.ask('/', { cookie })).status).toBe(302), 60);
      expect(provider.renewals).toBe(1);
    } finally {
      provider.tokenSeconds = 900;
      await quick.stop();
    }
  });

  test('who signs out is signed out at the provider too and goes on to the page; the old cookie opens nothing', async () => {
    const { cookie } = await pod.signIn(alice);
    const out = new URL(`https://auth.${domain}/oauth2/sign_out?rd=${encodeURIComponent(page)}`);
    const { status, headers } = await pod.visit(out, cookie);
    expect([status, headers.get('location')]).toEqual([302, page]);
    expect(provider.ended).toEqual([expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)]);
    expect((await pod.ask('/', { cookie })).status).toBe(302);
  });

  test('figures are on a port of their own', async () => {
    const path = template.metadata.annotations['prometheus.io/path'] ?? '';
    expect(await (await fetch(pod.metrics + path)).text()).toContain('oauth2_proxy_requests_total');
    expect((await pod.ask(path)).status).toBe(302);
  });

  test('without the cache it is alive, and not ready', async () => {
    await cache.stop();
    await eventually(async () => expect(await pod.status(ready)).toBe(500));
    expect(await pod.status(program.livenessProbe.httpGet.path)).toBe(200);
    cache = startCache();
    await eventually(async () => expect(await pod.status(ready)).toBe(200));
  });

  test('no secret stands in its log', () => {
    const credentials = {
      'oauth2-proxy-cookie': 'secret',
      'keycloak-oauth2-proxy': 'clientSecret',
      'mng-valkey': 'password',
    };
    for (const { log } of [pod, other]) {
      expect(log).not.toBe('');
      for (const [name, key] of Object.entries(credentials)) expect(log).not.toContain(secret(name, key));
    }
  });
});
