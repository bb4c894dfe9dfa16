import { portOfUrl } from '../../core/address';
import { portsBesideProxy } from '../../core/proxy';
import type { Settings } from '../../core/settings';
import type { WayOut } from '../../core/workload';
import type { TraefikOptions } from './traefik-options';

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory';

/** What the gateway reaches outside the cluster: who issues its certificates, and who takes its traces. */
export function gatewayWaysOut(config: Settings, { traces }: Pick<TraefikOptions, 'traces'>): WayOut | undefined {
  const { tls } = config;
  const all = [
    ...(tls.mode === 'lets-encrypt' ? [wayToIssuer(config, tls.server)] : []),
    ...(traces ? [wayTo(config, traces.endpoint, (host) => `${host} takes the traces`)] : []),
  ];
  if (all.length < 2) return all[0];
  return {
    why: all.map(({ why }) => why).join('; '),
    ports: [...new Set(all.flatMap(({ ports }) => ports))],
    direct: [...new Set(all.flatMap(({ direct }) => direct))],
    privateToo: all.some(({ privateToo }) => privateToo),
  };
}

type KnownWay = WayOut & Required<Pick<WayOut, 'ports' | 'direct'>>;

/** @param server directory of another ACME server than Let’s Encrypt */
const wayToIssuer = (config: Settings, server: string | undefined): KnownWay =>
  server === undefined
    ? {
        why: 'Let’s Encrypt issues the certificates',
        ports: [443],
        direct: portsBesideProxy(config, [letsEncrypt]),
      }
    : wayTo(config, server, (host) => `${host} issues the certificates`);

/** It may be one’s own, in a private range, and a policy knows no host names to allow that one alone. */
const wayTo = (config: Settings, url: string, why: (host: string) => string): KnownWay => ({
  why: why(new URL(url).host),
  ports: [portOfUrl(url)],
  direct: portsBesideProxy(config, [url]),
  privateToo: true,
});
