import { z } from 'zod';
import { SqlDatabase, type SqlServer } from '../../bindings/sql-database';
import { resources, storage } from '../../config/options';
import type { Dump } from '../../core/backup';
import { Component } from '../../core/component';
import { StatefulSet, type Job } from '../../core/controllers';
import { Credential, literal, password } from '../../core/credential';
import { temporary } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { exec } from '../../core/probe';
import { sized } from '../../core/resources';
import { TcpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { databaseDump } from '../../derived/database-dump';
import { databaseJob, passwordScript } from '../../derived/database-job';
import { images } from '../../images';

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, {
  error: 'must be lower-case letters, digits and underscores; write for example gis',
});

/** PostgreSQL has databases and roles of its own; the superuser's password must stay its own, too. */
const databaseName = name.refine((text) => !/^(postgres|template[01]|pg_.*)$/.test(text), {
  error: 'is a name of PostgreSQL’s own; write another one, for example gis',
});

export const postgisOptions = z.strictObject({
  databases: z
    .record(
      databaseName,
      z
        .strictObject({
          extensions: z.array(name).optional().describe('Extensions of this database, instead of those below'),
        })
        .nullable(),
    )
    .default({ gis: {} })
    .describe('Databases for people, each with a role of the same name that owns it'),
  extensions: z
    .array(name)
    .default(['postgis', 'postgis_raster', 'postgis_topology', 'hstore', 'pgrouting'])
    .describe('Extensions of those databases that name none themselves'),
  reachable: z.boolean().default(true).describe('Reachable from outside as postgres.<domain>:5432 with TLS'),
  settings: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_.]*$/, {
        error: 'must be lower-case letters, digits, underscores and dots; write for example work_mem',
      }),
      z.union([z.string(), z.number(), z.boolean()], {
        error: 'must be text, a number, true or false; write for example 64MB',
      }),
    )
    .default({ shared_buffers: '256MB', max_connections: 100 })
    .describe('Server parameters, as in postgresql.conf'),
  storage: storage('20Gi'),
  resources,
});

/**
 * PostgreSQL with PostGIS and pgRouting, one server for the databases of the platform and of people.
 * https://postgis.net/documentation/ and https://www.postgresql.org/docs/16/
 */
export class PostGis extends Component implements SqlServer {
  private readonly databases: SqlDatabase[] = [];
  private readonly server: StatefulSet;
  private readonly superuser: Credential;
  private databasesJob?: Job;

  constructor(platform: Platform, options: z.output<typeof postgisOptions>) {
    super(platform, 'postgis');
    platform.provide('sql', this, this);
    const data = new Volume('data', {
      size: options.storage,
      backup: { priority: 'critical', method: 'dump', dump: () => this.dump() },
    });
    this.superuser = new Credential(this, 'postgis', {
      keys: { username: literal('postgres'), password: password(20) },
      storedIn: data,
      rotation: {
        keys: ['password'],
        by: 'command',
        in: () => this.server,
        command: ['psql', '-Xq', '--no-password', '--username=postgres', '--dbname=postgres', '--file=-'],
        // The input stays open: psql ends where it says so.
        input: ({ password: next = '' }) => `${passwordScript('postgres', next)}\\q\n`,
      },
    });
    this.server = new StatefulSet(this, 'postgis', {
      image: images.postgis,
      command: ['docker-entrypoint.sh', 'postgres'],
      args: Object.entries({ timezone: platform.config.timeZone, ...options.settings }).flatMap(([key, value]) => [
        '-c',
        `${key}=${value}`,
      ]),
      env: {
        PGDATA: '/var/lib/postgresql/data/pgdata',
        POSTGRES_USER: 'postgres',
        POSTGRES_PASSWORD_FILE: '/run/secrets/postgis/password',
        POSTGRES_INITDB_ARGS: '--data-checksums --auth-host=scram-sha-256',
      },
      ports: { postgres: 5432 },
      mounts: {
        '/var/lib/postgresql/data': data,
        '/run/secrets/postgis': this.superuser.files('password'),
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
      resources: sized(
        { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '2', memory: '1Gi' } },
        options.resources,
      ),
    });
    for (const [database, own] of Object.entries(options.databases)) {
      this.database(database, { extensions: own?.extensions ?? options.extensions });
    }
    if (options.reachable) {
      new TcpRoute(this, 'postgres', {
        host: 'postgres',
        entryPoint: { name: 'postgres', port: 5432 },
        to: this.server.endpoint('postgres'),
        // libpq says so since version 17.
        alpn: 'postgresql',
        tile: { title: 'PostgreSQL', description: 'PostGIS, with TLS on port 5432', icon: 'postgresql.png' },
      });
    }
  }

  database(database: string, { extensions = [] }: { readonly extensions?: readonly string[] } = {}): SqlDatabase {
    const known = this.databases.find((candidate) => candidate.name === database);
    if (known) {
      known.extend(extensions);
      return known;
    }
    const made = new SqlDatabase({
      server: this,
      endpoint: this.server.endpoint('postgres'),
      name: database,
      extensions,
      clientImage: images.postgis,
      job: () => this.job(),
    });
    this.databases.push(made);
    return made;
  }

  override complete(): void {
    this.databasesJob = databaseJob(this, {
      image: images.postgis,
      endpoint: this.server.endpoint('postgres'),
      superuser: this.superuser,
      databases: this.databases,
    });
  }

  private job(): Job {
    if (!this.databasesJob) throw new Error('the job that makes databases is made once all of them are declared');
    return this.databasesJob;
  }

  private dump(): Dump {
    return databaseDump({
      image: images.postgis,
      endpoint: this.server.endpoint('postgres'),
      superuser: this.superuser,
    });
  }
}
