import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import {
  Background,
  findProgram,
  freePort,
  postgresFolders,
  run,
  succeed,
  suiteWith,
  type Result,
  type RunOptions,
} from '../api/support/programs';
import { container, find, findJob } from '../support/objects';

const postgres = findProgram('postgres', postgresFolders());
const suite = suiteWith('test/config/postgres', {
  'postgres, initdb and psql (Debian: postgresql-17)': postgres && findProgram('psql', postgresFolders()),
  'the extensions PostGIS and pgRouting (Debian: postgresql-17-postgis-3 postgresql-17-pgrouting)':
    postgres && hasExtensions('postgis', 'pgrouting'),
});

function hasExtensions(...names: string[]): boolean {
  const config = findProgram('pg_config', postgresFolders());
  if (!config) return true;
  const folder = execFileSync(config, ['--sharedir'], { encoding: 'utf8' }).trim();
  return names.every((name) => existsSync(join(folder, 'extension', `${name}.control`)));
}

const geospatial = ['hstore', 'pgrouting', 'plpgsql', 'postgis', 'postgis_raster', 'postgis_topology'];
/** Platform → its databases and the extensions in each; every database has plpgsql. */
const expected: Record<string, Record<string, string[]>> = {
  geoai: { gis: geospatial, mlflow: ['plpgsql'] },
  'geoai-high': { gis: geospatial, plain: ['plpgsql'], mlflow: ['plpgsql'] },
};

/** PostgreSQL as the platform configures it, and the job that makes the databases, both as the manifests start them. */
suite.each(Object.entries(expected))('the databases of %s in a real PostgreSQL', (name, databases) => {
  let folder: string;
  let server: Background;
  let options: RunOptions;
  let port: number;
  const passwords = new Map<string, string>();
  const objects = objectsOf(platformNamed(name));
  const pod = container(find(objects, 'StatefulSet', 'postgis').spec.template, 'postgis');
  const job = container(findJob(objects, 'postgis-databases').spec.template, 'postgis');

  const secret = (credential: string, key: string) =>
    key === 'username' ? 'postgres' : (passwords.get(credential) ?? `password-of-${credential}`);

  const psql = (role: string, password: string, database: string, sql: string): Promise<Result> =>
    run('psql', ['-X', '--no-password', '--tuples-only', '--no-align', '-c', sql], {
      ...options,
      env: {
        ...options.env,
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: role,
        PGPASSWORD: password,
        PGDATABASE: database,
      },
    });
  const query = async (sql: string, database = 'postgres') => {
    const { code, stdout, stderr } = await psql('postgres', secret('postgis', 'password'), database, sql);
    if (code !== 0) throw new Error(stderr);
    return stdout.split('\n').filter(Boolean);
  };
  const own = (database: string) => secret(`postgis-${database}`, 'password');

  /** The job, with its files and its server where they are here. */
  const runJob = async () => {
    const [command = '', ...args] = job.command.map((part) => part.replaceAll('/etc/databases', folder));
    const env = { ...environmentOf(job, secret), PGHOST: '127.0.0.1', PGPORT: String(port) };
    const result = await run(command, args, { ...options, env: { ...options.env, ...env } });
    expect(result).toMatchObject({ code: 0 });
    return result;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-postgres-'));
    options = { cwd: folder, env: { HOME: folder, PATH: `${dirname(postgres ?? '')}:${process.env.PATH}` } };
    if (process.getuid?.() === 0) {
      // PostgreSQL refuses to run as root.
      options = { ...options, uid: 65534, gid: 65534 };
      chownSync(folder, 65534, 65534);
    }
    const script = find(objects, 'ConfigMap', 'postgis-databases').data['databases.sql'] ?? '';
    writeFileSync(join(folder, 'databases.sql'), script);
    writeFileSync(join(folder, 'superuser'), secret('postgis', 'password'));
    const { POSTGRES_INITDB_ARGS = '' } = environmentOf(pod, secret);
    await succeed(
      'initdb',
      ['--pgdata=data', '--username=postgres', '--pwfile=superuser', '--no-sync', ...POSTGRES_INITDB_ARGS.split(' ')],
      options,
    );
    port = await freePort();
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      `unix_socket_directories=${folder}`,
      'fsync=off',
      // What a curious administrator might log.
      'log_statement=all',
      'log_min_duration_statement=0',
      'log_transaction_sample_rate=1',
      'log_min_error_statement=debug5',
    ];
    server = new Background('postgres', ['-D', 'data', ...pod.args, ...settings.flatMap((setting) => ['-c', setting])], options);
    await server.until(() => query('SELECT 1'));
  });

  afterAll(async () => {
    // A fast shutdown.
    await server?.stop('SIGINT');
    rmSync(folder, { recursive: true, force: true });
  });

  test('the server runs with every setting that it is given', async () => {
    const settings = pod.args.filter((arg) => arg !== '-c').map((arg) => arg.split('=') as [string, string]);
    expect(settings.map(([key]) => key)).toEqual(expect.arrayContaining(['timezone', 'shared_buffers']));
    for (const [key, value] of settings) expect([key, ...(await query(`SHOW ${key}`))]).toEqual([key, value]);
    expect(await query('SHOW data_checksums')).toEqual(['on']);
  });

  test('the job runs, and runs again', async () => {
    await runJob();
    const { stderr } = await runJob();
    expect(stderr).not.toMatch(/error|fatal/i);
  });

  test('every role logs in with its password, owns its database and may create in it', async () => {
    const names = Object.keys(databases).sort();
    expect(
      await query(
        `SELECT datname || ' ' || rolname FROM pg_database JOIN pg_roles r ON r.oid = datdba
         WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1`,
      ),
    ).toEqual(names.map((database) => `${database} ${database}`));
    for (const database of names) {
      const sql = 'CREATE TABLE IF NOT EXISTS proof (id int); INSERT INTO proof VALUES (1); SELECT current_user';
      const result = await psql(database, own(database), database, sql);
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining(database) });
    }
    expect(
      await query(`SELECT rolname FROM pg_roles
        WHERE rolname !~ '^(pg_|postgres$)' AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication)`),
    ).toEqual([]);
  });

  test('the declared extensions are there, and no other ones', async () => {
    for (const [database, extensions] of Object.entries(databases)) {
      expect(await query('SELECT extname FROM pg_extension ORDER BY extname', database)).toEqual(extensions);
    }
  });

  test('a wrong password is refused, and so is the database of another role', async () => {
    expect((await psql('gis', 'wrong', 'gis', 'SELECT 1')).stderr).toContain('password authentication failed');
    expect((await psql('mlflow', own('mlflow'), 'gis', 'SELECT 1')).stderr).toContain('permission denied for database "gis"');
  });

  test('a new password holds after the next run', async () => {
    const former = own('gis');
    passwords.set('postgis-gis', `it's "quoted" \\ and $HOME :'password'`);
    await runJob();
    expect(await psql('gis', own('gis'), 'gis', 'SELECT count(*) FROM proof')).toMatchObject({ code: 0 });
    expect((await psql('gis', former, 'gis', 'SELECT 1')).code).not.toBe(0);
  });

  test('no password stands in the log of a server that logs every statement', () => {
    expect(server.log).toContain("SET log_statement = 'none'");
    const all = ['postgis', ...Object.keys(databases).map((database) => `postgis-${database}`)];
    for (const credential of all) {
      expect(server.log).not.toContain(`password-of-${credential}`);
      expect(server.log).not.toContain(secret(credential, 'password'));
    }
    expect(server.log).not.toContain(`"quoted"`);
  });
});
