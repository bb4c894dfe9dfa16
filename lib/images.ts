/**
 * Every image, pinned. Renovate reads the comments; a tag changes here and nowhere else.
 */
export const images = {
  // renovate: datasource=docker depName=docker.io/library/busybox
  busybox: 'docker.io/library/busybox:1.37',
  // renovate: datasource=docker depName=ghcr.io/gethomepage/homepage
  homepage: 'ghcr.io/gethomepage/homepage:v1.13.2',
  // The image of Kubernetes itself has no shell.
  // renovate: datasource=docker depName=docker.io/alpine/kubectl
  kubectl: 'docker.io/alpine/kubectl:1.37.1',
  // MinIO itself publishes no images any more; this is the maintained build of the same server.
  // renovate: datasource=docker depName=docker.io/pgsty/minio
  minio: 'docker.io/pgsty/minio:RELEASE.2026-08-04T00-00-00Z',
  // renovate: datasource=docker depName=docker.io/pgsty/mc
  minioClient: 'docker.io/pgsty/mc:RELEASE.2026-09-16T00-00-00Z',
  // The full image: the plain one has neither psycopg2 nor boto3.
  // renovate: datasource=docker depName=ghcr.io/mlflow/mlflow
  mlflow: 'ghcr.io/mlflow/mlflow:v3.17.0-full',
  // PostGIS with pgRouting on PostgreSQL 16, built on docker.io/postgis/postgis.
  // renovate: datasource=docker depName=docker.io/pgrouting/pgrouting
  postgis: 'docker.io/pgrouting/pgrouting:16-3.5-3.8',
  // renovate: datasource=docker depName=docker.io/restic/restic
  restic: 'docker.io/restic/restic:0.19.1',
  // renovate: datasource=docker depName=docker.io/rustdesk/rustdesk-server
  rustdesk: 'docker.io/rustdesk/rustdesk-server:1.1.16',
  // renovate: datasource=docker depName=docker.io/library/traefik
  traefik: 'docker.io/library/traefik:v3.6.12',
  // renovate: datasource=docker depName=docker.io/library/couchdb
  couchdb: 'docker.io/library/couchdb:3.5.1',
  // renovate: datasource=docker depName=docker.io/curlimages/curl
  curl: 'docker.io/curlimages/curl:8.18.0',
  // renovate: datasource=docker depName=docker.io/prometheuscommunity/elasticsearch-exporter
  elasticsearchExporter: 'docker.io/prometheuscommunity/elasticsearch-exporter:v1.10.0',
  // renovate: datasource=docker depName=quay.io/coreos/etcd
  etcd: 'quay.io/coreos/etcd:v3.6.7',
  // renovate: datasource=docker depName=docker.io/library/haproxy
  haproxy: 'docker.io/library/haproxy:3.2',
  // renovate: datasource=docker depName=docker.io/library/influxdb
  influxdb: 'docker.io/library/influxdb:2.8',
  // Of 2.1 there is no tag without the name of its base.
  // renovate: datasource=docker depName=docker.io/library/eclipse-mosquitto
  mosquitto: 'docker.io/library/eclipse-mosquitto:2.1.2-alpine',
  // renovate: datasource=docker depName=docker.io/nginxinc/nginx-unprivileged
  nginx: 'docker.io/nginxinc/nginx-unprivileged:1.30-alpine-slim',
  // renovate: datasource=docker depName=quay.io/openbao/openbao
  openbao: 'quay.io/openbao/openbao:2.6.2',
  // renovate: datasource=docker depName=docker.io/opensearchproject/opensearch
  opensearch: 'docker.io/opensearchproject/opensearch:3.4.0',
  // renovate: datasource=docker depName=docker.io/opensearchproject/opensearch-dashboards
  opensearchDashboards: 'docker.io/opensearchproject/opensearch-dashboards:3.4.0',
  // renovate: datasource=docker depName=quay.io/oauth2-proxy/oauth2-proxy
  oauth2Proxy: 'quay.io/oauth2-proxy/oauth2-proxy:v7.15.3',
  // renovate: datasource=docker depName=quay.io/keycloak/keycloak
  keycloak: 'quay.io/keycloak/keycloak:26.7.3',
  // renovate: datasource=docker depName=docker.io/library/node
  node: 'docker.io/library/node:24-bookworm-slim',
  // PostgreSQL 17 with Patroni, PostGIS and TimescaleDB (its Apache-licensed part).
  // renovate: datasource=docker depName=ghcr.io/zalando/spilo-17
  patroni: 'ghcr.io/zalando/spilo-17:4.0-p3',
  // renovate: datasource=docker depName=docker.io/library/postgres
  postgres: 'docker.io/library/postgres:17-bookworm',
  // renovate: datasource=docker depName=docker.io/prometheuscommunity/postgres-exporter
  postgresExporter: 'docker.io/prometheuscommunity/postgres-exporter:v0.18.1',
  // renovate: datasource=docker depName=docker.io/qdrant/qdrant
  qdrant: 'docker.io/qdrant/qdrant:v1.17.0-unprivileged',
  // renovate: datasource=docker depName=docker.io/oliver006/redis_exporter
  redisExporter: 'docker.io/oliver006/redis_exporter:v1.81.0',
  // renovate: datasource=docker depName=docker.io/redis/redisinsight
  redisInsight: 'docker.io/redis/redisinsight:3.0.3',
  // The last version before 2.0.
  // renovate: datasource=docker depName=docker.io/hashicorp/vault
  vault: 'docker.io/hashicorp/vault:1.21.4',
  // renovate: datasource=docker depName=docker.io/tailscale/tailscale
  tailscale: 'docker.io/tailscale/tailscale:v1.104.5',
  // renovate: datasource=docker depName=docker.io/valkey/valkey
  valkey: 'docker.io/valkey/valkey:9.1.0',
} as const;
