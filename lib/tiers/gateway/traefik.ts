import { z } from 'zod';
import { Credential, literal, password } from '../../core/credential';
import { htpasswd } from '../../core/derived-rule';
import { defineComponent } from '../../core/definition';
import { gateway, type Gateway } from '../../core/gateway';
import type { RequestPolicy } from '../../core/middlewares';
import { HttpRoute } from '../../core/route';
import type { Settings } from '../../core/settings';
import { signIn } from '../../core/sign-in';
import { access, bytes, replicas, resources, storage, wholeNumber } from '../../options';
import { certificates } from './certificates';
import { k3sTraefik } from './k3s-traefik';
import { startTraefik } from './traefik-deployment';

const options = z.strictObject({
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
export type TraefikOptions = z.output<typeof options>;

/**
 * Traefik, the gateway: HTTP is redirected to HTTPS, TLS ends here, routes lead to components by host.
 * https://doc.traefik.io/traefik/
 */
export const traefik = defineComponent({
  title: 'Traefik, the gateway',
  documentation: 'https://doc.traefik.io/traefik/',
  signIn: 'its dashboard asks for nothing itself: its route decides',
  tier: 'gateway',
  single: 'all requests from outside come in through it',
  options,
  optional: { signIn },
  provides: { gateway },
  build(self, given) {
    const { options } = given;
    const { config, graph } = self.platform;
    const bundled = config.gateway === 'k3s-bundled';
    const provided: Gateway = {
      peer: bundled
        ? { namespace: 'kube-system', podLabels: { 'app.kubernetes.io/name': 'traefik' } }
        : {
            namespace: self.tier.namespace,
            podLabels: { 'app.kubernetes.io/name': self.name, 'app.kubernetes.io/instance': self.name },
          },
      routeTls: config.tls.mode === 'lets-encrypt' ? { certResolver: 'letsencrypt' } : {},
      requests: requestPolicy(config, options),
      basicAuth: new Credential(self, 'gateway-basic-auth', {
        keys: { username: literal(options.user), password: password(16), users: htpasswd(options.user, 'password') },
      }),
    };
    certificates(self);
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: 'api@internal',
      access: options.access,
      tile: { title: 'Traefik', description: 'Routes and their state', icon: 'traefik.png' },
    });
    self.whenComplete(() => {
      const entryPoints = graph.routes.flatMap((route) => route.entryPoint ?? []);
      if (bundled) k3sTraefik(self, options, entryPoints);
      else startTraefik(self, { options, entryPoints, signIn: given.signIn });
    });
    return { gateway: provided };
  },
});

function requestPolicy({ tls }: Settings, options: TraefikOptions): RequestPolicy {
  return {
    ...(options.rateLimit === 'none' ? {} : { rateLimit: options.rateLimit }),
    ...(options.attempts > 1 ? { attempts: options.attempts } : {}),
    ...(options.circuitBreaker === 'none' ? {} : { circuitBreaker: options.circuitBreaker }),
    maxBody: options.maxBody,
    strictTransport: tls.mode !== 'self-signed',
  };
}
