import type { SqlDatabase } from './sql-database';
import type { Component } from '../core/component';
import { ConfigFiles } from '../core/config-files';
import { Job } from '../core/controllers';
import type { ContainerProps } from '../core/container';
import type { Credential, SecretKey } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { temporary } from '../core/mount';

/** A role that the server or one of its helpers needs, beside those of the databases. */
export interface PlatformRole {
  readonly name: string;
  readonly password: SecretKey;
  /** What it may do as a role, for example `REPLICATION`. @default nothing special */
  readonly attributes?: string;
  /** Statements that give it rights, in the database `postgres`; they run again and again. @default none */
  readonly grants?: readonly string[];
}

export interface DatabaseJobProps {
  /** An image with `psql` 14 or newer. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `username` and `password` of a superuser. */
  readonly superuser: Credential;
  readonly databases: readonly SqlDatabase[];
  /** @default none */
  readonly roles?: readonly PlatformRole[];
  /** What runs before. @default nothing */
  readonly init?: Record<string, ContainerProps>;
  /** What that reaches. @default nothing */
  readonly reaches?: readonly Endpoint[];
}

/**
 * A job that makes every declared database, its role and its extensions, and brings existing ones up to date.
 * It never drops anything. Passwords come from the environment, never from the script.
 */
export function databaseJob(server: Component, props: DatabaseJobProps): Job {
  const name = `${server.name}-databases`;
  const { roles = [], reaches = [] } = props;
  const script = new ConfigFiles(server, name, { 'databases.sql': databaseScript(props.databases, roles) });
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
      ...rolePasswords(roles),
    },
    mounts: { '/etc/databases': script, '/tmp': temporary('tmp', '16Mi') },
    init: props.init,
    uses: [
      { endpoint: props.endpoint, why: 'makes databases and roles' },
      ...reaches.map((endpoint) => ({ endpoint, why: 'says how the server is configured' })),
    ],
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
export function databaseScript(databases: readonly SqlDatabase[], roles: readonly PlatformRole[] = []): string {
  const needed = roles.flatMap((role) => ['', ...roleStatements(role), ...(role.grants ?? [])]);
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
  return [...unlogged, ...needed, ...blocks.flat(), ''].join('\n');
}

/** Makes a role, or brings it up to date; its password comes from the environment, see {@link rolePasswords}. */
export function roleStatements({ name, attributes }: PlatformRole): string[] {
  return [
    `\\getenv password ${passwordVariable(name)}`,
    `SELECT 'CREATE ROLE "${name}"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') \\gexec`,
    `ALTER ROLE "${name}" WITH LOGIN ${attributes ? `${attributes} ` : ''}PASSWORD :'password';`,
  ];
}

/** What {@link roleStatements} reads from the environment. */
export function rolePasswords(roles: readonly PlatformRole[]): Record<string, SecretKey> {
  return Object.fromEntries(roles.map(({ name, password }) => [passwordVariable(name), password]));
}

/** Gives a role another password, by a script for the standard input of `psql`. */
export function passwordScript(role: string, next: string): string {
  return [...unlogged, `ALTER ROLE "${role}" PASSWORD '${next.replaceAll("'", "''")}';`, ''].join('\n');
}

function passwordVariable(name: string): string {
  return `${name.toUpperCase()}_PASSWORD`;
}
