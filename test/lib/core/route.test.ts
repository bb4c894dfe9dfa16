import { Deployment } from '../../../lib/core/controllers';
import type { Component } from '../../../lib/core/component';
import { HttpRoute, TcpRoute, UdpRoute, type Access } from '../../../lib/core/route';
import { all, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

const server = (component: Component) =>
  new Deployment(component, component.name, {
    ...sleeper,
    ports: { http: 8080, sql: 5432, game: { port: 7777, protocol: 'UDP' } },
  });
const http = (component: Component, name: string, access: Access, more: { path?: string; hosts?: string[] } = {}) =>
  new HttpRoute(component, name, { hosts: [name], access, to: server(component).endpoint('http'), ...more });

test('HTTP: HTTPS by host, to the named port', () => {
  const platform = testPlatform({ wiki: { build: (component) => void http(component, 'wiki', 'public') } });
  expect(find(objectsOf(platform), 'IngressRoute', 'wiki', 'test-apps').spec).toEqual({
    entryPoints: ['websecure'],
    routes: [{ kind: 'Rule', match: 'Host(`wiki.hearth.test`)', services: [{ name: 'wiki', port: 'http' }] }],
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
  expect(all(objects, 'Middleware').map(({ metadata, spec }) => [metadata.namespace, metadata.name, spec])).toEqual([
    ['test-data', 'basic-auth', { basicAuth: { secret: 'gateway-basic-auth-users', removeHeader: true } }],
    ['test-apps', 'basic-auth', { basicAuth: { secret: 'gateway-basic-auth-users', removeHeader: true } }],
  ]);
  const withMiddleware = all(objects, 'IngressRoute').filter(({ spec }) => spec.routes[0]?.middlewares);
  expect(withMiddleware.map(({ metadata }) => metadata.name).sort()).toEqual(['blog', 'files', 'wiki']);
  expect(platform.gateway().basicAuth.secrets).toEqual([
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
    { name: 'basic-auth' },
  ]);
  expect([...platform.notices]).toEqual([
    'single sign-on is not part of the platform: routes with access sso ask for the gateway password',
  ]);
});

test('no notice without sso', () => {
  const platform = testPlatform({ wiki: { build: (component) => void http(component, 'wiki', 'basic') } });
  expect([...platform.notices]).toEqual([]);
});

test('TCP: by server name, on an entry point of its own', () => {
  const platform = testPlatform({
    sql: {
      build: (component) =>
        void new TcpRoute(component, 'sql', {
          host: 'sql',
          entryPoint: { name: 'postgres', port: 5432 },
          to: server(component).endpoint('sql'),
        }),
    },
  });
  expect(find(objectsOf(platform), 'IngressRouteTCP', 'sql').spec).toEqual({
    entryPoints: ['postgres'],
    routes: [{ match: 'HostSNI(`sql.hearth.test`)', services: [{ name: 'sql', port: 'sql' }] }],
    tls: {},
  });
  expect(platform.graph.routes[0]?.entryPoint).toEqual({ name: 'postgres', port: 5432, protocol: 'TCP' });
});

test('TCP: a protocol that clients name in the handshake becomes an option of the route', () => {
  const platform = testPlatform({
    sql: {
      build: (component) =>
        void new TcpRoute(component, 'sql', {
          host: 'sql',
          entryPoint: { name: 'postgres', port: 5432 },
          to: server(component).endpoint('sql'),
          alpn: 'postgresql',
        }),
    },
  });
  const objects = objectsOf(platform);
  expect(find(objects, 'IngressRouteTCP', 'sql').spec.tls).toEqual({ options: { name: 'sql' } });
  expect(find(objects, 'TLSOption', 'sql').spec).toEqual({ alpnProtocols: ['postgresql'] });
});

test('hidden paths lead nowhere, behind the same guard', () => {
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
  const objects = objectsOf(platform);
  expect(find(objects, 'IngressRoute', 'wiki').spec.routes.slice(1)).toEqual([
    {
      kind: 'Rule',
      match: '(Host(`wiki.hearth.test`)) && (PathPrefix(`/secret`) || PathPrefix(`/internal`))',
      middlewares: [{ name: 'basic-auth' }, { name: 'wiki-hidden' }],
      services: [{ name: 'wiki', port: 'http' }],
    },
  ]);
  expect(find(objects, 'Middleware', 'wiki-hidden').spec).toEqual({ replacePath: { path: '/hidden-by-the-gateway' } });
});

test('UDP: an entry point, no host', () => {
  const platform = testPlatform({
    game: {
      build: (component) =>
        void new UdpRoute(component, 'game', {
          entryPoint: { name: 'game', port: 7777 },
          to: server(component).endpoint('game'),
        }),
    },
  });
  expect(find(objectsOf(platform), 'IngressRouteUDP', 'game').spec).toEqual({
    entryPoints: ['game'],
    routes: [{ services: [{ name: 'game', port: 'game' }] }],
  });
  expect(platform.graph.routes[0]?.entryPoint).toEqual({ name: 'game', port: 7777, protocol: 'UDP' });
});
