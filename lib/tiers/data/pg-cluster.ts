import { z } from 'zod';
import { access, backup, metrics, resources, storage } from '../../config/options';
import { dumped } from '../../core/backup';
import type { Platform } from '../../core/platform';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { clusterParts, clusterSize, memberCount } from './patroni/cluster-options';
import { PatroniCluster, reservedNames } from './patroni/patroni-cluster';
import { databases, extensions, settings } from './postgres-options';
import { PostgresComponent, type ServerAccess } from './postgres-server';

export const pgClusterOptions = z.strictObject({
  ...clusterSize,
  databases: databases('shop', reservedNames).default({}),
  extensions: extensions('postgis').default([]),
  settings: settings.default({ shared_buffers: '256MB', max_connections: 200 }),
  access: access('sso'),
  storage: storage('20Gi'),
  resources,
  ...clusterParts,
  metrics,
  backup: backup('critical'),
});

/**
 * PostgreSQL that outlives the loss of a node: Patroni, etcd and HAProxy. Clients come to `pg-router`.
 * https://patroni.readthedocs.io/
 */
export class PgCluster extends PostgresComponent {
  private readonly cluster: PatroniCluster;

  constructor(platform: Platform, options: z.output<typeof pgClusterOptions>) {
    super(platform, 'pg-cluster');
    platform.provide('sql', this, this);
    const data = new Volume('data', {
      size: options.storage,
      backup: dumped(options.backup, () => this.dump()),
    });
    const count = memberCount(this, options);
    this.cluster = new PatroniCluster(this, {
      ...options,
      names: { server: 'pg-cluster', etcd: 'etcd', router: 'pg-router' },
      members: count,
      data,
      job: () => this.job(),
      preload: this.preloaded(options),
      page: true,
      router: { ...options.router, replicas: options.router.replicas ?? platform.replicas(2) },
    });
    new HttpRoute(this, 'pg-haproxy', {
      hosts: ['pg-haproxy'],
      to: this.cluster.router.endpoint('page'),
      access: options.access,
      tile: { title: 'PostgreSQL cluster', description: 'Who leads, and who is there', icon: 'haproxy.png' },
    });
    this.declare(options.databases, options.extensions);
  }

  /** TimescaleDB works only where every server process has loaded it. */
  private preloaded({ databases: wanted, extensions: usual }: z.output<typeof pgClusterOptions>): string[] {
    const all = [...usual, ...Object.values(wanted).flatMap((own) => own?.extensions ?? [])];
    return all.includes('timescaledb') ? ['timescaledb'] : [];
  }

  protected override get access(): ServerAccess {
    return this.cluster.access;
  }
}
