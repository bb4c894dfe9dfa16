import { SecretBinding } from '../core/binding';
import { password, literal, Credential } from '../core/credential';
import type { Component } from '../core/component';
import type { Endpoint } from '../core/endpoint';
import { needFor } from '../core/need';
import { secretText, type SecretText } from '../core/env';
import type { Workload } from '../core/workload';
import type { ContainerProps } from '../core/container';

/** What one who asks for a database wishes of it. */
export interface DatabaseWishes {
  /** Those of all who ask are made. @default none */
  readonly extensions?: readonly string[];
}

/** A component that runs a PostgreSQL server and gives databases away. */
export interface SqlServer {
  /**
   * A database with a role of the same name that owns it; both are made, or brought up to date, by a job. Several may ask
   * for the same one.
   * @param name lower-case letters, digits and dashes, which become underscores
   */
  database(name: string, wishes?: DatabaseWishes): SqlDatabase;
  /**
   * A role that makes other ones and removes them again; it may make them members of the owners of these databases.
   * @returns keys `username` and `password`
   */
  roleMaker(name: string, databases: readonly string[]): Credential;
  /** Where it takes writes. */
  readonly writes: Endpoint;
}

export const sql = needFor<SqlServer>('sql', 'a database server', {
  client: { give: (server, client) => server.database(client) },
});

export interface SqlDatabaseProps {
  /** The component that runs the server. */
  readonly server: Component;
  readonly endpoint: Endpoint;
  readonly name: string;
  /** What all who ask for it wish. */
  readonly wishes: () => DatabaseWishes;
  /** An image with `psql`, for waiting. */
  readonly clientImage: string;
  /** The job that makes it. */
  readonly job: () => Workload;
}

/** A PostgreSQL database of one consumer. */
export class SqlDatabase extends SecretBinding<'username' | 'password'> {
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly why: string;
  /** Keys `username` and `password`. */
  readonly credential: Credential;
  readonly wait: ContainerProps & { readonly name: string };
  private readonly wishes: () => DatabaseWishes;

  constructor(props: SqlDatabaseProps) {
    super();
    const { server, endpoint, name } = props;
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      throw new Error(`"${name}" is no database name: lower-case letters, digits and underscores`);
    this.endpoint = endpoint;
    this.name = name;
    this.wishes = props.wishes;
    this.why = `database ${name}`;
    this.credential = new Credential(server, `${server.name}-${name.replaceAll('_', '-')}`, {
      keys: { username: literal(name), password: password(20) },
      rotation: { by: 'job', job: props.job },
    });
    this.wait = {
      name: server.name,
      image: props.clientImage,
      command: ['sh', '-c', 'until psql -Xqtc "SELECT 1" >/dev/null; do sleep 2; done'],
      env: {
        PGHOST: endpoint.host,
        PGPORT: endpoint.port.service,
        PGDATABASE: name,
        PGUSER: name,
        PGPASSWORD: this.credential.key('password'),
        PGCONNECT_TIMEOUT: 5,
      },
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
    };
  }

  /** Of all who ask for it. */
  get extensions(): readonly string[] {
    return this.wishes().extensions ?? [];
  }

  /** Connection URL. @param scheme for example `postgresql` or `postgresql+psycopg2` */
  url(scheme: string): SecretText {
    return secretText`${scheme}://${this.name}:${this.key('password')}@${this.endpoint.address}/${this.name}`;
  }
}
