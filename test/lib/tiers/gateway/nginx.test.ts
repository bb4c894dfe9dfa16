import { catalogue } from '../../../../lib/catalogue';
import { Deployment } from '../../../../lib/core/controllers';
import type { Platform } from '../../../../lib/core/platform';
import { HttpRoute, type HttpRouteProps } from '../../../../lib/core/route';
import { signIn } from '../../../../lib/core/sign-in';
import { startScript } from '../../../../lib/tiers/gateway/nginx/config';
import { block, line, render } from '../../../../lib/tiers/gateway/nginx/directives';
import { all, container, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile, secured, sleeper, testPlatform, type TestEntry, problems } from '../../../support/platforms';

const program = (name: string, props: Partial<HttpRouteProps> = {}): TestEntry => ({
  build: (component) => {
    const server = new Deployment(component, name, { ...sleeper, ports: { http: 8000 } });
    new HttpRoute(component, name, { hosts: [name], to: server.endpoint('http'), access: 'public', ...props });
  },
});

const signInProvider: TestEntry = {
  tier: 'auth',
  needs: {},
  provides: { signIn },
  build: (component) => {
    const server = new Deployment(component, 'sign-in', { ...sleeper, ports: { http: 4180 } });
    return { signIn: { endpoint: server.endpoint('http'), cookie: 'session' } };
  },
};

/** A platform with a path gateway, and with programs that it may lead to. */
const withPaths = (locations: object, entries: Record<string, TestEntry> = {}, options: object = {}): Platform => {
  const { nginx } = catalogue;
  if (!nginx) throw new Error('the catalogue has no nginx');
  const programs = { app: program('app'), worker: {}, ...entries };
  const services = Object.fromEntries([...Object.keys(programs), 'gateway'].map((name) => [name, {}]));
  return testPlatform(programs, { services: { ...services, nginx: { ...options, locations } } }, { nginx });
};
const open = { to: 'app', access: 'public' };
const config = (platform: Platform) => find(objectsOf(platform), 'ConfigMap', 'nginx').data['nginx.conf'] ?? '';
/** The text of one location. */
const locationOf = (platform: Platform, path: string) =>
  config(platform).split(`    location ${path} {\n`)[1]?.split('\n    }\n')[0] ?? '';

test('the whole file', () =>
  expect(
    manifestFile(geoai({}, { nginx: { locations: { '/app/': { to: 'mlflow', access: 'public', cache: true } } } }), 'nginx'),
  ).toMatchSnapshot());

test('two pods where availability is high', () =>
  expect(find(objectsOf(geoai({ availability: 'high' }, { nginx: {} })), 'Deployment', 'nginx').spec.replicas).toBe(2));

test('Traefik leads its host here without asking who comes, and without a limit', () => {
  const routes = (options: object) =>
    find(objectsOf(withPaths({ '/app/': open }, {}, options)), 'IngressRoute', 'nginx').spec.routes;
  expect(routes({})).toMatchObject([
    { match: 'Host(`paths.hearth.test`)', middlewares: [{ name: 'security-headers' }], services: [{ name: 'nginx' }] },
  ]);
  expect(routes({ host: 'all' })[0]?.match).toBe('Host(`all.hearth.test`)');
});

test('a second one has a host of its own', () => {
  const objects = objectsOf(geoai({}, { nginx: {}, inner: { component: 'nginx' } }));
  const match = (name: string) => find(objects, 'IngressRoute', name).spec.routes[0]?.match;
  expect(match('nginx')).toBe('Host(`paths.geoai.home.arpa`)');
  expect(match('inner')).toBe('Host(`inner-paths.geoai.home.arpa`)');
  expect(find(objects, 'ConfigMap', 'inner').data['nginx.conf']).toContain('inner-paths.geoai.home.arpa');
});

describe('what stands below which path', () => {
  const locations = (platform: Platform) =>
    [...config(platform).matchAll(/^ {4}location (\/\S+\/) \{$/gm)].map(([, path]) => path);

  test('Keycloak and MinIO where the platform has them', () => {
    expect(locations(withPaths({ '/app/': open }))).toEqual(['/app/']);
    expect(locations(geoai({}, { nginx: {} }))).toEqual(['/minio/', '/minio-console/']);
    expect(locations(withPaths({}, { keycloak: program('keycloak') }))).toEqual(['/keycloak/']);
  });

  test('none takes one away, and what the platform file says takes its place', () => {
    const minio = (options: unknown) => geoai({}, { nginx: { locations: { '/minio/': options } } });
    expect(locations(minio('none'))).toEqual(['/minio-console/']);
    expect(locationOf(minio({ to: 'mlflow', access: 'public' }), '/minio/')).toContain('http://$upstream');
    expect(locationOf(minio({ to: 'mlflow', access: 'public' }), '/minio/')).toContain(
      'set $upstream mlflow.geoai-ai.svc.cluster.local:5000;',
    );
  });

  test('the S3 API and the console of MinIO are told apart', () => {
    const platform = geoai({}, { nginx: {} });
    expect(locationOf(platform, '/minio/')).toContain('set $upstream minio.geoai-data.svc.cluster.local:9000;');
    expect(locationOf(platform, '/minio-console/')).toContain('set $upstream minio.geoai-data.svc.cluster.local:9001;');
  });

  test('bodies of any size go to them without a limit to the rate, others are limited', () => {
    const platform = geoai({}, { nginx: { locations: { '/app/': { to: 'mlflow', access: 'public' } } } });
    for (const path of ['/minio/', '/minio-console/']) {
      expect(locationOf(platform, path)).toContain('client_max_body_size 0;');
      expect(locationOf(platform, path)).not.toContain('limit_req');
    }
    expect(locationOf(platform, '/app/')).toContain('client_max_body_size 100m;');
    expect(locationOf(platform, '/app/')).toContain('limit_req zone=clients burst=50 nodelay;');
  });

  test('a platform may have its own names inside the cluster', () => {
    const network = { clusterDomain: 'k8s.lan' };
    expect(config(geoai({ network }, { nginx: {} }))).toContain('minio.geoai-data.svc.k8s.lan:9000');
  });
});

test('it may reach what its locations lead to, and nothing else', () => {
  const objects = objectsOf(withPaths({ '/app/': open }, { other: program('other') }));
  const { egress, ingress } = find(objects, 'NetworkPolicy', 'nginx').spec;
  expect(JSON.stringify(egress)).toContain('"app.kubernetes.io/instance":"app"');
  expect(JSON.stringify(egress)).not.toContain('other');
  expect(JSON.stringify(ingress)).toContain('"app.kubernetes.io/instance":"gateway"');
  expect(JSON.stringify(find(objects, 'NetworkPolicy', 'app').spec.ingress)).toContain('nginx');
});

describe('single sign-on', () => {
  const guarded = (access: unknown) => withPaths({ '/app/': { to: 'app', access } }, { 'sign-in': signInProvider });

  test('is what a location asks for by default', () => {
    const platform = withPaths({ '/app/': { to: 'app' } }, { 'sign-in': signInProvider });
    expect(locationOf(platform, '/app/')).toContain('auth_request /.sign-in/anybody;');
    expect(locationOf(platform, '= /.sign-in/anybody')).toContain('proxy_pass http://$sign_in/oauth2/auth;');
    expect(JSON.stringify(find(objectsOf(platform), 'NetworkPolicy', 'nginx').spec.egress)).toContain('sign-in');
  });

  test('groups are asked for with a slash before them, and do not mix', () => {
    const text = config(guarded({ groups: ['admins', 'team/ops'] }));
    expect(text).toContain('proxy_pass http://$sign_in/oauth2/auth?allowed_groups=/admins,/team/ops;');
    expect(text).not.toContain('/.sign-in/anybody');
  });

  test('nobody is asked for where no location wants to know', () => {
    const platform = withPaths({ '/app/': open }, { 'sign-in': signInProvider });
    expect(config(platform)).not.toContain('auth_request');
    expect(JSON.stringify(find(objectsOf(platform), 'NetworkPolicy', 'nginx').spec.egress)).not.toContain('sign-in');
  });
});

test('what the gateway hides of a program is hidden here, too', () => {
  const hidden = { app: program('app', { path: '/base', hidden: ['/base/metrics', '/other'] }) };
  const text = config(withPaths({ '/app/': open }, hidden));
  expect(text).toContain('    location /app/metrics {\n      return 404;\n    }\n');
  expect(text).not.toContain('/other');
  expect(text).toContain('proxy_pass http://$upstream/base$rest;');
});

test('a program that speaks TLS must prove who it is', () => {
  const platform = withPaths({ '/app/': open }, { app: secured('app') });
  const text = locationOf(platform, '/app/');
  expect(text).toContain('proxy_pass https://$upstream$rest;');
  expect(text).toMatch(/proxy_ssl_verify on;\n +proxy_ssl_server_name on;\n +proxy_ssl_name app\.test-apps\.svc;/);
  expect(text).toContain('proxy_ssl_trusted_certificate /etc/path-gateway-trust/app-tls/ca.crt;');
  const { template } = find(objectsOf(platform), 'Deployment', 'nginx').spec;
  expect(container(template, 'nginx').volumeMounts).toContainEqual({
    name: 'app-tls',
    mountPath: '/etc/path-gateway-trust/app-tls',
    readOnly: true,
  });
  expect(template.spec.volumes.find(({ name }) => name === 'app-tls')?.secret.items).toEqual([{ key: 'ca.crt', path: 'ca.crt' }]);
});

describe('what cannot be is said with its place and what to write instead, all at once', () => {
  test.each<[what: string, locations: object, message: string]>([
    [
      'a service that is not there',
      { '/app/': { to: 'ap', access: 'public' } },
      'test.yaml  services.nginx.locations./app/.to: there is no service "ap" in this platform; did you mean "app"?',
    ],
    [
      'a service without routes',
      { '/app/': { to: 'worker', access: 'public' } },
      'test.yaml  services.nginx.locations./app/.to: worker has no pages or API that routes lead to; write one of app',
    ],
    [
      'itself',
      { '/app/': { to: 'nginx', access: 'public' } },
      'test.yaml  services.nginx.locations./app/.to: nginx has no pages or API that routes lead to; write one of app',
    ],
    [
      'an unknown route',
      { '/app/': { ...open, route: 'metrics' } },
      'test.yaml  services.nginx.locations./app/.route: app has no route "metrics"; write one of app',
    ],
    [
      'single sign-on that the platform does not have',
      { '/app/': { to: 'app' } },
      'test.yaml  services.nginx.locations./app/.access: needs single sign-on; add "oauth2-proxy: {}" under services, or write access: public',
    ],
    [
      'several',
      { '/app/': { to: 'ap' }, '/b/': { to: 'worker' } },
      'test.yaml  services.nginx.locations./app/.to: there is no service "ap" in this platform; did you mean "app"?\n' +
        'test.yaml  services.nginx.locations./b/.to: worker has no pages or API that routes lead to; write one of app',
    ],
  ])('%s', (_, locations, message) => expect(problems(() => withPaths(locations))).toBe(message));

  test.each<[what: string, locations: object, message: string]>([
    ['a path without slashes', { app: open }, 'locations.app: must be a path with a slash at both ends; write for example /app/'],
    ['a path that climbs', { '/../': open }, 'locations./../: must be a path with a slash at both ends'],
    ['no service', { '/app/': {} }, 'locations./app/.to: is missing; write the name of a service, for example mlflow'],
    [
      'the gateway’s password',
      { '/app/': { to: 'mlflow', access: 'basic' } },
      'locations./app/.access: "basic" is not possible here; write public, sso or { groups: [admins] }',
    ],
    ['a word', { '/app/': 'off' }, 'locations./app/: must be a location; write for example { to: mlflow }, or none'],
  ])('%s', (_, locations, message) =>
    expect(problems(() => geoai({}, { nginx: { locations } }))).toContain(`services.nginx.${message}`),
  );
});

test('its file system is read-only but for the cache and temporary files', () => {
  const { template } = find(objectsOf(withPaths({ '/app/': open })), 'Deployment', 'nginx').spec;
  const { securityContext, volumeMounts } = container(template, 'nginx');
  expect(securityContext.readOnlyRootFilesystem).toBe(true);
  expect(template.spec.securityContext).toMatchObject({ runAsUser: 101, runAsGroup: 101 });
  expect(volumeMounts.filter(({ readOnly }) => !readOnly).map(({ mountPath }) => mountPath)).toEqual([
    '/var/cache/nginx',
    '/tmp',
  ]);
  expect(all(objectsOf(withPaths({ '/app/': open })), 'PersistentVolumeClaim')).toEqual([]);
});

test('another configuration is reloaded, and restarts no pod', () => {
  const { template } = find(objectsOf(withPaths({ '/app/': open })), 'Deployment', 'nginx').spec;
  expect(template.metadata).not.toHaveProperty('annotations');
  expect(container(template, 'nginx').command?.[2]).toContain(
    'readlink \'/etc/path-gateway/..data\')\n    [ "$seen" != "$known" ] || continue',
  );
  expect(container(template, 'nginx').command?.slice(3)).toEqual(['sh', 'sh', '-c', startScript]);
});

describe('the text of a configuration', () => {
  test('blocks are indented, variables stay', () => {
    expect(render([block(['location', '/a/'], [line('set', '$b', 'c'), block(['if', '($d)'], [line('return', 404)])])])).toBe(
      'location /a/ {\n  set $b c;\n  if ($d) {\n    return 404;\n  }\n}\n',
    );
  });

  test.each([
    ['', '""'],
    ['a b', '"a b"'],
    ['a;b', '"a;b"'],
    ['}', '"}"'],
    ['# a', '"# a"'],
    ['say "a"', '"say \\"a\\""'],
    ["it's", '"it\'s"'],
    ['\\.css$', '"\\\\.css$"'],
    ['a\nb', '"a\\nb"'],
  ])('%j is one word', (word, text) => expect(render([line('return', word)])).toBe(`return ${text};\n`));
});
