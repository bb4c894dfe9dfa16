import { json, yaml } from '../../../core/config-files';

/** It sorts by code points, in every image in the same order, so that no upgrade makes indexes wrong. */
export const portableLocale = 'C.UTF-8';

/** Where the files of {@link patroniFiles} stand in the container. */
export const patroniFolder = '/etc/patroni';
/** The volume in the container, and the server's data below it: Patroni moves or removes that folder as a whole. */
export const volumeFolder = '/home/postgres/pgdata';
export const dataFolder = 'data';

/** Roles that Patroni itself uses; see `pg_hba.conf` below for what each may do. */
export const patroniRoles = { superuser: 'postgres', replication: 'replicator', rewind: 'rewind' } as const;

/** What `pg_rewind` calls. https://www.postgresql.org/docs/17/app-pgrewind.html */
export const rewindGrants = [
  'pg_ls_dir(text, boolean, boolean)',
  'pg_stat_file(text, boolean)',
  'pg_read_binary_file(text)',
  'pg_read_binary_file(text, bigint, bigint, boolean)',
].map((signature) => `GRANT EXECUTE ON FUNCTION pg_catalog.${signature} TO "${patroniRoles.rewind}";`);

/**
 * `true`: a commit waits for one standby while there is one; `strict`: it waits also when there is none; `false`: it never
 * waits.
 */
export type Synchronous = boolean | 'strict';

export interface PatroniConfigProps {
  readonly scope: string;
  readonly members: number;
  /** `host:port` of every etcd member. */
  readonly etcd: readonly string[];
  readonly synchronous: Synchronous;
  /** Server parameters, as in postgresql.conf. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Libraries that every server process loads. */
  readonly preload: readonly string[];
}

/**
 * What holds for the whole cluster. Patroni keeps it in etcd: the file counts at the very first start, later a job brings
 * it there. https://patroni.readthedocs.io/en/latest/dynamic_configuration.html
 */
export function clusterSettings({ members, synchronous, settings, preload }: Omit<PatroniConfigProps, 'scope' | 'etcd'>) {
  return {
    // The shortest that Patroni allows: so long nobody else may lead once a leader went silent.
    ttl: 20,
    loop_wait: 3,
    retry_timeout: 5,
    // A leader whose server crashed hands over rather than recovers, where somebody is there to take over.
    primary_start_timeout: members > 1 ? 0 : 300,
    maximum_lag_on_failover: 1048576,
    synchronous_mode: synchronous !== false,
    synchronous_mode_strict: synchronous === 'strict',
    // Without etcd the leader goes on as long as it reaches all other members.
    failsafe_mode: true,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: {
        // A standby that went silent shall not hold up commits for long.
        wal_sender_timeout: '5s',
        wal_receiver_timeout: '5s',
        ...(preload.length > 0 ? { shared_preload_libraries: preload.join() } : {}),
        ...settings,
      },
    },
  };
}

/**
 * `bootstrap.yml`: what only the member that founds the cluster reads, beside its `patroni.yml`.
 * https://patroni.readthedocs.io/en/latest/yaml_configuration.html#bootstrap-configuration
 */
export function bootstrapConfig(props: PatroniConfigProps) {
  return {
    bootstrap: {
      dcs: clusterSettings(props),
      initdb: [{ encoding: 'UTF8' }, { locale: portableLocale }, 'data-checksums'],
    },
  };
}

/** `patroni.yml`; passwords, and the name of the pod, come from the environment. */
export function patroniConfig(props: PatroniConfigProps) {
  return {
    scope: props.scope,
    namespace: '/service/',
    log: { level: 'INFO' },
    restapi: { listen: '0.0.0.0:8008' },
    etcd3: { hosts: props.etcd },
    postgresql: {
      listen: '0.0.0.0:5432',
      data_dir: `${volumeFolder}/${dataFolder}`,
      bin_dir: '/usr/lib/postgresql/17/bin',
      pgpass: '/tmp/pgpass',
      use_unix_socket: true,
      remove_data_directory_on_rewind_failure: true,
      // A new member copies at once: otherwise it waits for a checkpoint that takes its time, which is minutes.
      basebackup: [{ checkpoint: 'fast' }],
      authentication: Object.fromEntries(Object.entries(patroniRoles).map(([use, username]) => [use, { username }])),
      parameters: { unix_socket_directories: '/var/run/postgresql' },
      pg_hba: [
        // Inside the pod, its own user.
        'local all postgres peer',
        'local all all scram-sha-256',
        `host replication ${patroniRoles.replication} all scram-sha-256`,
        'host all all all scram-sha-256',
      ],
    },
  };
}

/** File name → content: the configuration of every member, and what holds for the whole cluster. */
export function patroniFiles(props: PatroniConfigProps): Record<string, string> {
  return {
    'patroni.yml': yaml(patroniConfig(props)),
    'bootstrap.yml': yaml(bootstrapConfig(props)),
    'cluster.json': json(clusterSettings(props)),
  };
}
