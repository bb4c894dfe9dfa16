import type { Catalogue } from './core/definition';

/** Every component that a platform file can name, and the only list of them. Each is loaded when a platform names it. */
export const catalogue: Catalogue = {
  traefik: () => (require('./tiers/gateway/traefik') as typeof import('./tiers/gateway/traefik')).traefik,
  nginx: () => (require('./tiers/gateway/nginx') as typeof import('./tiers/gateway/nginx')).nginx,
  'tailscale-gate': () =>
    (require('./tiers/gateway/tailscale-gate') as typeof import('./tiers/gateway/tailscale-gate')).tailscaleGate,
  keycloak: () => (require('./tiers/auth/keycloak') as typeof import('./tiers/auth/keycloak')).keycloak,
  'oauth2-proxy': () => (require('./tiers/auth/oauth2-proxy') as typeof import('./tiers/auth/oauth2-proxy')).oauth2Proxy,
  openbao: () => (require('./tiers/security/openbao') as typeof import('./tiers/security/openbao')).openbao,
  vault: () => (require('./tiers/security/vault') as typeof import('./tiers/security/vault')).vault,
  postgis: () => (require('./tiers/data/postgis') as typeof import('./tiers/data/postgis')).postgis,
  minio: () => (require('./tiers/data/minio') as typeof import('./tiers/data/minio')).minio,
  'mng-pg': () => (require('./tiers/data/mng-pg') as typeof import('./tiers/data/mng-pg')).mngPg,
  'mng-valkey': () => (require('./tiers/data/mng-valkey') as typeof import('./tiers/data/mng-valkey')).mngValkey,
  'pg-cluster': () => (require('./tiers/data/pg-cluster') as typeof import('./tiers/data/pg-cluster')).pgCluster,
  'valkey-cluster': () => (require('./tiers/data/valkey-cluster') as typeof import('./tiers/data/valkey-cluster')).valkeyCluster,
  redisinsight: () => (require('./tiers/data/redisinsight') as typeof import('./tiers/data/redisinsight')).redisinsight,
  couchdb: () => (require('./tiers/data/couchdb') as typeof import('./tiers/data/couchdb')).couchdb,
  qdrant: () => (require('./tiers/data/qdrant') as typeof import('./tiers/data/qdrant')).qdrant,
  opensearch: () => (require('./tiers/data/opensearch') as typeof import('./tiers/data/opensearch')).opensearch,
  influxdb: () => (require('./tiers/data/influxdb') as typeof import('./tiers/data/influxdb')).influxdb,
  backup: () => (require('./tiers/data/backup') as typeof import('./tiers/data/backup')).backup,
  mosquitto: () => (require('./tiers/messaging/mosquitto') as typeof import('./tiers/messaging/mosquitto')).mosquitto,
  mlflow: () => (require('./tiers/ai/mlflow') as typeof import('./tiers/ai/mlflow')).mlflow,
  homepage: () => (require('./tiers/tooling/homepage') as typeof import('./tiers/tooling/homepage')).homepage,
  rustdesk: () => (require('./tiers/tooling/rustdesk') as typeof import('./tiers/tooling/rustdesk')).rustdesk,
};
