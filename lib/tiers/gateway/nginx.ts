import { z } from 'zod';
import { accessBy, replicas, resources } from '../../config/options';
import { whenMissing } from '../../config/wording';
import { Component } from '../../core/component';
import { ConfigFiles } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import type { Credential } from '../../core/credential';
import type { Endpoint } from '../../core/endpoint';
import { temporary, type MountSource } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { sized } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';
import { findDestination, type Destination } from './destination';
import { cacheFolder, configFolder, nginxConfig, startScript, trustFolder } from './nginx/config';
import type { Location } from './nginx/location';

const location = z.strictObject({
  to: z
    .string({ error: whenMissing('is missing; write the name of a service, for example mlflow') })
    .describe('Name of the service that it leads to'),
  route: z.string().optional().describe('Which of its routes, where the service has several; by default the first'),
  access: accessBy('public', 'sso')
    .default('sso')
    .describe('public: everyone; sso: people signed in, by groups only those in one of them'),
  cache: z
    .boolean()
    .default(false)
    .describe('Keep style sheets, scripts, fonts and pictures, where the program says that and for how long'),
  uploads: z.boolean().default(false).describe('Bodies of any size; by default up to 100 MiB'),
  rateLimited: z.boolean().default(true).describe('Whether one client gets 429 above 100 requests a second'),
  rewriteBase: z
    .boolean()
    .default(false)
    .describe('Whether pages that name the root of their host as base (<base href="/">) get the path instead'),
});

export const nginxOptions = z.strictObject({
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
      error: 'must be lower-case letters, digits and dashes; write for example paths',
    })
    .default('paths')
    .describe('Host name below the domain of the platform'),
  locations: z
    .record(
      z.string().regex(/^\/([a-z0-9][a-z0-9._-]*\/)+$/, {
        error: 'must be a path with a slash at both ends; write for example /app/',
      }),
      z.union([z.literal('none'), location], {
        error: 'must be a location; write for example { to: mlflow }, or none',
      }),
    )
    .default({})
    .describe(
      'What stands below which path; /keycloak/, /minio/ and /minio-console/ are there where the platform has these services, none removes one',
    ),
  replicas,
  resources,
});
type LocationOptions = z.output<typeof location>;

/** They ask for a password themselves, and take bodies of any size from programs in quick succession. */
const itself = { access: 'public', cache: false, uploads: true, rateLimited: false, rewriteBase: false } as const;
const usual: Readonly<Record<string, LocationOptions>> = {
  '/keycloak/': { to: 'keycloak', ...itself },
  '/minio/': { to: 'minio', route: 'minio-api', ...itself },
  '/minio-console/': { to: 'minio', route: 'minio', ...itself, rewriteBase: true },
};

/**
 * nginx, the path gateway: one host behind Traefik, on which each path leads to another program, by its own rules for who may
 * pass. Traefik keeps the edge and TLS. https://nginx.org/en/docs/
 */
export class Nginx extends Component {
  private readonly server: Deployment;
  private readonly route: HttpRoute;
  /** Filled up once all routes are there. */
  private readonly mounts: Record<string, MountSource>;
  private readonly locations: Location[] = [];

  constructor(
    platform: Platform,
    private readonly options: z.output<typeof nginxOptions>,
  ) {
    super(platform, 'nginx');
    this.mounts = {
      [configFolder]: new ConfigFiles(this, 'nginx', () => this.files()),
      // The cache is 1 GiB, for a moment more.
      [cacheFolder]: temporary('cache', '1280Mi'),
      '/tmp': temporary('tmp', '64Mi'),
    };
    this.server = new Deployment(this, 'nginx', {
      image: images.nginx,
      command: ['sh', `${configFolder}/start.sh`],
      ports: { http: 8080 },
      mounts: this.mounts,
      user: { uid: 101, gid: 101 },
      replicas: options.replicas ?? platform.replicas(2),
      probes: { ready: http('/ping') },
      // Until no Service leads here any more; the image says SIGQUIT for its stop: requests come to their end.
      preStop: ['sleep', '5'],
      resources: sized(
        { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
        options.resources,
      ),
    });
    this.route = new HttpRoute(this, 'nginx', {
      hosts: [options.host],
      to: this.server.endpoint('http'),
      // Each location decides itself, also how much a client may send.
      access: 'public',
      rateLimited: false,
      maxBody: 'none',
    });
  }

  override complete(): void {
    const { config, graph } = this.platform;
    const given = { ...usual, ...this.options.locations };
    for (const [path, options] of Object.entries(given)) {
      const chosen = Object.hasOwn(this.options.locations, path);
      if (options === 'none' || (!chosen && !Object.hasOwn(config.services, options.to))) continue;
      const found = this.destination(options);
      if ('message' in found) {
        this.refuse(['locations', path, found.key], found.message);
      } else {
        graph.connect(this.server, found.endpoint, `leads there from ${path}`);
        this.locations.push(this.location(path, options, found));
      }
    }
    if (this.guarded) graph.connect(this.server, this.platform.signIn().endpoint, 'asks who is signed in');
  }

  private get guarded(): boolean {
    return this.locations.some(({ signedIn }) => signedIn !== undefined);
  }

  private files(): Record<string, string> {
    const [host = ''] = this.route.hosts;
    const signIn = this.guarded ? this.address(this.platform.signIn().endpoint) : undefined;
    return { 'nginx.conf': nginxConfig({ host, locations: this.locations, signIn }), 'start.sh': startScript };
  }

  private destination({ to, route, access }: LocationOptions) {
    const found = findDestination(this, to, route);
    if ('message' in found || access === 'public' || this.platform.has('signIn')) return found;
    const message = 'needs single sign-on; add "oauth2-proxy: {}" under services, or write access: public';
    return { key: 'access', message };
  }

  private location(path: string, options: LocationOptions, { endpoint, tls, ...rest }: Destination): Location {
    const { access, cache, uploads, rateLimited, rewriteBase } = options;
    return {
      ...rest,
      path,
      address: this.address(endpoint),
      tls: tls && { serverName: tls.serverName, ca: `${this.trust(tls.ca)}/ca.crt` },
      signedIn: access === 'public' ? undefined : access === 'sso' ? [] : access.groups,
      cache,
      uploads,
      rateLimited,
      rewriteBase,
    };
  }

  /** @returns the folder with the certificate */
  private trust(ca: Credential): string {
    const folder = `${trustFolder}/${ca.name}`;
    this.mounts[folder] = ca.files('ca.crt');
    return folder;
  }

  /** nginx searches no domains. */
  private address({ host, port }: Endpoint): string {
    return `${host}.${this.platform.config.network.clusterDomain}:${port.service}`;
  }
}
