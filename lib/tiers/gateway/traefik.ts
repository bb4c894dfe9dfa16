import { Credential, literal, password } from '../../core/credential';
import { htpasswd } from '../../core/derived-rule';
import { defineComponent } from '../../core/definition';
import { gateway, type Gateway } from '../../core/gateway';
import type { RequestPolicy } from '../../core/middlewares';
import { several } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import type { Settings } from '../../core/settings';
import { signIn } from '../../core/sign-in';
import { certificates } from './certificates';
import { k3sTraefik } from './k3s-traefik';
import { startTraefik } from './traefik-deployment';
import { traefikOptions, type TraefikOptions } from './traefik-options';

/**
 * Traefik, the gateway: HTTP is redirected to HTTPS, TLS ends here, routes lead to components by host.
 * https://doc.traefik.io/traefik/
 */
export const traefik = defineComponent({
  title: 'Traefik, the gateway',
  documentation: 'https://doc.traefik.io/traefik/',
  signIn: 'its dashboard asks for nothing itself: its route decides',
  tier: 'gateway',
  replicas: several(2),
  // The certificates of Let’s Encrypt.
  volumes: { acme: '128Mi' },
  single: 'all requests from outside come in through it',
  options: traefikOptions,
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
