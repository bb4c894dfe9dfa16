import { z } from 'zod';
import type { Component } from '../../core/component';
import { ConfigFiles } from '../../core/config-files';
import { Deployment } from '../../core/controllers';
import { defineComponent } from '../../core/definition';
import type { Endpoint } from '../../core/endpoint';
import { gateway } from '../../core/gateway';
import { late } from '../../core/late';
import { temporary } from '../../core/mount';
import { http } from '../../core/probe';
import { several } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { signIn } from '../../core/sign-in';
import { images } from '../../images';
import { accessBy } from '../../options';
import { whenMissing } from '../../options/wording';
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

const options = z.strictObject({
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, {
      error: 'must be lower-case letters, digits and dashes; write for example paths',
    })
    .optional()
    .describe('Host name below the domain of the platform; by default paths'),
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
export const nginx = defineComponent({
  title: 'nginx, the path gateway',
  documentation: 'https://nginx.org/en/docs/',
  signIn: 'each location decides itself: nothing, or single sign-on',
  tier: 'gateway',
  replicas: several(2),
  options,
  needs: { gateway },
  optional: { signIn },
  build(self, given) {
    const { options } = given;
    const { platform } = self;
    /** Where each path leads to, or what is wrong with it; known once all routes are. */
    const found = late(() =>
      Object.entries(wanted(self, options.locations)).map(([path, chosen]) => {
        return { path, chosen, leads: destination(self, chosen) };
      }),
    );
    const locations = late(() =>
      found.value.flatMap(({ path, chosen, leads }) =>
        'message' in leads ? [] : [{ leads, location: locationOf(path, chosen, leads) }],
      ),
    );
    const reload = { signal: 'HUP' } as const;
    const config = new ConfigFiles(self, self.name, (): Record<string, string> => files(), { reload });
    const server: Deployment = new Deployment(self, self.name, {
      image: images.nginx,
      command: ['sh', '-c', startScript],
      ports: { http: 8080 },
      mounts: late(() => ({
        [configFolder]: config,
        // The cache is 1 GiB, for a moment more.
        [cacheFolder]: temporary('cache', '1280Mi'),
        '/tmp': temporary('tmp', '64Mi'),
        ...Object.fromEntries(
          locations.value.flatMap(({ leads: { endpoint } }) => Object.entries(endpoint.trustAt(trustOf(endpoint)))),
        ),
      })),
      user: { uid: 101, gid: 101 },
      replicas: self.replicas,
      probes: { ready: http('/ping') },
      // Until no Service leads here any more; the image says SIGQUIT for its stop: requests come to their end.
      preStop: ['sleep', '5'],
      resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    });
    const route = new HttpRoute(self, self.name, {
      hosts: [options.host ?? self.named('paths')],
      to: server.endpoint('http'),
      // Each location decides itself, also how much a client may send.
      access: 'public',
      rateLimited: false,
      maxBody: 'none',
    });

    /** What knows who is signed in, where some location wants to know. */
    const asked = () => (locations.value.some(({ location }) => location.signedIn) ? given.signIn?.endpoint : undefined);
    const files = () => {
      const [host = ''] = route.hosts;
      const endpoint = asked();
      const signIn = endpoint && address(endpoint);
      return {
        'nginx.conf': nginxConfig({ host, locations: locations.value.map(({ location }) => location), signIn }),
      };
    };
    self.whenComplete(() => {
      for (const { path, leads } of found.value) {
        if ('message' in leads) self.refuse(['locations', path, leads.key], leads.message);
        else platform.graph.connect(server, leads.endpoint, `leads there from ${path}`);
      }
      const endpoint = asked();
      if (endpoint) platform.graph.connect(server, endpoint, 'asks who is signed in');
    });
  },
});

/** The usual locations whose services the platform has, and those that the platform file says, without what it takes away. */
function wanted({ platform }: Component, chosen: z.output<typeof options>['locations']): Record<string, LocationOptions> {
  const { services } = platform.config;
  const there = Object.entries(usual).filter(([, { to }]) => services[to]?.component === to);
  const all = Object.entries({ ...Object.fromEntries(there), ...chosen });
  return Object.fromEntries(all.flatMap(([path, location]) => (location === 'none' ? [] : [[path, location] as const])));
}

function destination(self: Component, { to, route, access }: LocationOptions) {
  const found = findDestination(self, to, route);
  if ('message' in found || access === 'public' || self.platform.has(signIn)) return found;
  const message = 'needs single sign-on; add "oauth2-proxy: {}" under services, or write access: public';
  return { key: 'access', message };
}

function locationOf(path: string, options: LocationOptions, found: Destination): Location {
  const { access, cache, uploads, rateLimited, rewriteBase } = options;
  const { endpoint, ...rest } = found;
  return {
    ...rest,
    path,
    address: address(endpoint),
    tls: endpoint.certificate && { serverName: endpoint.host, ca: `${trustOf(endpoint)}/ca.crt` },
    signedIn: access === 'public' ? undefined : access === 'sso' ? [] : access.groups,
    cache,
    uploads,
    rateLimited,
    rewriteBase,
  };
}

/** Where the certificate of a program is. */
const trustOf = ({ certificate }: Endpoint) => `${trustFolder}/${certificate?.name}`;

/** nginx searches no domains. */
const address = ({ completeHost, port }: Endpoint) => `${completeHost}:${port.service}`;
