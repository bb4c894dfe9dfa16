import { gateway } from '../../../lib/core/gateway';
import { signIn } from '../../../lib/core/sign-in';
import { Deployment } from '../../../lib/core/controllers';
import { Certificate } from '../../../lib/core/certificate';
import type { Component } from '../../../lib/core/component';
import { HttpRoute, type Access } from '../../../lib/core/route';
import { all, find, objectsOf } from '../../support/objects';
import { secured, sleeper, testPlatform, type TestEntry } from '../../support/platforms';

const server = (component: Component) =>
  new Deployment(component, component.name, {
    ...sleeper,
    ports: { http: 8080 },
  });
const http = (component: Component, name: string, access: Access, more: { path?: string; hosts?: string[] } = {}) =>
  new HttpRoute(component, name, { hosts: [name], access, to: server(component).endpoint('http'), ...more });

test('HTTP: HTTPS by host, to the named port', () => {
  const platform = testPlatform({ wiki: { build: (component) => void http(component, 'wiki', 'public') } });
  expect(find(objectsOf(platform), 'IngressRoute', 'wiki', 'test-apps').spec).toEqual({
    entryPoints: ['websecure'],
    routes: [
      {
        kind: 'Rule',
        match: 'Host(`wiki.hearth.test`)',
        middlewares: [{ name: 'security-headers' }],
        services: [{ name: 'wiki', port: 'http' }],
      },
    ],
    tls: {},
  });
});

test('HTTP: several hosts, the domain itself, and a path', () => {
  const platform = testPlatform({
    wiki: { build: (component) => void http(component, 'wiki', 'public', { hosts: ['@', 'www'], path: '/api' }) },
  });
  const [rule] = find(objectsOf(platform), 'IngressRoute', 'wiki').spec.routes;
  expect(rule?.match).toBe('(Host(`hearth.test`) || Host(`www.hearth.test`)) && PathPrefix(`/api`)');
  const [route] = platform.graph.routes;
  expect(route instanceof HttpRoute && route.url).toBe('https://hearth.test/api');
});

test('basic: one middleware a tier, and its namespace gets the htpasswd line alone', () => {
  const platform = testPlatform({
    wiki: { build: (component) => void http(component, 'wiki', 'basic') },
    blog: { build: (component) => void http(component, 'blog', 'basic') },
    files: { tier: 'data', build: (component) => void http(component, 'files', 'basic') },
    open: { tier: 'ai', build: (component) => void http(component, 'open', 'public') },
  });
  const objects = objectsOf(platform);
  const named = all(objects, 'Middleware').filter(({ metadata }) => metadata.name === 'basic-auth');
  expect(named.map(({ metadata, spec }) => [metadata.namespace, metadata.name, spec])).toEqual([
    ['test-data', 'basic-auth', { basicAuth: { secret: 'gateway-basic-auth-users', removeHeader: true } }],
    ['test-apps', 'basic-auth', { basicAuth: { secret: 'gateway-basic-auth-users', removeHeader: true } }],
  ]);
  const withMiddleware = all(objects, 'IngressRoute').filter(({ spec }) =>
    spec.routes[0]?.middlewares?.some(({ name }) => name === 'basic-auth'),
  );
  expect(withMiddleware.map(({ metadata }) => metadata.name).sort()).toEqual(['blog', 'files', 'wiki']);
  expect(platform.provider(gateway).basicAuth.secrets).toEqual([
    { namespace: 'test-gateway', name: 'gateway-basic-auth', keys: ['username', 'password', 'users'] },
    { namespace: 'test-apps', name: 'gateway-basic-auth-users', keys: ['users'] },
    { namespace: 'test-data', name: 'gateway-basic-auth-users', keys: ['users'] },
  ]);
});

test('sso without single sign-on in the platform is basic, and a notice says so once', () => {
  const platform = testPlatform({
    wiki: { build: (component) => void http(component, 'wiki', 'sso') },
    blog: { build: (component) => void http(component, 'blog', 'sso') },
  });
  expect(find(objectsOf(platform), 'IngressRoute', 'wiki').spec.routes[0]?.middlewares).toEqual([
    { name: 'security-headers' },
    { name: 'basic-auth' },
  ]);
  expect([...platform.notices]).toEqual([
    'single sign-on is not part of the platform: routes with access sso ask for the gateway password',
  ]);
});

const identity: TestEntry = {
  tier: 'auth',
  provides: { signIn },
  build: (component) => ({ signIn: { endpoint: server(component).endpoint('http'), cookie: 'session' } }),
};

describe('single sign-on', () => {
  const platform = testPlatform({
    identity,
    wiki: { build: (component) => void http(component, 'wiki', 'sso') },
    blog: { build: (component) => void http(component, 'blog', { groups: ['admins', 'staff/editors'] }) },
    news: { build: (component) => void http(component, 'news', { groups: ['admins', 'staff/editors'] }) },
    files: { tier: 'data', build: (component) => void http(component, 'files', 'sso') },
  });
  const objects = objectsOf(platform);
  const guard = (name: string) => find(objects, 'IngressRoute', name).spec.routes[0]?.middlewares;
  const forwardAuth = (name: string, namespace: string) => find(objects, 'Middleware', name, namespace).spec.forwardAuth;

  const allowed = (name: string) => forwardAuth(guard(name)?.at(-1)?.name ?? '', 'test-apps')?.address;

  test('the gateway asks the provider in the cluster, and tells the program who it is', () => {
    expect(guard('wiki')).toEqual([{ name: 'security-headers' }, { name: 'sso' }]);
    expect(forwardAuth('sso', 'test-apps')).toEqual({
      address: 'http://identity.test-auth.svc:8080/',
      authResponseHeaders: [
        'X-Auth-Request-User',
        'X-Auth-Request-Email',
        'X-Auth-Request-Groups',
        'X-Auth-Request-Preferred-Username',
      ],
      addAuthCookiesToResponse: ['session'],
      maxResponseBodySize: 1_048_576,
    });
  });

  test('groups narrow it down, by one middleware for all routes with the same', () => {
    expect(guard('blog')).toEqual(guard('news'));
    expect(allowed('blog')).toBe('http://identity.test-auth.svc:8080/?allowed_groups=/admins,/staff/editors');
  });

  test('lists that read alike are still different ones', () => {
    const alike = testPlatform({
      identity,
      one: { build: (component) => void http(component, 'one', { groups: ['a-b'] }) },
      two: { build: (component) => void http(component, 'two', { groups: ['a', 'b'] }) },
      inner: { build: (component) => void http(component, 'inner', { groups: ['a/b'] }) },
      dot: { build: (component) => void http(component, 'dot', { groups: ['a.b'] }) },
    });
    const names = ['one', 'two', 'inner', 'dot'].map(
      (name) => find(objectsOf(alike), 'IngressRoute', name).spec.routes[0]?.middlewares?.at(-1)?.name,
    );
    // As Traefik reads them.
    expect(new Set(names.map((name) => name?.replace(/[^a-z0-9]/g, '-'))).size).toBe(4);
    const addresses = all(objectsOf(alike), 'Middleware').flatMap(({ spec }) => spec.forwardAuth?.address ?? []);
    expect(addresses.map((address) => new URL(address).search).sort()).toEqual([
      '?allowed_groups=/a,/b',
      '?allowed_groups=/a-b',
      '?allowed_groups=/a.b',
      '?allowed_groups=/a/b',
    ]);
  });

  test('of a provider with TLS it trusts the certificate and no other', () => {
    const secure: TestEntry = {
      ...identity,
      build: (component) => {
        const tls = new Certificate(component, 'identity');
        const mounts = { '/etc/tls': tls.shown };
        const pods = new Deployment(component, 'identity', {
          ...sleeper,
          ports: { http: { port: 8443, tls } },
          mounts,
        });
        return { signIn: { endpoint: pods.endpoint('http'), cookie: 'session' } };
      },
    };
    const wiki: TestEntry = { build: (component) => void http(component, 'wiki', 'sso') };
    expect(find(objectsOf(testPlatform({ identity: secure, wiki })), 'Middleware', 'sso').spec.forwardAuth).toMatchObject({
      address: 'https://identity.test-auth.svc:8443/',
      tls: { caSecret: 'identity-tls-ca.crt' },
    });
  });

  test('each namespace has its own, and nobody is told of a password', () => {
    expect(guard('files')).toEqual([{ name: 'security-headers' }, { name: 'sso' }]);
    expect(forwardAuth('sso', 'test-data')).toEqual(forwardAuth('sso', 'test-apps'));
    expect(all(objects, 'Middleware').filter(({ metadata }) => metadata.name === 'basic-auth')).toEqual([]);
    expect([...platform.notices]).toEqual([]);
  });
});

test('groups without single sign-on in the platform: basic, with the same notice', () => {
  const platform = testPlatform({
    wiki: { build: (component) => void http(component, 'wiki', { groups: ['admins'] }) },
  });
  expect(find(objectsOf(platform), 'IngressRoute', 'wiki').spec.routes[0]?.middlewares).toContainEqual({
    name: 'basic-auth',
  });
  expect([...platform.notices]).toHaveLength(1);
});

test('HTTP to a port with TLS: the gateway trusts its certificate and no other', () => {
  const platform = testPlatform({ vault: secured('vault') });
  const objects = objectsOf(platform);
  expect(find(objects, 'IngressRoute', 'vault').spec.routes[0]?.services).toEqual([
    { name: 'vault', port: 'http', scheme: 'https', serversTransport: 'vault' },
  ]);
  expect(find(objects, 'ServersTransport', 'vault').spec).toEqual({
    serverName: 'vault.test-apps.svc',
    rootCAs: [{ secret: 'vault-tls-ca.crt' }],
    minVersion: 'VersionTLS12',
  });
  expect(platform.graph.credentials.find(({ name }) => name === 'vault-tls')?.secrets).toContainEqual({
    namespace: 'test-apps',
    name: 'vault-tls-ca.crt',
    keys: ['ca.crt'],
  });
});

test('no notice without sso', () => {
  const platform = testPlatform({ wiki: { build: (component) => void http(component, 'wiki', 'basic') } });
  expect([...platform.notices]).toEqual([]);
});

test('hidden paths lead nowhere: no rule takes them', () => {
  const platform = testPlatform({
    wiki: {
      build: (component) =>
        void new HttpRoute(component, 'wiki', {
          hosts: ['wiki'],
          to: server(component).endpoint('http'),
          access: 'basic',
          hidden: ['/secret', '/internal'],
        }),
    },
  });
  expect(find(objectsOf(platform), 'IngressRoute', 'wiki').spec.routes.map(({ match }) => match)).toEqual([
    '(Host(`wiki.hearth.test`)) && !PathPrefix(`/secret`) && !PathPrefix(`/internal`)',
  ]);
});
