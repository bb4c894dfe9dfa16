import { z } from 'zod';
import { sql } from '../../bindings/sql-database';
import { dumped } from '../../core/backup';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { majority } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { access, backup, metrics } from '../../options';
import { elsewhere, memberCount, router, synchronous } from './patroni/cluster-options';
import { PatroniCluster, reservedNames } from './patroni/patroni-cluster';
import { databases, extensions, settings } from './postgres-options';
import { Databases } from './postgres-server';

const options = z.strictObject({
  synchronous,
  databases: databases('shop', reservedNames).default({}),
  extensions: extensions('postgis').default([]),
  settings: settings.default({ shared_buffers: '256MB', max_connections: 200 }),
  access: access('sso'),
  router,
  metrics,
  backup: backup('critical'),
});

/**
 * PostgreSQL that outlives the loss of a node: Patroni, etcd and HAProxy. Clients come to `pg-router`.
 * https://patroni.readthedocs.io/
 */
export const pgCluster = defineComponent({
  title: 'PostgreSQL cluster: Patroni, etcd and HAProxy',
  documentation: 'https://patroni.readthedocs.io/',
  signIn: 'role and password (SCRAM-SHA-256) for each database; the page of the router: its route decides',
  keeps: 'all databases and roles, in a backup as a dump of the running server (pg_dump)',
  tier: 'data',
  replicas: majority(3),
  volumes: { data: '20Gi', etcd: '2Gi' },
  elsewhere,
  options,
  needs: { gateway },
  provides: { sql },
  sizes: {
    small: { storage: '5Gi' },
    large: {
      storage: '200Gi',
      settings: { shared_buffers: '1GB', max_connections: 400 },
      resources: { requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '4', memory: '8Gi' } },
    },
  },
  build(self, { options }) {
    const databases: Databases = new Databases(self, () => cluster.access);
    const data = self.volume(
      'data',
      dumped(options.backup, () => databases.dump()),
    );
    const cluster = new PatroniCluster(self, {
      ...options,
      names: { server: self.name, etcd: self.named('etcd'), router: self.named('pg-router') },
      members: memberCount(self, options),
      data,
      job: () => databases.job(),
      preload: preloaded(options),
      page: true,
      routers: options.router.replicas ?? self.platform.replicas(2),
    });
    const page = self.named('pg-haproxy');
    new HttpRoute(self, page, {
      hosts: [page],
      to: cluster.router.endpoint('page'),
      access: options.access,
      tile: { title: 'PostgreSQL cluster', description: 'Who leads, and who is there', icon: 'haproxy.png' },
    });
    databases.declare(options.databases, options.extensions);
    return { sql: databases };
  },
});

/** TimescaleDB works only where every server process has loaded it. */
function preloaded({ databases: wanted, extensions: usual }: z.output<typeof options>): string[] {
  const all = [...usual, ...Object.values(wanted).flatMap((own) => own?.extensions ?? [])];
  return all.includes('timescaledb') ? ['timescaledb'] : [];
}
