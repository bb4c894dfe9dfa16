import type { EntryPoint } from '../../core/route';
import type { Settings } from '../../core/settings';
import type { TraefikOptions } from './traefik-options';

/** Where HTTP, HTTPS and the pages for probes and metrics listen: above 1023, since Traefik runs without capabilities. */
const listen = { web: ':8000', websecure: ':8443', traefik: ':8080' };

/**
 * Traefik's install configuration without its providers: https://doc.traefik.io/traefik/reference/install-configuration/
 */
export function staticConfig(config: Settings, options: TraefikOptions, entryPoints: EntryPoint[]) {
  const { tls } = config;
  return {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: options.logLevel },
    accessLog: { format: 'json' },
    api: { dashboard: true, insecure: false },
    ping: { entryPoint: 'traefik' },
    metrics: { prometheus: { entryPoint: 'traefik', addRoutersLabels: true } },
    ...(options.traces
      ? {
          tracing: {
            serviceName: `${config.name}-gateway`,
            sampleRate: options.traces.sampleRate,
            otlp: { http: { endpoint: options.traces.endpoint } },
          },
        }
      : {}),
    entryPoints: {
      web: {
        address: listen.web,
        // By number: the name would lead to the port that the program listens on.
        http: { redirections: { entryPoint: { to: ':443', scheme: 'https', permanent: true } } },
      },
      websecure: {
        address: listen.websecure,
        // The default of 60 s would cut off uploads of large artifacts.
        transport: { respondingTimeouts: { readTimeout: '1h' } },
        http: { tls: {} },
      },
      traefik: { address: listen.traefik },
      ...Object.fromEntries(
        entryPoints.map(({ name, port, protocol }) => [name, { address: `:${port}${protocol === 'UDP' ? '/udp' : ''}` }]),
      ),
    },
    ...(tls.mode === 'lets-encrypt'
      ? {
          certificatesResolvers: {
            letsencrypt: {
              acme: {
                email: tls.email,
                storage: '/data/acme.json',
                ...(tls.server ? { caServer: tls.server } : {}),
                httpChallenge: { entryPoint: 'web' },
              },
            },
          },
        }
      : {}),
  };
}
