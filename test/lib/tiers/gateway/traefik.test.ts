import * as YAML from 'yaml';
import { gateway } from '../../../../lib/core/gateway';
import { departures } from '../../../../lib/derived/exceptions';
import { distFiles } from '../../../../lib/synth';
import { all, container, containersOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const objects = (settings: Record<string, unknown> = {}, options: object = {}) =>
  objectsOf(geoai(settings, { traefik: options }));
const pods = (settings: Record<string, unknown> = {}, options: object = {}) =>
  find(objects(settings, options), 'Deployment', 'traefik').spec;
const staticConfig = (settings: Record<string, unknown> = {}, options: object = {}): unknown =>
  YAML.parse(find(objects(settings, options), 'ConfigMap', 'traefik').data['traefik.yaml'] ?? '');
const acme = {
  domain: 'geoai.hearth.dev',
  tls: { mode: 'lets-encrypt', email: 'ops@hearth.dev' },
};

test('the whole file', () => expect(manifestFile(geoai(), 'traefik')).toMatchSnapshot());

test('all plain HTTP is redirected to HTTPS', () => {
  expect(staticConfig()).toMatchObject({
    entryPoints: {
      web: { http: { redirections: { entryPoint: { to: ':443', scheme: 'https', permanent: true } } } },
    },
  });
});

test('access log on, log level INFO, or as said', () => {
  expect(staticConfig()).toMatchObject({ accessLog: { format: 'json' }, log: { level: 'INFO' } });
  expect(staticConfig({}, { logLevel: 'DEBUG' })).toMatchObject({ log: { level: 'DEBUG' } });
});

test('the dashboard asks for the gateway password of user admin', () => {
  expect(find(objects(), 'IngressRoute', 'traefik').spec.routes).toEqual([
    {
      kind: 'Rule',
      match: 'Host(`traefik.geoai.home.arpa`)',
      middlewares: [{ name: 'edge' }, { name: 'basic-auth' }, { name: 'upstream' }],
      services: [{ kind: 'TraefikService', name: 'api@internal' }],
    },
  ]);
  const { keys } = geoai({}, { traefik: { user: 'ops' } }).provider(gateway).basicAuth;
  expect(keys).toMatchObject({
    username: { kind: 'literal', value: 'ops' },
    password: { kind: 'password', length: 16 },
    users: { kind: 'htpasswd', user: 'ops', of: 'password' },
  });
  expect(geoai().provider(gateway).basicAuth.keys['users']).toMatchObject({
    kind: 'htpasswd',
    user: 'admin',
    of: 'password',
  });
});

test('no socket and no folder of the node, but read-only rights in the namespaces that have routes', () => {
  expect(JSON.stringify(pods().template.spec.volumes)).not.toContain('hostPath');
  const roles = all(objects(), 'Role').filter(({ metadata }) => metadata.name === 'geoai-gateway-traefik');
  expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['geoai-ai', 'geoai-data', 'geoai-gateway', 'geoai-tooling']);
  for (const { verbs } of roles.flatMap(({ rules }) => rules)) expect(verbs).toEqual(['get', 'list', 'watch']);
  expect(staticConfig()).toMatchObject({
    providers: { kubernetesCRD: { namespaces: roles.map(({ metadata }) => metadata.namespace) } },
  });
});

describe('self-signed', () => {
  test('a certificate for the domain and all names below it, which every route without its own gets', () => {
    const platform = geoai();
    const certificate = platform.graph.credentials.find(({ name }) => name === 'gateway-tls');
    expect(certificate?.type).toBe('kubernetes.io/tls');
    expect(certificate?.keys['tls.crt']).toMatchObject({
      hosts: ['geoai.home.arpa', '*.geoai.home.arpa'],
      of: 'tls.key',
    });
    expect(find(objects(), 'TLSStore', 'default').spec.defaultCertificate.secretName).toBe('gateway-tls');
  });

  test('needs no store, and no way to the internet', () => {
    expect(pods().strategy.type).toBe('RollingUpdate');
    expect(pods().template.spec).not.toHaveProperty('initContainers');
    expect(JSON.stringify(find(objects(), 'NetworkPolicy', 'traefik'))).not.toContain('0.0.0.0/0');
    expect(staticConfig()).not.toHaveProperty('certificatesResolvers');
  });
});

describe('Let’s Encrypt', () => {
  test('by HTTP-01, with the contact address', () => {
    expect(staticConfig(acme)).toMatchObject({
      certificatesResolvers: {
        letsencrypt: {
          acme: { email: 'ops@hearth.dev', storage: '/data/acme.json', httpChallenge: { entryPoint: 'web' } },
        },
      },
    });
    const server = 'https://acme-staging-v02.api.letsencrypt.org/directory';
    expect(staticConfig({ ...acme, tls: { ...acme.tls, server } })).toMatchObject({
      certificatesResolvers: { letsencrypt: { acme: { caServer: server } } },
    });
  });

  test('for every HTTP and TCP route', () => {
    const routes = [...all(objects(acme), 'IngressRoute'), ...all(objects(acme), 'IngressRouteTCP')];
    for (const { spec } of routes) expect(spec.tls).toMatchObject({ certResolver: 'letsencrypt' });
    expect(routes.length).toBeGreaterThan(7);
    expect(all(objects(acme), 'TLSStore')).toEqual([]);
    expect(geoai(acme).graph.credentials.map(({ name }) => name)).not.toContain('gateway-tls');
  });

  test('the store is a volume, and its file gets mode 600 before every start', () => {
    const { strategy, template } = pods(acme, { storage: '256Mi' });
    expect(strategy).toEqual({ type: 'Recreate' });
    expect(container(template, 'acme-permissions')).toMatchObject({
      command: ['sh', '-c', 'if [ -e /data/acme.json ]; then chmod 600 /data/acme.json; fi'],
      volumeMounts: [{ name: 'acme', mountPath: '/data' }],
    });
    expect(container(template, 'traefik').volumeMounts).toContainEqual({ name: 'acme', mountPath: '/data' });
    const claim = find(objects(acme, { storage: '256Mi' }), 'PersistentVolumeClaim', 'traefik-acme');
    expect(claim.spec.resources.requests['storage']).toBe('256Mi');
  });

  test('one pod, also where availability is high, and a way to the internet', () => {
    expect(pods({ ...acme, availability: 'high' }).replicas).toBe(1);
    expect(find(objects(acme), 'NetworkPolicy', 'traefik').spec.egress).toContainEqual({
      to: [
        {
          ipBlock: {
            cidr: '0.0.0.0/0',
            except: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
          },
        },
      ],
      ports: [{ port: 443, protocol: 'TCP' }],
    });
  });
});

test.each([
  ['https://ca.lan:9000/acme/acme/directory', 9000],
  ['https://acme-staging-v02.api.letsencrypt.org/directory', 443],
])('another ACME server, %s: a way to its port %i, at private addresses as well', (server, port) => {
  const settings = { ...acme, tls: { ...acme.tls, server } };
  const { egress } = find(objects(settings), 'NetworkPolicy', 'traefik').spec;
  const toTheWorld = egress.filter(({ to }) => JSON.stringify(to).includes('0.0.0.0/0'));
  expect(toTheWorld).toEqual([{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port, protocol: 'TCP' }] }]);
  expect(departures(geoai(settings))).toContainEqual(
    expect.objectContaining({
      what: `egress to the internet and private addresses, port ${port}`,
      why: `${new URL(server).host} issues the certificates`,
    }),
  );
});

test('an own certificate: the Secret that the file names, and several pods where availability is high', () => {
  const own = { tls: { mode: 'secret', secret: 'wildcard.hearth.dev' }, availability: 'high' };
  expect(find(objects(own), 'TLSStore', 'default').spec.defaultCertificate.secretName).toBe('wildcard.hearth.dev');
  expect(geoai(own).graph.credentials.map(({ name }) => name)).not.toContain('gateway-tls');
  expect(pods(own).replicas).toBe(2);
  expect(find(objects(own), 'PodDisruptionBudget', 'traefik').spec.maxUnavailable).toBe(1);
});

describe('the Traefik that k3s brings', () => {
  const bundled = { gateway: 'k3s-bundled', ...acme };
  const values = (settings: Record<string, unknown> = bundled): unknown =>
    YAML.parse(find(objects(settings), 'HelmChartConfig', 'traefik', 'kube-system').spec.valuesContent);

  test('is configured, not run', () => {
    expect(manifestFile(geoai(bundled), 'traefik')).toMatchSnapshot();
    const deployed = objects(bundled);
    expect(all(deployed, 'Deployment').filter(({ metadata }) => metadata.name === 'traefik')).toEqual([]);
    expect(all(deployed, 'Service').filter(({ metadata }) => metadata.name.startsWith('traefik'))).toEqual([]);
    expect([...distFiles(geoai(bundled)).keys()].filter((path) => path.includes('crds'))).toEqual([]);
    expect([...distFiles(geoai()).keys()].filter((path) => path.includes('crds'))).toEqual([
      'geoai/00-cluster/traefik-crds.k8s.yaml',
    ]);
  });

  test('redirects, logs, and listens for PostgreSQL', () => {
    expect(values()).toMatchObject({
      additionalArguments: expect.arrayContaining([
        '--entrypoints.web.http.redirections.entrypoint.to=:443',
        '--entrypoints.web.http.redirections.entrypoint.scheme=https',
        '--certificatesresolvers.letsencrypt.acme.email=ops@hearth.dev',
        '--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=web',
      ]),
      logs: { general: { level: 'INFO' }, access: { enabled: true } },
      ports: { postgres: { port: 5432, exposedPort: 5432, protocol: 'TCP', expose: { default: true } } },
      persistence: { enabled: true, path: '/data' },
      deployment: { replicas: 1 },
    });
  });

  test('keeps nothing where no certificate is ordered', () => {
    const settings = { gateway: 'k3s-bundled' };
    expect(values(settings)).not.toHaveProperty('persistence');
    expect(JSON.stringify(values(settings))).not.toContain('acme');
    expect(find(objects(settings), 'TLSStore', 'default').metadata.namespace).toBe('geoai-gateway');
  });

  test('policies let it in by its namespace', () => {
    expect(find(objects(bundled), 'NetworkPolicy', 'mlflow').spec.ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'app.kubernetes.io/name': 'traefik' } },
          },
        ],
        ports: [{ port: 5000, protocol: 'TCP' }],
      },
    ]);
  });
});

test('probes and metrics are on a port of their own', () => {
  expect(containersOf(pods().template)[0]).toMatchObject({
    readinessProbe: { httpGet: { path: '/ping', port: 'metrics' } },
    ports: expect.arrayContaining([{ name: 'metrics', containerPort: 8080, protocol: 'TCP' }]),
  });
  expect(find(objects(), 'Service', 'traefik-public').spec.ports.map(({ name }) => name)).toEqual([
    'web',
    'websecure',
    'postgres',
  ]);
});
