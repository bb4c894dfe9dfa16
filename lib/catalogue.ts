import { z } from 'zod';
import type { Component } from './core/component';
import type { Need, Platform } from './core/platform';
import type { TierName } from './core/tier';
import { Mlflow, mlflowOptions } from './tiers/ai/mlflow';
import { Keycloak, keycloakOptions } from './tiers/auth/keycloak';
import { OAuth2Proxy, oauth2ProxyOptions } from './tiers/auth/oauth2-proxy';
import { Backup, backupOptions } from './tiers/data/backup';
import { CouchDb, couchDbOptions } from './tiers/data/couchdb';
import { InfluxDb, influxDbOptions } from './tiers/data/influxdb';
import { Minio, minioOptions } from './tiers/data/minio';
import { MngPg, mngPgOptions } from './tiers/data/mng-pg';
import { MngValkey, mngValkeyOptions } from './tiers/data/mng-valkey';
import { OpenSearch, openSearchOptions } from './tiers/data/opensearch';
import { PgCluster, pgClusterOptions } from './tiers/data/pg-cluster';
import { PostGis, postgisOptions } from './tiers/data/postgis';
import { Qdrant, qdrantOptions } from './tiers/data/qdrant';
import { RedisInsight, redisInsightOptions } from './tiers/data/redisinsight';
import { ValkeyCluster, valkeyClusterOptions } from './tiers/data/valkey-cluster';
import { Nginx, nginxOptions } from './tiers/gateway/nginx';
import { TailscaleGate, tailscaleGateOptions } from './tiers/gateway/tailscale-gate';
import { Traefik, traefikOptions } from './tiers/gateway/traefik';
import { OpenBao, openBaoOptions } from './tiers/security/openbao';
import { Vault, vaultOptions } from './tiers/security/vault';
import { Homepage, homepageOptions } from './tiers/tooling/homepage';
import { RustDesk, rustdeskOptions } from './tiers/tooling/rustdesk';

/** What the catalogue says of a component. */
export interface CatalogueEntry {
  readonly title: string;
  /** The program's own documentation. */
  readonly documentation: string;
  /** What it asks of those who come to it through its routes or ports, beyond what the gateway asks. */
  readonly signIn: string;
  /** What it keeps, and how a backup holds that. @default it keeps nothing that it could not make again */
  readonly keeps?: string;
  readonly tier: TierName;
  readonly options: z.ZodType;
  /** What some other service of the platform must provide. */
  readonly needs: readonly Need[];
  readonly provides: readonly Need[];
  build(platform: Platform, options: unknown): Component;
}
export type Catalogue = Readonly<Record<string, CatalogueEntry>>;

interface EntryProps<Options extends z.ZodType> extends Omit<
  CatalogueEntry,
  'options' | 'build' | 'needs' | 'provides'
> {
  readonly options: Options;
  readonly component: new (platform: Platform, options: z.output<Options>) => Component;
  readonly needs?: readonly Need[];
  readonly provides?: readonly Need[];
}

function entry<Options extends z.ZodType>(props: EntryProps<Options>): CatalogueEntry {
  const { component: Class, options, needs = [], provides = [], ...rest } = props;
  return { ...rest, options, needs, provides, build: (platform, given) => new Class(platform, options.parse(given)) };
}

/** Every component that a platform file can name, and the only list of them. */
export const catalogue: Catalogue = {
  traefik: entry({
    title: 'Traefik, the gateway',
    documentation: 'https://doc.traefik.io/traefik/',
    signIn: 'its dashboard asks for nothing itself: its route decides',
    tier: 'gateway',
    options: traefikOptions,
    component: Traefik,
    provides: ['gateway'],
  }),
  nginx: entry({
    title: 'nginx, the path gateway',
    documentation: 'https://nginx.org/en/docs/',
    signIn: 'each location decides itself: nothing, or single sign-on',
    tier: 'gateway',
    options: nginxOptions,
    component: Nginx,
    needs: ['gateway'],
  }),
  'tailscale-gate': entry({
    title: 'Tailscale gate, one service on the internet by Funnel',
    documentation: 'https://tailscale.com/kb/1223/funnel',
    signIn: 'nothing itself: the service that it publishes decides',
    tier: 'gateway',
    options: tailscaleGateOptions,
    component: TailscaleGate,
    needs: ['gateway'],
  }),
  keycloak: entry({
    title: 'Keycloak, sign-in for people',
    documentation: 'https://www.keycloak.org/documentation',
    signIn: 'it is where people sign in; the pages for administrators ask for the password of admin',
    keeps:
      'people, their groups and sessions, all of it in its database, which is in the backup of the database server',
    tier: 'auth',
    options: keycloakOptions,
    component: Keycloak,
    needs: ['gateway', 'sql'],
    provides: ['identity'],
  }),
  'oauth2-proxy': entry({
    title: 'OAuth2 Proxy, single sign-on at the gateway',
    documentation: 'https://oauth2-proxy.github.io/oauth2-proxy/',
    signIn: 'people sign in at the identity provider, to which it leads them',
    tier: 'auth',
    options: oauth2ProxyOptions,
    component: OAuth2Proxy,
    needs: ['gateway', 'identity', 'cache'],
    provides: ['signIn'],
  }),
  openbao: entry({
    title: 'OpenBao, secrets, keys and certificates',
    documentation: 'https://openbao.org/docs/',
    signIn: 'name and password for people, the token of a service account for pods; each reads what a policy says',
    keeps: 'all secrets, keys and policies, in a backup as a snapshot of its storage, which stays encrypted',
    tier: 'security',
    options: openBaoOptions,
    component: OpenBao,
    needs: ['gateway'],
  }),
  vault: entry({
    title: 'Vault, secrets, keys and certificates',
    documentation: 'https://developer.hashicorp.com/vault/docs',
    signIn: 'name and password for people, the token of a service account for pods; each reads what a policy says',
    keeps: 'all secrets, keys and policies, in a backup as a snapshot of its storage, which stays encrypted',
    tier: 'security',
    options: vaultOptions,
    component: Vault,
    needs: ['gateway'],
  }),
  postgis: entry({
    title: 'PostgreSQL with PostGIS',
    documentation: 'https://postgis.net/documentation/',
    signIn: 'role and password (SCRAM-SHA-256) for each database; from outside over TLS, which ends at the gateway',
    keeps: 'all databases and roles, in a backup as a dump of the running server (pg_dump)',
    tier: 'data',
    options: postgisOptions,
    component: PostGis,
    needs: ['gateway'],
    provides: ['sql'],
  }),
  minio: entry({
    title: 'MinIO, an S3 object store',
    documentation: 'https://github.com/pgsty/minio',
    signIn: 'access key and secret key, for the console and the S3 API; each bucket has a pair of its own',
    keeps:
      'all buckets, in a backup as a mirror of their objects: contents and names, no older versions, metadata or tags',
    tier: 'data',
    options: minioOptions,
    component: Minio,
    needs: ['gateway'],
    provides: ['objectStore'],
  }),
  'mng-pg': entry({
    title: 'Management database, PostgreSQL for the platform’s own programs',
    documentation: 'https://www.postgresql.org/docs/17/',
    signIn: 'role and password (SCRAM-SHA-256) for each database; nobody comes to it from outside',
    keeps: 'all databases and roles, in a backup as a dump of the running server (pg_dump)',
    tier: 'data',
    options: mngPgOptions,
    component: MngPg,
    provides: ['sql'],
  }),
  'mng-valkey': entry({
    title: 'Management cache, Valkey for sessions and queues',
    documentation: 'https://valkey.io/docs/',
    signIn: 'one password for all; nobody comes to it from outside',
    keeps: 'all keys, in a backup as a dump of the running server',
    tier: 'data',
    options: mngValkeyOptions,
    component: MngValkey,
    provides: ['cache'],
  }),
  'pg-cluster': entry({
    title: 'PostgreSQL cluster: Patroni, etcd and HAProxy',
    documentation: 'https://patroni.readthedocs.io/',
    signIn: 'role and password (SCRAM-SHA-256) for each database; the page of the router: its route decides',
    keeps: 'all databases and roles, in a backup as a dump of the running server (pg_dump)',
    tier: 'data',
    options: pgClusterOptions,
    component: PgCluster,
    needs: ['gateway'],
    provides: ['sql'],
  }),
  'valkey-cluster': entry({
    title: 'Valkey cluster, masters with replicas that take over',
    documentation: 'https://valkey.io/topics/cluster-tutorial/',
    signIn: 'one password for all; nobody comes to it from outside',
    keeps: 'all keys, in a backup as a dump of every master',
    tier: 'data',
    options: valkeyClusterOptions,
    component: ValkeyCluster,
  }),
  redisinsight: entry({
    title: 'Redis Insight, a browser for Valkey',
    documentation: 'https://redis.io/docs/latest/develop/tools/insight/',
    signIn: 'nothing itself: its route decides',
    keeps: 'connections and history, in a backup as an archive of the volume, for which it is stopped',
    tier: 'data',
    options: redisInsightOptions,
    component: RedisInsight,
    needs: ['gateway', 'cache'],
  }),
  couchdb: entry({
    title: 'CouchDB, documents that replicate',
    documentation: 'https://docs.couchdb.org/en/stable/',
    signIn: 'name and password of the administrator, and of those whom the administrator adds',
    keeps: 'all databases, in a backup as a dump of the running server',
    tier: 'data',
    options: couchDbOptions,
    component: CouchDb,
    needs: ['gateway'],
  }),
  qdrant: entry({
    title: 'Qdrant, vector search',
    documentation: 'https://qdrant.tech/documentation/',
    signIn: 'an API key, for REST and gRPC',
    keeps: 'all collections, in a backup as snapshots of each',
    tier: 'data',
    options: qdrantOptions,
    component: Qdrant,
    needs: ['gateway'],
  }),
  opensearch: entry({
    title: 'OpenSearch with Dashboards',
    documentation: 'https://docs.opensearch.org/latest/',
    signIn: 'name and password, for the API and for Dashboards',
    keeps: 'all indices, in a backup as a dump of the running server',
    tier: 'data',
    options: openSearchOptions,
    component: OpenSearch,
    needs: ['gateway'],
  }),
  influxdb: entry({
    title: 'InfluxDB 2, time series',
    documentation: 'https://docs.influxdata.com/influxdb/v2/',
    signIn: 'name and password on its page, a token for its API',
    keeps: 'all buckets, dashboards and users, in a backup as a dump of the running server (influx backup)',
    tier: 'data',
    options: influxDbOptions,
    component: InfluxDb,
    needs: ['gateway'],
  }),
  backup: entry({
    title: 'Backup, encrypted with restic',
    documentation: 'https://restic.readthedocs.io/',
    signIn: 'nobody comes to it; it signs in to its target with the keys that you give, and encrypts with a password',
    tier: 'data',
    options: backupOptions,
    component: Backup,
  }),
  mlflow: entry({
    title: 'MLflow, experiment tracking and model registry',
    documentation: 'https://mlflow.org/docs/latest/',
    signIn: 'nothing itself: its route decides; it signs in to its database and its bucket with their credentials',
    tier: 'ai',
    options: mlflowOptions,
    component: Mlflow,
    needs: ['gateway', 'sql', 'objectStore'],
  }),
  homepage: entry({
    title: 'Homepage, the start page',
    documentation: 'https://gethomepage.dev/',
    signIn: 'nothing itself: its route decides',
    tier: 'tooling',
    options: homepageOptions,
    component: Homepage,
    needs: ['gateway'],
  }),
  rustdesk: entry({
    title: 'RustDesk server, remote desktop',
    documentation: 'https://rustdesk.com/docs/en/self-host/',
    signIn: 'clients must hold the server’s public key; each controlled computer asks for its own password',
    keeps: 'which clients are known, in a backup as an archive of the volume, for which it is stopped',
    tier: 'tooling',
    options: rustdeskOptions,
    component: RustDesk,
    needs: ['gateway'],
  }),
};
