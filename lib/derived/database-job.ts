import type { SqlDatabase } from '../bindings/sql-database';
import type { Component } from '../core/component';
import { ConfigFiles } from '../core/config-files';
import { Job } from '../core/controllers';
import type { Credential } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { temporary } from '../core/mount';

export interface DatabaseJobProps {
  /** An image with `psql` 14 or newer. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `username` and `password` of a superuser. */
  readonly superuser: Credential;
  readonly databases: readonly SqlDatabase[];
}

/**
 * A job that makes every declared database, its role and its extensions, and brings existing ones up to date.
 * It never drops anything. Passwords come from the environment, never from the script.
 */
export function databaseJob(server: Component, props: DatabaseJobProps): Job {
  const name = `${server.name}-databases`;
  const script = new ConfigFiles(server, name, { 'databases.sql': databaseScript(props.databases) });
  return new Job(server, name, {
    image: props.image,
    command: [
      'sh',
      '-c',
      'until pg_isready --quiet; do sleep 2; done; exec psql -X --no-password --file=/etc/databases/databases.sql',
    ],
    env: {
      PGHOST: props.endpoint.host,
      PGPORT: props.endpoint.port.service,
      PGDATABASE: 'postgres',
      PGUSER: props.superuser.key('username'),
      PGPASSWORD: props.superuser.key('password'),
      PGCONNECT_TIMEOUT: 5,
      ...Object.fromEntries(
        props.databases.map((database) => [passwordVariable(database.name), database.credential.key('password')]),
      ),
    },
    mounts: { '/etc/databases': script, '/tmp': temporary('tmp', '16Mi') },
    uses: [{ endpoint: props.endpoint, why: 'makes databases and roles' }],
    user: { uid: 999, gid: 999 },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
  });
}

/** The head of a psql script: it stops at the first error, and keeps statements with passwords out of the server's log. */
export const unlogged: readonly string[] = [
  '\\set ON_ERROR_STOP on',
  '-- Statements with passwords stay out of the server log.',
  "SET log_statement = 'none';",
  "SET log_min_error_statement = 'panic';",
  'SET log_min_duration_statement = -1;',
  'SET log_min_duration_sample = -1;',
  'SET log_transaction_sample_rate = 0;',
];

/** The idempotent psql script; {@link https://www.postgresql.org/docs/16/app-psql.html} for `\getenv` and `\gexec`. */
export function databaseScript(databases: readonly SqlDatabase[]): string {
  const blocks = databases.map(({ name, extensions }) => [
    '',
    `\\getenv password ${passwordVariable(name)}`,
    `SELECT 'CREATE ROLE "${name}"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') \\gexec`,
    `ALTER ROLE "${name}" WITH LOGIN PASSWORD :'password';`,
    `SELECT 'CREATE DATABASE "${name}" OWNER "${name}"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}') \\gexec`,
    `REVOKE ALL ON DATABASE "${name}" FROM PUBLIC;`,
    ...(extensions.length > 0
      ? [
          `\\connect "${name}"`,
          ...extensions.map((extension) => `CREATE EXTENSION IF NOT EXISTS "${extension}" CASCADE;`),
          '\\connect postgres',
          ...unlogged.slice(1),
        ]
      : []),
  ]);
  return [...unlogged, ...blocks.flat(), ''].join('\n');
}

/** Gives a role another password, by a script for the standard input of `psql`. */
export function passwordScript(role: string, next: string): string {
  return [...unlogged, `ALTER ROLE "${role}" PASSWORD '${next.replaceAll("'", "''")}';`, ''].join('\n');
}

function passwordVariable(name: string): string {
  return `${name.toUpperCase()}_PASSWORD`;
}
