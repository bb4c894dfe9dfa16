import { catalogue } from '../../../../lib/catalogue';
import { Deployment } from '../../../../lib/core/controllers';
import type { Platform } from '../../../../lib/core/platform';
import { HttpRoute, type HttpRouteProps } from '../../../../lib/core/route';
import { container, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile, secured, sleeper, testPlatform, type TestEntry, problems } from '../../../support/platforms';

const program = (name: string, props: Partial<HttpRouteProps> = {}): TestEntry => ({
  build: (component) => {
    const server = new Deployment(component, name, { ...sleeper, ports: { http: 8000 } });
    new HttpRoute(component, name, { hosts: [name], to: server.endpoint('http'), access: 'public', ...props });
  },
});

/** A platform that publishes something. */
const publishing = (options: Readonly<Record<string, unknown>>, entries: Record<string, TestEntry> = {}): Platform => {
  const gate = catalogue['tailscale-gate'];
  if (!gate) throw new Error('the catalogue has no tailscale-gate');
  const programs = { app: program('app'), worker: {}, ...entries };
  const services = Object.fromEntries([...Object.keys(programs), 'gateway'].map((name) => [name, {}]));
  return testPlatform(programs, { services: { ...services, 'tailscale-gate': options } }, { 'tailscale-gate': gate });
};
const files = (platform: Platform) => find(objectsOf(platform), 'ConfigMap', 'tailscale-gate').data;
const open = (platform: Platform) => JSON.parse(files(platform)['open.json'] ?? '') as unknown;
const pod = (platform: Platform) => find(objectsOf(platform), 'Deployment', 'tailscale-gate').spec.template;

test('the whole file', () =>
  expect(
    manifestFile(
      geoai({}, { 'tailscale-gate': { to: 'minio', route: 'minio-api', healthPath: '/minio/health/live' } }),
      'tailscale-gate',
    ),
  ).toMatchSnapshot());

test('it only runs where it is named', () => {
  expect(JSON.stringify(objectsOf(geoai()))).not.toContain('tailscale');
});

test('one service is published on port 8443, by its name inside the cluster', () => {
  expect(open(publishing({ to: 'app' }))).toEqual({
    TCP: { '8443': { HTTPS: true } },
    Web: { '${TS_CERT_DOMAIN}:8443': { Handlers: { '/': { Proxy: 'http://app.test-apps.svc:8000' } } } },
    AllowFunnel: { '${TS_CERT_DOMAIN}:8443': true },
  });
  expect(open(publishing({ to: 'app', port: 443 }))).toMatchObject({ AllowFunnel: { '${TS_CERT_DOMAIN}:443': true } });
});

test('closed means that nothing is published', () => {
  expect(JSON.parse(files(publishing({ to: 'app' }))['closed.json'] ?? '')).toEqual({});
});

test('what the gateway hides of a program is hidden here, too, and only the path of its route is published', () => {
  const hidden = { app: program('app', { hidden: ['/metrics'] }) };
  expect(open(publishing({ to: 'app' }, hidden))).toMatchObject({
    Web: {
      '${TS_CERT_DOMAIN}:8443': {
        Handlers: {
          '/': { Proxy: 'http://app.test-apps.svc:8000' },
          '/metrics': { Proxy: 'http://app.test-apps.svc:8000/hidden-by-the-gateway' },
        },
      },
    },
  });
  const below = publishing({ to: 'app', healthPath: '/up' }, { app: program('app', { path: '/api', hidden: ['/api/admin'] }) });
  expect(open(below)).toMatchObject({
    Web: {
      '${TS_CERT_DOMAIN}:8443': {
        Handlers: {
          '/api': { Proxy: 'http://app.test-apps.svc:8000/api' },
          '/api/admin': { Proxy: 'http://app.test-apps.svc:8000/hidden-by-the-gateway' },
        },
      },
    },
  });
  expect(envOf(container(pod(below), 'gate')).HEALTH_URL).toBe('http://app.test-apps.svc:8000/api/up');
});

test('a second one has a name in the tailnet and an auth key of its own', () => {
  const platform = geoai(
    {},
    {
      'tailscale-gate': { to: 'minio', route: 'minio-api' },
      console: { component: 'tailscale-gate', to: 'minio', route: 'minio' },
    },
  );
  const { template } = find(objectsOf(platform), 'Deployment', 'console').spec;
  expect(envOf(container(template, 'tailscale')).TS_HOSTNAME).toBe('console-geoai');
  expect(container(template, 'tailscale').volumeMounts).toContainEqual({
    name: 'console-tailscale',
    mountPath: '/etc/tailscale',
    readOnly: true,
  });
  expect(platform.graph.credentials.map(({ name }) => name)).toEqual(expect.arrayContaining(['tailscale', 'console-tailscale']));
});

test('the gate asks the service in the cluster, as often as said', () => {
  const options = { to: 'app', healthPath: '/health', intervalSeconds: 60, failures: 5 };
  expect(envOf(container(pod(publishing(options)), 'gate'))).toMatchObject({
    SERVICE: 'app',
    HEALTH_URL: 'http://app.test-apps.svc:8000/health',
    INTERVAL: '60',
    FAILURES: '5',
  });
});

test('it may reach that service and the internet on port 443, and nobody reaches it', () => {
  const objects = objectsOf(publishing({ to: 'app' }, { other: program('other') }));
  const { egress, ingress } = find(objects, 'NetworkPolicy', 'tailscale-gate').spec;
  const text = JSON.stringify(egress);
  expect(text).toContain('"app.kubernetes.io/instance":"app"');
  expect(text).not.toContain('other');
  expect(text).toMatch(/"port":443,"protocol":"TCP"}\],"to":\[{"ipBlock":{"cidr":"0\.0\.0\.0\/0"/);
  expect(ingress).toBeUndefined();
  expect(JSON.stringify(find(objects, 'NetworkPolicy', 'app').spec.ingress)).toContain('tailscale-gate');
});

test('the auth key is supplied, comes as a file, and is in no variable and no argument', () => {
  const platform = publishing({ to: 'app', tags: ['tag:gate', 'tag:public'] });
  const credential = platform.graph.credentials.find(({ name }) => name === 'tailscale');
  expect(credential?.keys.authKey?.kind).toBe('supplied');
  const { env, volumeMounts } = container(pod(platform), 'tailscale');
  expect(JSON.stringify(env)).not.toContain('secretKeyRef');
  expect(envOf(container(pod(platform), 'tailscale')).TS_EXTRA_ARGS).toBe(
    '--auth-key=file:/etc/tailscale/authKey --advertise-tags=tag:gate,tag:public',
  );
  expect(volumeMounts).toContainEqual({ name: 'tailscale', mountPath: '/etc/tailscale', readOnly: true });
  expect(pod(platform).spec.volumes.find(({ name }) => name === 'tailscale')?.secret).toMatchObject({
    secretName: 'tailscale',
    items: [{ key: 'authKey', path: 'authKey' }],
  });
  expect(container(pod(platform), 'gate').volumeMounts.map(({ mountPath }) => mountPath)).not.toContain('/etc/tailscale');
});

test('it needs no rights at the API and no network device; its state is on a volume', () => {
  const platform = publishing({ to: 'app', hostname: 'gate' });
  expect(pod(platform).spec.automountServiceAccountToken).toBe(false);
  expect(envOf(container(pod(platform), 'tailscale'))).toMatchObject({
    TS_KUBE_SECRET: '',
    TS_USERSPACE: 'true',
    TS_STATE_DIR: '/var/lib/tailscale/state',
    TS_HOSTNAME: 'gate',
  });
  expect(find(objectsOf(platform), 'PersistentVolumeClaim', 'tailscale-gate-state').spec.resources.requests.storage).toBe('64Mi');
  expect(envOf(container(pod(publishing({ to: 'app' })), 'tailscale')).TS_HOSTNAME).toBe('test');
});

test('both containers share the folder with what is published, and nothing else that can be written', () => {
  const writable = (name: string) =>
    container(pod(publishing({ to: 'app' })), name)
      .volumeMounts.filter(({ readOnly }) => !readOnly)
      .map(({ name: volume }) => volume);
  expect(writable('tailscale').filter((name) => writable('gate').includes(name))).toEqual(['served']);
});

describe('what cannot be is said with its place and what to write instead', () => {
  test.each<[what: string, options: Readonly<Record<string, unknown>>, entries: Record<string, TestEntry>, message: string]>([
    ['a service that is not there', { to: 'ap' }, {}, 'to: there is no service "ap" in this platform; did you mean "app"?'],
    ['a service without routes', { to: 'worker' }, {}, 'to: worker has no pages or API that routes lead to; write one of app'],
    ['an unknown route', { to: 'app', route: 'metrics' }, {}, 'route: app has no route "metrics"; write one of app'],
    [
      'a service with TLS of its own',
      { to: 'app' },
      { app: secured('app') },
      'to: app speaks TLS with a certificate of its own, which Funnel cannot check; write another service',
    ],
    [
      'a service that asks nobody itself',
      { to: 'app' },
      { app: program('app', { access: 'basic' }) },
      'to: app leaves it to the gateway to ask who comes, and nobody is asked here; write a service that asks itself, or everyone: true',
    ],
  ])('%s', (_, options, entries, message) =>
    expect(problems(() => publishing(options, entries))).toBe(`test.yaml  services.tailscale-gate.${message}`),
  );

  test.each<[what: string, options: object | null, message: string]>([
    ['nothing', null, 'is empty; write to: with the name of the service to publish'],
    ['no service', {}, '.to: is missing; write the name of the service to publish, for example couchdb'],
    ['another port', { to: 'minio', port: 8080 }, '.port: Funnel has three ports only; write 443, 8443 or 10000'],
    ['a tag without its beginning', { to: 'minio', tags: ['gate'] }, '.tags.0: must begin with tag:; write for example tag:gate'],
    ['checks without a pause', { to: 'minio', intervalSeconds: 0 }, '.intervalSeconds: must be at least 5; write 5'],
    [
      'a health path with other words',
      { to: 'minio', healthPath: '/a b' },
      '.healthPath: must be a path; write for example /health',
    ],
  ])('%s', (_, options, message) =>
    expect(problems(() => geoai({}, { 'tailscale-gate': options }))).toContain(
      `services.tailscale-gate${message.startsWith('.') ? '' : ': '}${message}`,
    ),
  );

  test('everyone: true publishes it all the same', () => {
    const platform = publishing({ to: 'app', everyone: true }, { app: program('app', { access: 'basic' }) });
    expect(open(platform)).toHaveProperty('AllowFunnel');
  });
});
