import { z } from 'zod';
import { portOfUrl } from '../../config/address';
import { access, bytes, replicas, resources, storage, wholeNumber } from '../../config/options';
import { Component } from '../../core/component';
import { ConfigFiles, yaml } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import { Credential, htpasswd, literal, password } from '../../core/credential';
import type { Gateway } from '../../core/gateway';
import type { RequestPolicy } from '../../core/middlewares';
import { temporary, type MountSource } from '../../core/mount';
import type { Peer } from '../../core/peer';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { quantityValue, sized } from '../../core/resources';
import { HttpRoute, type EntryPoint } from '../../core/route';
import { Volume } from '../../core/volume';
import type { WorkloadProps } from '../../core/workload';
import { images } from '../../images';
import { certificates } from './certificates';
import { k3sTraefik } from './k3s-traefik';
import { staticConfig } from './traefik-static-config';

export const traefikOptions = z.strictObject({
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, { error: 'must be letters, digits, dots and dashes; write for example admin' })
    .default('admin')
    .describe('User of routes with access basic'),
  access: access('sso'),
  rateLimit: z
    .union([
      z.literal('none'),
      z.strictObject({
        average: wholeNumber(100).default(100).describe('Requests a second'),
        burst: wholeNumber(50).default(50).describe('Requests at once, beyond the average'),
      }),
    ])
    .prefault({})
    .describe('What one client may send to one route before it is told to wait (429); none: as much as it likes'),
  attempts: wholeNumber(2)
    .default(2)
    .describe('Tries for a request whose connection to the program fails; 1: no retry'),
  circuitBreaker: z
    .string({ error: 'must be an expression; write for example "NetworkErrorRatio() > 0.30", or none' })
    .default('NetworkErrorRatio() > 0.30')
    .describe('When a program gets a pause of five seconds (503) since it does not answer; none: never'),
  maxBody: bytes('100Mi')
    .optional()
    .describe('Largest body of a request, which is buffered then; by default no limit. Object stores take any size'),
  traces: z
    .strictObject({
      endpoint: z
        .url({
          protocol: /^https?$/,
          error: 'must be the URL of an OTLP receiver; write for example https://otlp.my-company.org:4318/v1/traces',
        })
        .describe('URL that takes OTLP over HTTP'),
      sampleRate: z
        .number({ error: 'must be a number from 0 to 1; write for example 0.1' })
        .min(0, { error: 'must be a number from 0 to 1; write 0' })
        .max(1, { error: 'must be a number from 0 to 1; write 1' })
        .default(1)
        .describe('Share of the requests that are traced'),
    })
    .optional()
    .describe('Where traces of requests go; by default nowhere'),
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO').describe('Least severity of what is logged'),
  storage: storage('128Mi'),
  replicas,
  resources,
});
export type TraefikOptions = z.output<typeof traefikOptions>;

/**
 * Traefik, the gateway: HTTP is redirected to HTTPS, TLS ends here, routes lead to components by host.
 * https://doc.traefik.io/traefik/
 */
export class Traefik extends Component implements Gateway {
  readonly basicAuth: Credential;
  readonly peer: Peer;
  readonly routeTls: { readonly certResolver?: string };
  readonly requests: RequestPolicy;
  private readonly bundled: boolean;

  constructor(
    platform: Platform,
    private readonly options: TraefikOptions,
  ) {
    super(platform, 'traefik');
    platform.provide('gateway', this, this);
    const { tls, gateway } = platform.config;
    this.bundled = gateway === 'k3s-bundled';
    this.peer = this.bundled
      ? { namespace: 'kube-system', podLabels: { 'app.kubernetes.io/name': 'traefik' } }
      : {
          namespace: this.tier.namespace,
          podLabels: { 'app.kubernetes.io/name': 'traefik', 'app.kubernetes.io/instance': 'traefik' },
        };
    this.routeTls = tls.mode === 'lets-encrypt' ? { certResolver: 'letsencrypt' } : {};
    this.requests = {
      ...(options.rateLimit === 'none' ? {} : { rateLimit: options.rateLimit }),
      ...(options.attempts > 1 ? { attempts: options.attempts } : {}),
      ...(options.circuitBreaker === 'none' ? {} : { circuitBreaker: options.circuitBreaker }),
      maxBody: options.maxBody,
      strictTransport: tls.mode !== 'self-signed',
    };
    this.basicAuth = new Credential(this, 'gateway-basic-auth', {
      keys: { username: literal(options.user), password: password(16), users: htpasswd(options.user, 'password') },
    });
    certificates(this);
    new HttpRoute(this, 'traefik', {
      hosts: ['traefik'],
      to: 'api@internal',
      access: options.access,
      tile: { title: 'Traefik', description: 'Routes and their state', icon: 'traefik.png' },
    });
  }

  override complete(): void {
    const { routes } = this.platform.graph;
    const entryPoints = routes.flatMap((route) => route.entryPoint ?? []);
    const namespaces = [
      ...new Set([this.tier.namespace, ...routes.map((route) => route.component.tier.namespace)]),
    ].sort();
    if (this.bundled) k3sTraefik(this, this.options, entryPoints);
    else this.deployment(entryPoints, namespaces);
  }

  /** Bodies are buffered here where their size is limited: as much as eight of the largest at once. */
  private scratch(): string {
    const { maxBody } = this.requests;
    return maxBody === undefined ? '64Mi' : `${Math.ceil(((quantityValue(maxBody) ?? 0) * 8) / 2 ** 20) + 64}Mi`;
  }

  private deployment(entryPoints: EntryPoint[], namespaces: string[]): void {
    const { tls } = this.platform.config;
    const acme = tls.mode === 'lets-encrypt';
    const store = new Volume('acme', { size: this.options.storage, backup: 'none' });
    const config = new ConfigFiles(this, 'traefik', {
      'traefik.yaml': yaml({
        ...staticConfig(this.platform.config, this.options, entryPoints),
        providers: { kubernetesCRD: { namespaces, disableClusterScopeResources: true } },
      }),
    });
    const mounts: Record<string, MountSource> = {
      '/etc/traefik': config,
      '/tmp': temporary('tmp', this.scratch()),
      ...(acme ? { '/data': store } : {}),
    };
    const small = { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } };
    const deployment = new Deployment(this, 'traefik', {
      image: images.traefik,
      args: ['--configFile=/etc/traefik/traefik.yaml'],
      ports: {
        web: { port: 8000, service: 80, public: 80 },
        websecure: { port: 8443, service: 443, public: 443 },
        ...Object.fromEntries(
          entryPoints.map(({ name, port, protocol }) => [name, { port, public: port, protocol }] as const),
        ),
        metrics: 8080,
      },
      mounts,
      ...(acme
        ? {
            // Traefik refuses a store that its group can read, which is what fsGroup makes of it.
            init: {
              'acme-permissions': {
                image: images.busybox,
                command: ['sh', '-c', 'if [ -e /data/acme.json ]; then chmod 600 /data/acme.json; fi'],
                mounts: { '/data': store },
                resources: small,
              },
            },
          }
        : {}),
      internet: waysOut(acme ? [wayToIssuer(tls.server)] : [], this.options.traces?.endpoint),
      kubernetes: {
        why: 'Traefik reads its routes and their certificates from the Kubernetes API.',
        namespaces,
        rules: [
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
        ],
      },
      user: { uid: 65532, gid: 65532 },
      replicas: this.options.replicas ?? (acme ? 1 : this.platform.replicas(2)),
      probes: { ready: http('/ping', 'metrics') },
      metrics: { port: 'metrics', path: '/metrics' },
      terminationGraceSeconds: 60,
      resources: sized(
        { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1', memory: '256Mi' } },
        this.options.resources,
      ),
    });
    const { graph } = this.platform;
    if (graph.routes.some((route) => route instanceof HttpRoute && route.access === 'sso')) {
      graph.connect(deployment, this.platform.signIn().endpoint, 'asks who is signed in');
    }
  }
}

type WayOut = NonNullable<WorkloadProps['internet']>;

/** @param server directory of another ACME server than Let’s Encrypt */
function wayToIssuer(server: string | undefined): WayOut {
  return server === undefined
    ? { why: 'Let’s Encrypt issues the certificates' }
    : wayTo(server, (host) => `${host} issues the certificates`);
}

/** It may be one’s own, in a private range, and a policy knows no host names to allow that one alone. */
function wayTo(url: string, why: (host: string) => string): WayOut {
  return { why: why(new URL(url).host), ports: [portOfUrl(url)], privateToo: true };
}

/** @param traces where traces go */
function waysOut(ways: WayOut[], traces: string | undefined): WayOut | undefined {
  const all = [...ways, ...(traces ? [wayTo(traces, (host) => `${host} takes the traces`)] : [])];
  if (all.length < 2) return all[0];
  return {
    why: all.map(({ why }) => why).join('; '),
    ports: [...new Set(all.flatMap(({ ports = [443] }) => ports))],
    privateToo: all.some(({ privateToo }) => privateToo),
  };
}
