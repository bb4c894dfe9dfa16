import { dumpFolder, type Dump } from '../core/backup';
import type { ContainerProps } from '../core/container';
import type { Credential } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { temporary } from '../core/mount';
import { rolePasswords, roleStatements, unlogged, type PlatformRole } from './database-job';

export interface DatabaseDumpProps {
  /** An image with the programs of the server's own major version. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `username` and `password` of a superuser. */
  readonly superuser: Credential;
  /** Roles whose passwords of today outlive a restore; those of the databases are for the job that makes these. @default none */
  readonly roles?: readonly PlatformRole[];
}

/**
 * All roles and databases of a PostgreSQL server but its templates.
 * https://www.postgresql.org/docs/16/app-pgdump.html
 */
export function databaseDump({ image, endpoint, superuser, roles = [] }: DatabaseDumpProps): Dump {
  const container = (script: string, env: ContainerProps['env'] = {}): ContainerProps => ({
    image,
    command: ['sh', '-c', script],
    env: {
      PGHOST: endpoint.host,
      PGPORT: endpoint.port.service,
      PGDATABASE: 'postgres',
      PGUSER: superuser.key('username'),
      PGPASSWORD: superuser.key('password'),
      PGCONNECT_TIMEOUT: 10,
      HOME: '/tmp',
      ...env,
    },
    mounts: { '/tmp': temporary('tmp', '64Mi') },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '2', memory: '512Mi' } },
  });
  return {
    method: 'pg_dump',
    endpoint,
    save: container(saveScript),
    load: container(loadScript(roles), rolePasswords(roles)),
  };
}

/** Names of databases are read from the environment, where no character of theirs means anything. */
const saveScript = `set -eu
cd ${dumpFolder}
pg_dumpall --no-password --roles-only --file=roles.sql
psql -XAtq --no-password --command="SELECT oid || ' ' || datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY oid" > databases
while IFS= read -r database; do
  PGDATABASE=\${database#* } pg_dump --no-password --format=custom --file="\${database%% *}.dump"
done < databases
`;

/**
 * Roles in one transaction, so that the password of the superuser never is the old one of the dump, and neither those of
 * the platform's own roles. A database is
 * dropped from \`template1\`, to which nobody else connects.
 */
const loadScript = (roles: readonly PlatformRole[]) => `set -eu
until pg_isready --quiet; do sleep 2; done
cd ${dumpFolder}
{
  cat <<'END'
${unlogged.join('\n')}
\\getenv password PGPASSWORD
END
  # Roles that exist are brought up to date by the statements that follow.
  sed 's/^CREATE ROLE .*;$/DO $role$BEGIN & EXCEPTION WHEN duplicate_object THEN NULL; END$role$;/' roles.sql
  echo "ALTER ROLE CURRENT_USER PASSWORD :'password';"
${ownRoles(roles)}} > "$HOME/roles.sql"
psql -Xq --no-password --set=ON_ERROR_STOP=1 --single-transaction --file="$HOME/roles.sql" > /dev/null
while IFS= read -r database; do
  name=\${database#* }
  echo "restoring $name"
  psql -Xq --no-password --set=ON_ERROR_STOP=1 --dbname=template1 --set=name="$name" <<'END'
DROP DATABASE IF EXISTS :"name" WITH (FORCE);
END
  pg_restore --no-password --exit-on-error --create --dbname=template1 "\${database%% *}.dump"
  PGDATABASE=$name psql -Xq --no-password --set=ON_ERROR_STOP=1 --command=ANALYZE
done < databases
`;

/** They stand at the end, so that what the dump says of them does not count. */
function ownRoles(roles: readonly PlatformRole[]): string {
  return roles.length === 0 ? '' : `  cat <<'END'\n${roles.flatMap(roleStatements).join('\n')}\nEND\n`;
}
