import { sql } from '../../../lib/bindings/sql-database';
import type { SqlDatabase } from '../../../lib/bindings/sql-database';
import { bucketPolicy, bucketScript } from '../../../lib/bindings/bucket-job';
import { databaseScript } from '../../../lib/bindings/database-job';
import { container, findJob, objectsOf } from '../../support/objects';
import { geoai } from '../../support/platforms';

describe('databases', () => {
  const databases = geoai({}, { postgis: { databases: { gis: { extensions: ['postgis', 'hstore'] } } } });
  const [gis, mlflow] = ['gis', 'mlflow'].map((name) => databases.provider(sql).database(name)) as [SqlDatabase, SqlDatabase];

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
});

describe('buckets', () => {
  const plain = (name: string) => ({ name, settings: {} });
  /** What the script says of one bucket. */
  const section = (script: string, name: string) =>
    script.split('\n\n').find((part) => part.startsWith(`mc mb --ignore-existing store/${name}\n`));

  test('the script makes buckets, policies and users, or brings them up to date', () => {
    const script = bucketScript([plain('mlflow'), plain('tile-cache')]);
    expect(section(script, 'mlflow')).toMatchInlineSnapshot(`
     "mc mb --ignore-existing store/mlflow
     ask admin policy info store bucket-mlflow
     case $answer in *Sets*Versions*) mc version suspend store/mlflow ;; esac
     case $answer in *Sets*Quota*) mc quota clear store/mlflow ;; esac
     mc admin policy create store bucket-mlflow /etc/buckets/mlflow.json
     printf '%s\\n%s\\n' "$MLFLOW_ACCESS_KEY_ID" "$MLFLOW_SECRET_ACCESS_KEY" | mc admin user add store > /dev/null
     case "$(mc --json admin user info store "$MLFLOW_ACCESS_KEY_ID")" in
       *bucket-mlflow*) ;;
       *) mc admin policy attach store bucket-mlflow --user "$MLFLOW_ACCESS_KEY_ID" > /dev/null ;;
     esac
     ask anonymous get-json store/mlflow
     case $answer in *HearthPublicRead*) mc anonymous set private store/mlflow ;; esac
     lifecycle store/mlflow ''"
    `);
    expect(section(script, 'tile-cache')).toBe(
      `${section(script, 'mlflow')?.replaceAll('mlflow', 'tile-cache').replaceAll('MLFLOW', 'TILE_CACHE')}\n`,
    );
  });

  test('what is declared is set after the policy that notes it; what is not is taken back before', () => {
    const settings = {
      access: 'public-read',
      expireAfterDays: 7,
      versions: true,
      noncurrentExpireAfterDays: 30,
      quota: '1Gi',
    } as const;
    expect(section(bucketScript([{ name: 'cdn', settings }]), 'cdn')).toMatchInlineSnapshot(`
     "mc mb --ignore-existing store/cdn
     ask admin policy info store bucket-cdn
     mc admin policy create store bucket-cdn /etc/buckets/cdn.json
     printf '%s\\n%s\\n' "$CDN_ACCESS_KEY_ID" "$CDN_SECRET_ACCESS_KEY" | mc admin user add store > /dev/null
     case "$(mc --json admin user info store "$CDN_ACCESS_KEY_ID")" in
       *bucket-cdn*) ;;
       *) mc admin policy attach store bucket-cdn --user "$CDN_ACCESS_KEY_ID" > /dev/null ;;
     esac
     mc version enable store/cdn
     mc quota set store/cdn --size 1073741824B
     mc anonymous set-json /etc/buckets/cdn.public.json store/cdn
     lifecycle store/cdn '{"ID":"hearth-expire","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":7}},{"ID":"hearth-versions","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"ExpiredObjectDeleteMarker":true},"NoncurrentVersionExpiration":{"NoncurrentDays":30}}'
     "
    `);
    expect(bucketPolicy({ name: 'cdn', settings })).toMatchObject({ Statement: [{ Sid: 'SetsVersionsAndQuota' }] });
  });

  test('nothing is ever removed, and no key is an argument', () => {
    const script = bucketScript([plain('mlflow')]);
    expect(script).not.toMatch(/\bm[cb] (rb|rm)\b|remove|detach/);
    // Rules of its own making.
    expect(script.match(/ rm .*/g)).toEqual([' rm --id "$id" "$1" ;; esac']);
    expect(script.split('\n').filter((line) => line.includes('SECRET_ACCESS_KEY'))).toEqual([
      'printf \'%s\\n%s\\n\' "$MLFLOW_ACCESS_KEY_ID" "$MLFLOW_SECRET_ACCESS_KEY" | mc admin user add store > /dev/null',
    ]);
  });

  test('buckets of similar names have variables of their own', () => {
    const variables = (name: string) => /\$(\w+)_ACCESS_KEY_ID/.exec(bucketScript([plain(name)]))?.[1];
    expect(['a-b', 'a--b', 'ab'].map(variables)).toEqual(['A_B', 'A__B', 'AB']);
  });

  test('the policy: everything in the bucket, nothing elsewhere', () => {
    expect(bucketPolicy(plain('mlflow'))).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::mlflow', 'arn:aws:s3:::mlflow/*'] }],
    });
  });
});
