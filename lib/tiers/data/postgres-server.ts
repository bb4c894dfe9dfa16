import { SqlDatabase, type DatabaseWishes, type SqlServer } from '../../bindings/sql-database';
import type { Dump } from '../../core/backup';
import type { Component } from '../../core/component';
import type { Job } from '../../core/controllers';
import { Credential, literal, password } from '../../core/credential';
import type { Endpoint } from '../../core/endpoint';
import type { ContainerProps } from '../../core/container';
import { checkDataVersion } from '../../core/data-version';
import { Registry } from '../../core/registry';
import type { Volume } from '../../core/volume';
import { databaseDump } from '../../bindings/database-dump';
import { databaseJob, type PlatformRole } from '../../bindings/database-job';

/** A server as its databases need it. */
export interface ServerAccess {
  /** Where it takes writes. */
  readonly endpoint: Endpoint;
  /** Keys `username` and `password`. */
  readonly superuser: Credential;
  /** An image with `psql` and `pg_dump` of the server's own major version. */
  readonly clientImage: string;
  /** Roles that the server and its helpers need. @default none */
  readonly roles?: readonly PlatformRole[];
  /** What the job does before it makes databases. @default nothing */
  readonly prepare?: Record<string, ContainerProps>;
  /** What it reaches for that. @default nothing */
  readonly prepares?: readonly Endpoint[];
}

/** Databases of PostgreSQL's own, and roles of its own. */
const reserved = /^(postgres|template[01]|pg_.*)$/;

/** Gives databases of a PostgreSQL server away; a job makes them, a dump backs them up. */
export class Databases implements SqlServer {
  private readonly databases: Registry<SqlDatabase, DatabaseWishes>;
  private readonly makers: PlatformRole[] = [];
  private databasesJob?: Job;

  /** @param access a function, since the server is declared after what it is made of */
  constructor(
    private readonly self: Component,
    private readonly access: () => ServerAccess,
  ) {
    this.databases = new Registry<SqlDatabase, DatabaseWishes>(self, {
      what: 'database',
      nameOf: (asked) => asked.replaceAll('-', '_'),
      agree: { extensions: 'every' },
      make: (name, wishes) => this.make(name, wishes),
    });
    self.whenComplete(() => this.complete());
  }

  get writes(): Endpoint {
    return this.access().endpoint;
  }

  roleMaker(name: string, databases: readonly string[]): Credential {
    for (const database of databases) this.database(database);
    const credential = new Credential(this.self, `${this.self.name}-${name}`, {
      keys: { username: literal(name), password: password(32) },
      rotation: { by: 'job', job: () => this.job() },
    });
    this.makers.push({
      name,
      password: credential.key('password'),
      attributes: 'CREATEROLE',
      // Owners are made after it.
      grants: databases.flatMap((owner) => [
        `SELECT 'CREATE ROLE "${owner}"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${owner}') \\gexec`,
        `GRANT "${owner}" TO "${name}" WITH ADMIN OPTION;`,
      ]),
    });
    return credential;
  }

  /** The databases that people asked for. */
  declare(databases: Readonly<Record<string, DatabaseWishes | null>>, extensions: readonly string[]): void {
    for (const [database, own] of Object.entries(databases)) {
      this.database(database, { extensions: own?.extensions ?? extensions });
    }
  }

  database(name: string, wishes: DatabaseWishes = {}): SqlDatabase {
    return this.databases.ask(name, wishes);
  }

  private make(name: string, wishes: () => DatabaseWishes): SqlDatabase {
    const { platform, name: own } = this.self;
    if (reserved.test(name)) {
      const message = `its database would be ${name}, which is a name of PostgreSQL’s own; give the service another name`;
      platform.refuse({ path: ['services', platform.underConstruction ?? own], message });
    }
    const { endpoint, clientImage } = this.access();
    return new SqlDatabase({ server: this.self, endpoint, name, wishes, clientImage, job: () => this.job() });
  }

  private complete(): void {
    const { clientImage: image, prepare, prepares, ...access } = this.access();
    this.databasesJob = databaseJob(this.self, {
      ...access,
      roles: [...(access.roles ?? []), ...this.makers],
      image,
      databases: this.databases.all,
      init: prepare,
      reaches: prepares,
    });
  }

  /** The job that makes databases and roles. */
  job(): Job {
    if (!this.databasesJob) throw new Error('the job that makes databases is made once all of them are declared');
    return this.databasesJob;
  }

  dump(): Dump {
    const { clientImage: image, endpoint, superuser, roles = [] } = this.access();
    return databaseDump({ image, endpoint, superuser, roles: [...roles, ...this.makers] });
  }
}

/**
 * Init container that refuses to start the server of an image on data of another major version; nothing is touched then.
 * The image says itself which version it has.
 * @param file `PG_VERSION` below the volume
 */
export function majorVersion(image: string, volume: Volume, file: string): Record<string, ContainerProps> {
  return {
    [checkDataVersion]: {
      image,
      command: ['sh', '-c', versionScript],
      env: { MARK: `/volume/${file}` },
      mounts: { '/volume': volume },
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
    },
  };
}

const versionScript = `set -eu
[ -s "$MARK" ] || exit 0
found=$(cat "$MARK")
own=$(postgres --version | sed 's/^[^)]*) *\\([0-9]*\\).*/\\1/')
if [ "$found" != "$own" ]; then
  echo "The data is of PostgreSQL $found, and PostgreSQL $own does not start on it. Nothing was changed. Go back to the image of PostgreSQL $found, or bring the data over by a backup and a restore." >&2
  exit 1
fi
`;
