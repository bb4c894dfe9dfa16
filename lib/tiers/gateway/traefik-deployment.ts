import type { Component } from '../../core/component';
import { ConfigFiles, yaml } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import { temporary, type MountSource } from '../../core/mount';
import { http } from '../../core/probe';
import { quantityValue } from '../../core/resources';
import { HttpRoute, type EntryPoint } from '../../core/route';
import type { SignIn } from '../../core/sign-in';
import { Volume } from '../../core/volume';
import type { WorkloadProps } from '../../core/workload';
import { images } from '../../images';
import { gatewayWaysOut } from './gateway-ways-out';
import type { TraefikOptions } from './traefik-options';
import { staticConfig } from './traefik-static-config';

export interface TraefikProps {
  readonly options: TraefikOptions;
  readonly entryPoints: EntryPoint[];
  /** What knows who is signed in. @default no route asks */
  readonly signIn?: SignIn;
}

/** Traefik's own pods, once all routes are declared. */
export function startTraefik(self: Component, { options, entryPoints, signIn }: TraefikProps): void {
  const { config, graph } = self.platform;
  const { tls } = config;
  const { routes } = graph;
  const namespaces = [...new Set([self.tier.namespace, ...routes.map((route) => route.component.tier.namespace)])].sort();
  const store = tls.mode === 'lets-encrypt' ? self.volume('acme', 'none') : undefined;
  const files = new ConfigFiles(self, self.name, {
    'traefik.yaml': yaml({
      ...staticConfig(config, options, entryPoints),
      providers: { kubernetesCRD: { namespaces, disableClusterScopeResources: true } },
    }),
  });
  const mounts: Record<string, MountSource> = {
    '/etc/traefik': files,
    '/tmp': temporary('tmp', scratch(options)),
    ...(store ? { '/data': store } : {}),
  };
  const deployment = new Deployment(self, self.name, {
    image: images.traefik,
    args: ['--configFile=/etc/traefik/traefik.yaml'],
    ports: {
      web: { port: 8000, service: 80, public: 80 },
      websecure: { port: 8443, service: 443, public: 443, tls: 'gateway' },
      ...Object.fromEntries(entryPoints.map(({ name, port, protocol }) => [name, { port, public: port, protocol }] as const)),
      metrics: 8080,
    },
    mounts,
    ...(store ? { init: acmePermissions(store) } : {}),
    internet: gatewayWaysOut(config, options),
    kubernetes: { why: 'Traefik reads its routes and their certificates from the Kubernetes API.', namespaces, rules },
    user: { uid: 65532, gid: 65532 },
    replicas: store ? 1 : self.replicas,
    probes: { ready: http('/ping', 'metrics') },
    metrics: { port: 'metrics', path: '/metrics' },
    terminationGraceSeconds: 60,
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1', memory: '256Mi' } },
  });
  if (signIn && routes.some((route) => route instanceof HttpRoute && route.access === 'sso')) {
    graph.connect(deployment, signIn.endpoint, 'asks who is signed in');
  }
}

/** Bodies are buffered here where their size is limited: as much as eight of the largest at once. */
function scratch({ maxBody }: TraefikOptions): string {
  return maxBody === undefined ? '64Mi' : `${Math.ceil(((quantityValue(maxBody) ?? 0) * 8) / 2 ** 20) + 64}Mi`;
}

/** Traefik refuses a store that its group can read, which is what fsGroup makes of it. */
const acmePermissions = (store: Volume): WorkloadProps['init'] => ({
  'acme-permissions': {
    image: images.busybox,
    command: ['sh', '-c', 'if [ -e /data/acme.json ]; then chmod 600 /data/acme.json; fi'],
    mounts: { '/data': store },
    resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
  },
});

const rules = [
  { apiGroups: [''], resources: ['services', 'secrets', 'configmaps'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
  {
    apiGroups: ['traefik.io'],
    resources: [
      'ingressroutes',
      'ingressroutetcps',
      'ingressrouteudps',
      'middlewares',
      'middlewaretcps',
      'serverstransports',
      'serverstransporttcps',
      'tlsoptions',
      'tlsstores',
      'traefikservices',
    ],
    verbs: ['get', 'list', 'watch'],
  },
];
