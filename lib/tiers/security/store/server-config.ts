import type { Program } from './program';
import type { StoreOptions, Unseal } from './options';

export const ports = { api: 8200, cluster: 8201, metrics: 8202 } as const;
/** Where the files of a node are. */
export const folders = {
  data: '/var/lib/store',
  config: '/etc/store/config',
  tls: '/etc/store/tls',
  unseal: '/etc/store/unseal',
} as const;
export const unsealKeyFile = 'unseal.key';
/** Names the key in everything that is encrypted with it: a new key needs a new name. */
const unsealKeyId = 'hearth-1';

export interface ServerConfigProps {
  readonly program: Program;
  /** Name of the cluster, for people. */
  readonly cluster: string;
  /** Host names of all nodes. */
  readonly peers: readonly string[];
  readonly options: Pick<StoreOptions, 'unseal' | 'audit' | 'metrics'>;
}

/**
 * The configuration of a node, the same for all; what differs comes from the environment.
 * https://openbao.org/docs/configuration/ and https://developer.hashicorp.com/vault/docs/configuration
 */
export function serverConfig({ program, cluster, peers, options }: ServerConfigProps): Record<string, unknown> {
  const { metrics, audit, unseal } = options;
  return {
    ui: true,
    cluster_name: cluster,
    ...program.settings,
    storage: {
      raft: {
        path: folders.data,
        // Of the timeouts for a network of bad days; 1 is for fast machines.
        performance_multiplier: 2,
        ...(peers.length > 1 ? { retry_join: peers.map(joining) } : {}),
      },
    },
    listener: listeners(program, metrics),
    ...sealOf(unseal),
    ...(metrics ? { telemetry: { prometheus_retention_time: '24h', disable_hostname: true } } : {}),
    ...(audit && program.auditSettings ? { audit: [auditToLog] } : {}),
  };
}

/**
 * A device by type and path. With one field alone, OpenBao takes its name for a part of the device's, and does not start.
 * https://openbao.org/docs/configuration/audit
 */
const auditToLog = { file: { stdout: { description: 'every request', options: { file_path: 'stdout' } } } };

/** A node without data asks every other one until one takes it in. */
const joining = (host: string) => ({
  leader_api_addr: `https://${host}:${ports.api}`,
  leader_ca_cert_file: `${folders.tls}/ca.crt`,
  leader_tls_servername: host,
});

/**
 * Metrics ask for no token: Prometheus would need one that is renewed. They tell names of engines and how much goes on,
 * no secrets, and the policies let in nobody but those declared; the route does not lead to them.
 */
function listeners({ metricsListener }: Program, metrics: boolean): object[] {
  const tls = { tls_cert_file: `${folders.tls}/ca.crt`, tls_key_file: `${folders.tls}/tls.key` };
  const api = {
    address: `0.0.0.0:${ports.api}`,
    cluster_address: `0.0.0.0:${ports.cluster}`,
    ...tls,
    tls_min_version: 'tls12',
  };
  const open = { unauthenticated_metrics_access: true };
  if (!metrics) return [{ tcp: api }];
  if (!metricsListener) return [{ tcp: { ...api, telemetry: open } }];
  const own = { address: `0.0.0.0:${ports.metrics}`, tls_disable: true, telemetry: { ...open, metrics_only: true } };
  return [{ tcp: { ...api, telemetry: { disallow_metrics: true } } }, { tcp: own }];
}

/** With `shamir` and `secret` there is none: the storage is opened with keys from outside. */
function sealOf(unseal: Unseal): Record<string, unknown> {
  if (unseal === 'static') {
    const key = { current_key_id: unsealKeyId, current_key: `file://${folders.unseal}/${unsealKeyFile}` };
    return { seal: [{ static: key }] };
  }
  if (typeof unseal === 'string') return {};
  const { address, key, mount, certificateAuthority } = unseal.transit;
  return {
    seal: [
      {
        transit: {
          address,
          key_name: key,
          mount_path: `${mount}/`,
          ...(certificateAuthority ? { tls_ca_cert: `${folders.config}/unseal-ca.crt` } : {}),
        },
      },
    ],
  };
}
