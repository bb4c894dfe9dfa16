import { z } from 'zod';
import { backup, metrics, resources, storage } from '../../config/options';
import { dumped } from '../../core/backup';
import type { Platform } from '../../core/platform';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { PatroniCluster, reservedNames } from './patroni/patroni-cluster';
import { portableLocale } from './patroni/patroni-config';
import { clusterParts, clusterSize, memberCount } from './patroni/cluster-options';
import { exporterRole, postgresExporter } from './postgres-exporter';
import { databases, extensions, settings } from './postgres-options';
import { majorVersion, PostgresComponent, type ServerAccess } from './postgres-server';
import { singlePostgres, superuserOf } from './postgres-single';

export const mngPgOptions = z.strictObject({
  ...clusterSize,
  databases: databases('sonarqube', reservedNames).default({}),
  extensions: extensions('hstore').default([]),
  settings: settings.default({ shared_buffers: '128MB', max_connections: 200 }),
  storage: storage('10Gi'),
  resources,
  ...clusterParts,
  metrics,
  backup: backup('critical'),
});
type Options = z.output<typeof mngPgOptions>;

/**
 * PostgreSQL for the platform's own programs: one server, or a Patroni cluster behind the same name `mng-pg`.
 * https://www.postgresql.org/docs/17/
 */
export class MngPg extends PostgresComponent {
  protected override readonly access: ServerAccess;

  constructor(platform: Platform, options: Options) {
    super(platform, 'mng-pg');
    platform.provide('sql', this, this);
    const data = new Volume('data', { size: options.storage, backup: dumped(options.backup, () => this.dump()) });
    const count = memberCount(this, options);
    this.access = count === 1 ? this.single(options, data) : this.replicated(options, data, count);
    this.declare(options.databases, options.extensions);
  }

  private single(options: Options, data: Volume): ServerAccess {
    const superuser = superuserOf(this, data, () => server);
    const exporter = options.metrics ? exporterRole(this, () => this.job()) : undefined;
    const server = singlePostgres(this, superuser, {
      image: images.postgres,
      settings: options.settings,
      data,
      initdb: [`--locale=${portableLocale}`],
      init: majorVersion(images.postgres, data, 'pgdata/PG_VERSION'),
      resources: options.resources,
      ...(exporter
        ? { sidecars: { exporter: postgresExporter(exporter) }, metrics: { port: 'exporter', path: '/metrics' } }
        : {}),
    });
    return {
      endpoint: server.endpoint('postgres'),
      superuser,
      clientImage: images.postgres,
      roles: exporter ? [exporter] : [],
    };
  }

  private replicated(options: Options, data: Volume, count: number): ServerAccess {
    const { access } = new PatroniCluster(this, {
      ...options,
      names: { server: 'mng-pg-patroni', etcd: 'mng-pg-etcd', router: 'mng-pg' },
      members: count,
      data,
      job: () => this.job(),
      preload: [],
      page: false,
      router: { ...options.router, replicas: options.router.replicas ?? 2 },
    });
    return access;
  }
}
