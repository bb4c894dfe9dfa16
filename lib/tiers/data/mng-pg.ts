import { z } from 'zod';
import { sql } from '../../bindings/sql-database';
import { dumped } from '../../core/backup';
import type { Component } from '../../core/component';
import { defineComponent } from '../../core/definition';
import { majority } from '../../core/replicas';
import type { Volume } from '../../core/volume';
import { images } from '../../images';
import { backup, metrics } from '../../options';
import { PatroniCluster, reservedNames } from './patroni/patroni-cluster';
import { portableLocale } from './patroni/patroni-config';
import { elsewhere, memberCount, router, synchronous } from './patroni/cluster-options';
import { exporterRole, postgresExporter } from './postgres-exporter';
import { databases, extensions, settings } from './postgres-options';
import { Databases, majorVersion, type ServerAccess } from './postgres-server';
import { singlePostgres, superuserOf } from './postgres-single';

const options = z.strictObject({
  synchronous,
  databases: databases('sonarqube', reservedNames).default({}),
  extensions: extensions('hstore').default([]),
  settings: settings.default({ shared_buffers: '128MB', max_connections: 200 }),
  router,
  metrics,
  backup: backup('critical'),
});
type Options = z.output<typeof options>;

/**
 * PostgreSQL for the platform's own programs: one server, or a Patroni cluster behind the same name.
 * https://www.postgresql.org/docs/17/
 */
export const mngPg = defineComponent({
  title: 'Management database, PostgreSQL for the platform’s own programs',
  documentation: 'https://www.postgresql.org/docs/17/',
  signIn: 'role and password (SCRAM-SHA-256) for each database; nobody comes to it from outside',
  keeps: 'all databases and roles, in a backup as a dump of the running server (pg_dump)',
  tier: 'data',
  replicas: majority(3),
  volumes: { data: '10Gi', etcd: '2Gi' },
  elsewhere,
  options,
  provides: { sql },
  sizes: {
    small: { storage: '2Gi' },
    large: {
      storage: '50Gi',
      settings: { shared_buffers: '1GB', max_connections: 400 },
      resources: { requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '4', memory: '4Gi' } },
    },
  },
  build(self, { options }) {
    const databases: Databases = new Databases(self, () => access);
    const data = self.volume(
      'data',
      dumped(options.backup, () => databases.dump()),
    );
    const members = memberCount(self, options);
    const access = members === 1 ? single(self, options, data, databases) : replicated(self, options, data, databases, members);
    databases.declare(options.databases, options.extensions);
    return { sql: databases };
  },
});

function single(self: Component, options: Options, data: Volume, databases: Databases): ServerAccess {
  const superuser = superuserOf(self, data, () => server);
  const exporter = options.metrics ? exporterRole(self, () => databases.job()) : undefined;
  const server = singlePostgres(self, superuser, {
    image: images.postgres,
    settings: options.settings,
    data,
    initdb: [`--locale=${portableLocale}`],
    init: majorVersion(images.postgres, data, 'pgdata/PG_VERSION'),
    ...(exporter ? { sidecars: { exporter: postgresExporter(exporter) }, metrics: { port: 'exporter', path: '/metrics' } } : {}),
  });
  return {
    endpoint: server.endpoint('postgres'),
    superuser,
    clientImage: images.postgres,
    roles: exporter ? [exporter] : [],
  };
}

function replicated(self: Component, options: Options, data: Volume, databases: Databases, members: number): ServerAccess {
  const { access } = new PatroniCluster(self, {
    ...options,
    names: { server: `${self.name}-patroni`, etcd: `${self.name}-etcd`, router: self.name },
    members,
    data,
    job: () => databases.job(),
    preload: [],
    page: false,
    routers: options.router.replicas ?? 2,
  });
  return access;
}
