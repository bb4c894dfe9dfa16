import { z } from 'zod';
import { cache } from '../../bindings/cache';
import { identity } from '../../bindings/oidc-client';
import { Deployment } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { hostOf } from '../../core/override-hosts';
import { http } from '../../core/probe';
import { several } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { signIn } from '../../core/sign-in';
import { images } from '../../images';
import { wholeNumber } from '../../options';

/** Name of the cookie that holds a session. */
const cookie = '__Secure-sso';
/** Path of its own pages. */
const prefix = '/oauth2';
/** How long tokens last, and when they are renewed: a right taken away ends with the renewal, a short outage is bridged. */
const tokens = { lastSeconds: 900, renewedAfter: '5m' };

/**
 * OAuth2 Proxy: the gateway asks it about every request of a route with `access: sso`. It sends people to the identity
 * provider and keeps their sessions in the platform's cache, so that each of its pods knows them.
 * https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview
 */
export const oauth2Proxy = defineComponent({
  title: 'OAuth2 Proxy, single sign-on at the gateway',
  documentation: 'https://oauth2-proxy.github.io/oauth2-proxy/',
  signIn: 'people sign in at the identity provider, to which it leads them',
  tier: 'auth',
  replicas: several(2),
  single: 'the gateway asks it about all services',
  options: z.strictObject({
    sessionHours: wholeNumber(12, { of: 'hours', max: 720 })
      .default(12)
      .describe('Hours after which people must sign in again, at the latest'),
  }),
  needs: { gateway, identity, cache },
  provides: { signIn },
  build(self, given) {
    const { options } = given;
    const host = self.named('auth');
    const { config, graph } = self.platform;
    const { domain, name } = config;
    const url = `https://${hostOf(self, host)}${prefix}`;
    const client = given.identity.client(self.name, {
      title: `Services of ${name}`,
      redirectUris: [`${url}/callback`],
      tokenSeconds: tokens.lastSeconds,
    });
    const sessions = given.cache.cache('sessions');
    // 43 digits of base64 are the 32 bytes of an AES-256 key.
    const cipher = new Credential(self, `${self.name}-cookie`, { keys: { secret: password(43) } });
    const server = new Deployment(self, self.name, {
      image: images.oauth2Proxy,
      command: ['/bin/oauth2-proxy'],
      args: [
        '--http-address=0.0.0.0:4180',
        '--metrics-address=0.0.0.0:44180',
        '--reverse-proxy=true',
        // Browsers know the provider by its public name; what is asked behind their backs stays inside the cluster.
        '--provider=oidc',
        '--skip-oidc-discovery=true',
        `--oidc-issuer-url=${client.issuer}`,
        `--login-url=${client.authorizationUrl}`,
        `--redeem-url=${client.tokenUrl}`,
        `--oidc-jwks-url=${client.jwksUrl}`,
        `--backend-logout-url=${client.backChannelLogoutUrl}?id_token_hint={id_token}`,
        '--skip-claims-from-profile-url=true',
        '--code-challenge-method=S256',
        '--scope=openid email profile',
        '--oidc-groups-claim=groups',
        '--email-domain=*',
        `--redirect-url=${url}/callback`,
        `--whitelist-domain=.${domain}`,
        '--skip-provider-button=true',
        '--upstream=static://202',
        '--set-xauthrequest=true',
        `--cookie-name=${cookie}`,
        `--cookie-domain=.${domain}`,
        '--cookie-secure=true',
        '--cookie-httponly=true',
        '--cookie-samesite=lax',
        `--cookie-expire=${options.sessionHours}h`,
        `--cookie-refresh=${tokens.renewedAfter}`,
        // Pages that load in parallel each begin to sign in.
        '--cookie-csrf-per-request=true',
        '--cookie-csrf-per-request-limit=16',
        '--cookie-csrf-expire=15m',
        '--session-store-type=redis',
        // Requests stand in the gateway's log.
        '--request-logging=false',
        '--silence-ping-logging=true',
        '--footer=-',
      ],
      env: {
        OAUTH2_PROXY_CLIENT_ID: client.key('clientId'),
        OAUTH2_PROXY_CLIENT_SECRET: client.key('clientSecret'),
        OAUTH2_PROXY_COOKIE_SECRET: cipher.key('secret'),
        OAUTH2_PROXY_REDIS_CONNECTION_URL: sessions.url(),
      },
      ports: { http: 4180, metrics: { port: 44180, offered: false } },
      replicas: self.replicas,
      user: { uid: 65532, gid: 65532 },
      // /ready asks the session store as well.
      probes: { ready: http('/ready'), live: http('/ping') },
      metrics: { port: 'metrics', path: '/metrics' },
      resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    });
    const endpoint = server.endpoint('http');
    new HttpRoute(self, host, {
      hosts: [host],
      to: endpoint,
      access: 'public',
      tile: {
        title: 'Sign out',
        description: 'Of all services with single sign-on',
        icon: 'oauth2-proxy.png',
        // To the start page, wherever the platform file puts it; known once all routes are.
        get path() {
          const start = graph.routes.find(({ defaultHosts }) => defaultHosts.includes('@'))?.hosts[0] ?? domain;
          return `${prefix.slice(1)}/sign_out?rd=${encodeURIComponent(`https://${start}/`)}`;
        },
      },
    });
    return { signIn: { endpoint, cookie } };
  },
});
