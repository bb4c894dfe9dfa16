import { z } from 'zod';
import { TlsStore } from '../../../imports/traefik.io';
import { access, replicas, resources, storage } from '../../config/options';
import { Component } from '../../core/component';
import { ConfigFiles, yaml } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import { Credential, htpasswd, literal, password, privateKey, selfSignedCertificate } from '../../core/credential';
import type { Gateway } from '../../core/gateway';
import { temporary, type MountSource } from '../../core/mount';
import type { Peer } from '../../core/peer';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { sized } from '../../core/resources';
import { HttpRoute, type EntryPoint } from '../../core/route';
import { Volume } from '../../core/volume';
import type { WorkloadProps } from '../../core/workload';
import { images } from '../../images';
import { k3sTraefik } from './k3s-traefik';
import { staticConfig } from './traefik-static-config';

export const traefikOptions = z.strictObject({
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, { error: 'must be letters, digits, dots and dashes; write for example admin' })
    .default('admin')
    .describe('User of routes with access basic'),
  access: access('sso'),
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
  private readonly bundled: boolean;

  constructor(
    platform: Platform,
    private readonly options: TraefikOptions,
  ) {
    super(platform, 'traefik');
    platform.provide('gateway', this, this);
    const { tls, gateway, domain } = platform.config;
    this.bundled = gateway === 'k3s-bundled';
    this.peer = this.bundled
      ? { namespace: 'kube-system', podLabels: { 'app.kubernetes.io/name': 'traefik' } }
      : {
          namespace: this.tier.namespace,
          podLabels: { 'app.kubernetes.io/name': 'traefik', 'app.kubernetes.io/instance': 'traefik' },
        };
    this.routeTls = tls.mode === 'lets-encrypt' ? { certResolver: 'letsencrypt' } : {};
    this.basicAuth = new Credential(this, 'gateway-basic-auth', {
      keys: { username: literal(options.user), password: password(16), users: htpasswd(options.user, 'password') },
    });
    if (tls.mode === 'self-signed') {
      new Credential(this, 'gateway-tls', {
        type: 'kubernetes.io/tls',
        keys: { 'tls.key': privateKey(), 'tls.crt': selfSignedCertificate([domain, `*.${domain}`], 'tls.key') },
      });
    }
    if (tls.mode !== 'lets-encrypt') {
      // The name makes it the certificate of every route that names none.
      new TlsStore(this, 'tls-store', {
        metadata: { name: 'default' },
        spec: { defaultCertificate: { secretName: tls.mode === 'secret' ? tls.secret : 'gateway-tls' } },
      });
    }
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
      '/tmp': temporary('tmp', '64Mi'),
      ...(acme ? { '/data': store } : {}),
    };
    const small = { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } };
    new Deployment(this, 'traefik', {
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
            internet: wayToIssuer(tls.server),
          }
        : {}),
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
  }
}

/** @param server directory of another ACME server than Let’s Encrypt */
function wayToIssuer(server: string | undefined): WorkloadProps['internet'] {
  if (server === undefined) return { why: 'Let’s Encrypt issues the certificates' };
  const { host, port } = new URL(server);
  // It may be one’s own, in a private range, and a policy knows no host names to allow that one alone.
  return { why: `${host} issues the certificates`, ports: [Number(port || 443)], privateToo: true };
}
