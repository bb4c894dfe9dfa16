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
} as const;
