import type { SqlDatabase } from '../../../lib/bindings/sql-database';
import { bucketPolicy, bucketScript } from '../../../lib/derived/bucket-job';
import { databaseScript } from '../../../lib/derived/database-job';
import { container, findJob, objectsOf } from '../../support/objects';
import { geoai } from '../../support/platforms';

describe('databases', () => {
  const databases = geoai({}, { postgis: { databases: { gis: { extensions: ['postgis', 'hstore'] } } } });
  const [gis, mlflow] = ['gis', 'mlflow'].map((name) => databases.sql().database(name)) as [SqlDatabase, SqlDatabase];

  test('the script makes roles, databases and extensions, or brings them up to date', () => {
    expect(databaseScript([gis, mlflow])).toMatchInlineSnapshot(`
     "\\set ON_ERROR_STOP on
     -- Statements with passwords stay out of the server log.
     SET log_statement = 'none';
     SET log_min_error_statement = 'panic';
     SET log_min_duration_statement = -1;
     SET log_min_duration_sample = -1;
     SET log_transaction_sample_rate = 0;

     \\getenv password GIS_PASSWORD
     SELECT 'CREATE ROLE "gis"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gis') \\gexec
     ALTER ROLE "gis" WITH LOGIN PASSWORD :'password';
     SELECT 'CREATE DATABASE "gis" OWNER "gis"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'gis') \\gexec
     REVOKE ALL ON DATABASE "gis" FROM PUBLIC;
     \\connect "gis"
     CREATE EXTENSION IF NOT EXISTS "postgis" CASCADE;
     CREATE EXTENSION IF NOT EXISTS "hstore" CASCADE;
     \\connect postgres
     -- Statements with passwords stay out of the server log.
     SET log_statement = 'none';
     SET log_min_error_statement = 'panic';
     SET log_min_duration_statement = -1;
     SET log_min_duration_sample = -1;
     SET log_transaction_sample_rate = 0;

     \\getenv password MLFLOW_PASSWORD
     SELECT 'CREATE ROLE "mlflow"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mlflow') \\gexec
     ALTER ROLE "mlflow" WITH LOGIN PASSWORD :'password';
     SELECT 'CREATE DATABASE "mlflow" OWNER "mlflow"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'mlflow') \\gexec
     REVOKE ALL ON DATABASE "mlflow" FROM PUBLIC;
     "
    `);
  });

  test('nothing is ever dropped, and no password is in it', () => {
    const script = databaseScript([gis, mlflow]);
    expect(script).not.toMatch(/\bDROP\b|\bTRUNCATE\b|\bDELETE\b/i);
    const passwords = [...script.matchAll(/PASSWORD (\S+);/g)].map(([, value]) => value);
    expect(passwords).toEqual([":'password'", ":'password'"]);
  });

  test('without databases there is nothing to do', () => {
    expect(databaseScript([])).toMatch(/^\\set ON_ERROR_STOP on\n/);
    expect(databaseScript([])).not.toMatch(/CREATE|ALTER|DROP/);
  });

  test('the job waits for the server, runs without a password prompt, and is new when the script is', () => {
    const objects = objectsOf(databases);
    const job = findJob(objects, 'postgis-databases');
    expect(container(job.spec.template, 'postgis').command.at(-1)).toBe(
      'until pg_isready --quiet; do sleep 2; done; exec psql -X --no-password --file=/etc/databases/databases.sql',
    );
    const other = geoai({}, { postgis: { databases: { gis: { extensions: ['postgis'] } } } });
    expect(findJob(objectsOf(other), 'postgis-databases').metadata.name).not.toBe(job.metadata.name);
  });

  test('a name that PostgreSQL would not take as it is', () => {
    expect(() => databases.sql().database('my-data')).toThrow(
      '"my-data" is no database name: lower-case letters, digits and underscores',
    );
  });
});

describe('buckets', () => {
  test('the script makes buckets, policies and users, or brings them up to date', () => {
    expect(bucketScript([{ name: 'mlflow' }, { name: 'tile-cache' }])).toMatchInlineSnapshot(`
     "set -eu
     until mc ready store; do sleep 2; done

     mc mb --ignore-existing store/mlflow
     mc admin policy create store bucket-mlflow /etc/buckets/mlflow.json
     printf '%s\\n%s\\n' "$MLFLOW_ACCESS_KEY_ID" "$MLFLOW_SECRET_ACCESS_KEY" | mc admin user add store > /dev/null
     case "$(mc --json admin user info store "$MLFLOW_ACCESS_KEY_ID")" in
       *bucket-mlflow*) ;;
       *) mc admin policy attach store bucket-mlflow --user "$MLFLOW_ACCESS_KEY_ID" > /dev/null ;;
     esac

     mc mb --ignore-existing store/tile-cache
     mc admin policy create store bucket-tile-cache /etc/buckets/tile-cache.json
     printf '%s\\n%s\\n' "$TILE_CACHE_ACCESS_KEY_ID" "$TILE_CACHE_SECRET_ACCESS_KEY" | mc admin user add store > /dev/null
     case "$(mc --json admin user info store "$TILE_CACHE_ACCESS_KEY_ID")" in
       *bucket-tile-cache*) ;;
       *) mc admin policy attach store bucket-tile-cache --user "$TILE_CACHE_ACCESS_KEY_ID" > /dev/null ;;
     esac
     "
    `);
  });

  test('nothing is ever removed, and no key is an argument', () => {
    const script = bucketScript([{ name: 'mlflow' }]);
    expect(script).not.toMatch(/\bm[cb] (rb|rm)\b|remove|detach/);
    expect(script.split('\n').filter((line) => line.includes('SECRET_ACCESS_KEY'))).toEqual([
      'printf \'%s\\n%s\\n\' "$MLFLOW_ACCESS_KEY_ID" "$MLFLOW_SECRET_ACCESS_KEY" | mc admin user add store > /dev/null',
    ]);
  });

  test('buckets of similar names have variables of their own', () => {
    const variables = (name: string) => /\$(\w+)_ACCESS_KEY_ID/.exec(bucketScript([{ name }]))?.[1];
    expect(['a-b', 'a--b', 'ab'].map(variables)).toEqual(['A_B', 'A__B', 'AB']);
  });

  test('the policy: everything in the bucket, nothing elsewhere', () => {
    expect(bucketPolicy('mlflow')).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::mlflow', 'arn:aws:s3:::mlflow/*'] }],
    });
  });
});
