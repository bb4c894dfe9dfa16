import type { Component } from '../../core/component';
import type { ContainerProps } from '../../core/container';
import { StatefulSet } from '../../core/controllers';
import { Credential, literal, password } from '../../core/credential';
import type { PortProps } from '../../core/endpoint';
import { temporary } from '../../core/mount';
import { exec } from '../../core/probe';
import type { Volume } from '../../core/volume';
import type { WorkloadProps } from '../../core/workload';
import { passwordScript } from '../../bindings/database-job';

export interface SinglePostgresProps extends Pick<WorkloadProps, 'init' | 'metrics'> {
  /** An image with the entrypoint of the official one. */
  readonly image: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly data: Volume;
  /** Further arguments of `initdb`. @default none */
  readonly initdb?: readonly string[];
  readonly sidecars?: Record<string, ContainerProps & { readonly ports?: Record<string, PortProps> }>;
}

/** Keys `username` and `password` of the superuser of a single server, which takes over a new one while it runs. */
export function superuserOf(component: Component, data: Volume, server: () => StatefulSet): Credential {
  return new Credential(component, component.name, {
    keys: { username: literal('postgres'), password: password(20) },
    storedIn: data,
    rotation: {
      keys: ['password'],
      by: 'command',
      in: server,
      command: ['psql', '-Xq', '--no-password', '--username=postgres', '--dbname=postgres', '--file=-'],
      // The input stays open: psql ends where it says so.
      input: ({ password: next = '' }) => `${passwordScript('postgres', next)}\\q\n`,
    },
  });
}

/** One server, in a pod named after its component. */
export function singlePostgres(component: Component, superuser: Credential, props: SinglePostgresProps): StatefulSet {
  const { name, platform } = component;
  const { image, data, init, metrics, sidecars, initdb = [] } = props;
  return new StatefulSet(component, name, {
    image,
    command: ['docker-entrypoint.sh', 'postgres'],
    args: Object.entries({ timezone: platform.config.timeZone, ...props.settings }).flatMap(([key, value]) => [
      '-c',
      `${key}=${value}`,
    ]),
    env: {
      PGDATA: '/var/lib/postgresql/data/pgdata',
      POSTGRES_USER: 'postgres',
      POSTGRES_PASSWORD_FILE: `/run/secrets/${name}/password`,
      POSTGRES_INITDB_ARGS: ['--data-checksums', '--auth-host=scram-sha-256', ...initdb].join(' '),
    },
    ports: { postgres: 5432 },
    mounts: {
      '/var/lib/postgresql/data': data,
      [`/run/secrets/${name}`]: superuser.files('password'),
      '/var/run/postgresql': temporary('run', '8Mi'),
      '/tmp': temporary('tmp', '256Mi'),
      '/dev/shm': temporary('shared-memory', '128Mi', 'memory'),
      // The image's own scripts would fill the default database; a job makes what is declared instead.
      '/docker-entrypoint-initdb.d': temporary('no-init-scripts', '1Mi'),
    },
    user: { uid: 999, gid: 999 },
    // 127.0.0.1: the server that runs during initialisation listens on its socket only.
    probes: { ready: exec('pg_isready', '--host=127.0.0.1', '--username=postgres'), startupSeconds: 300 },
    terminationGraceSeconds: 120,
    resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '2', memory: '1Gi' } },
    init,
    sidecars,
    metrics,
  });
}
