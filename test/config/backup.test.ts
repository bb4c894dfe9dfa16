import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { findProgram, postgresFolders, run, suiteWith, type Result } from '../api/support/programs';
import { container, find } from '../support/objects';
import { MinioServer, type Keys } from './support/minio-server';
import { PostgresServer, postgresPrograms } from './support/postgres-server';

const suite = suiteWith('test/config/backup', {
  'restic on PATH (Go: github.com/restic/restic)': findProgram('restic'),
  'busybox on PATH, with nc -e (Debian: busybox-static)': findProgram('busybox'),
  'minio on PATH': findProgram('minio'),
  'mc, its client, on PATH': findProgram('mc'),
  'postgres, initdb and psql (Debian: postgresql-17)':
    findProgram('postgres', postgresFolders()) && findProgram('psql', postgresFolders()),
  'the extension PostGIS (Debian: postgresql-17-postgis-3)': findProgram('postgres', postgresFolders()),
});

const objects = objectsOf(platformNamed('geoai-backup'));
/** Who pods run as: not root, where the tests do. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** A bucket of an S3 service with TLS, and the pods of the jobs that bring data there and back. */
suite('backup to a real S3 service', () => {
  const secrets = new Map<string, string>();
  const secret = (name: string, key: string) => secrets.get(`${name}/${key}`) ?? `${key}-of-${name}`.toLowerCase();
  const keys = (name: string): Keys => ({
    accessKeyId: secret(name, 'accessKeyId').replace('accesskeyid-of-', 'id-'),
    secretAccessKey: secret(name, 'secretAccessKey'),
  });
  let target: MinioServer;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-backup-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'bin'));
    symlinkSync(findProgram('busybox') ?? '', join(folder, 'bin/nc'));
    // Their own place may be closed to others.
    for (const name of ['mc', 'restic']) copyFileSync(findProgram(name) ?? '', join(folder, 'bin', name));
    target = await MinioServer.start(keys('backup'), { tls: true });
    writeFileSync(join(folder, 'ca.crt'), target.certificateAuthority ?? '');
  });

  afterAll(async () => {
    await target?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A pod of one of the jobs: its temporary folders are gone with it. */
  class Pod {
    readonly folder = mkdtempSync(join(folder, 'pod-'));

    constructor(
      private readonly job: string,
      private readonly here: Record<string, string>,
      private readonly volume = join(this.folder, 'volume'),
    ) {
      for (const path of ['tmp', 'backup']) this.own(path);
      if (nobody) chownSync(this.folder, nobody.uid, nobody.gid);
    }

    /**
     * Runs one container, with its files and the programs it talks to where they are here.
     * @param patience for how many seconds it asks for the repository
     */
    run(name: string, extra: Record<string, string> = {}, patience = 45): Promise<Result> {
      const { template } = find(objects, 'CronJob', this.job).spec.jobTemplate.spec;
      const found = container(template, name);
      const environment = environmentOf(found, (credential, key) =>
        key === 'username' ? 'postgres' : key === 'accessKeyId' ? keys(credential).accessKeyId : secret(credential, key),
      );
      const [host = '', port = ''] = target.address.split(':');
      const moved = (text: string) =>
        text
          .replaceAll('s3.backup.home.arpa', host)
          .replaceAll('9443', port)
          .replaceAll('timeout 45 ', `timeout ${patience} `)
          .replaceAll('/etc/backup/', `${folder}/`)
          .replaceAll(/(?<![\w:/])\/(backup|volume)\b/g, (_, path: string) =>
            path === 'volume' ? this.volume : join(this.folder, path),
          );
      const [command = '', ...args] = commandOf(found, environment).map(moved);
      const { RESTIC_REPOSITORY, RESTIC_CACERT, MC_HOST_store } = environment;
      return run(command, args, {
        cwd: '/',
        ...nobody,
        env: {
          ...environment,
          ...(RESTIC_REPOSITORY === undefined ? {} : { RESTIC_REPOSITORY: moved(RESTIC_REPOSITORY) }),
          ...(RESTIC_CACERT === undefined ? {} : { RESTIC_CACERT: moved(RESTIC_CACERT) }),
          ...(MC_HOST_store === undefined ? {} : { MC_HOST_store: MC_HOST_store.replace(/@.*/, `@${this.here.MINIO}`) }),
          PATH: `${join(folder, 'bin')}:${postgresPrograms}:${process.env.PATH}`,
          HOME: join(this.folder, 'tmp'),
          MC_CONFIG_DIR: join(this.folder, 'tmp/mc'),
          ...this.here,
          ...extra,
        },
      });
    }

    /** Runs containers one after the other; the first that fails is the last. */
    async all(names: readonly string[], extra: Record<string, string> = {}): Promise<void> {
      for (const name of names) {
        const { code, stdout, stderr } = await this.run(name, extra);
        if (code !== 0) throw new Error(`${this.job}, ${name}: exit code ${code}\n${stderr}${stdout}`);
      }
    }

    own(path: string): void {
      mkdirSync(join(this.folder, path));
      if (nobody) chownSync(join(this.folder, path), nobody.uid, nobody.gid);
    }
  }
  const backup = (name: string, here: Record<string, string>) =>
    new Pod(`${name}-backup`, here).all(['reach-target', 'save', 'backup']);
  const restore = (name: string, here: Record<string, string>, extra: Record<string, string> = {}) =>
    new Pod(`${name}-restore`, here).all(['reach-target', 'fetch', 'load'], extra);
  const snapshots = async (name: string, here: Record<string, string> = {}) => {
    const listed = await new Pod(`${name}-restore`, here).run('fetch', { SNAPSHOT: 'list' });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(listed.stdout) as { id: string; time: string; hostname: string; tags: string[] }[];
  };

  describe('of PostgreSQL', () => {
    let server: PostgresServer;
    const odd = `odd =name's "db"`;
    const sql = (text: string, database = 'postgres') =>
      server.query(text, { database, password: secret('postgis', 'password') });
    const here = () => ({ PGHOST: '127.0.0.1', PGPORT: String(server.port) });
    const state = async () => ({
      databases: await sql(
        'SELECT datname, rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE NOT datistemplate ORDER BY 1',
      ),
      roles: await sql(`SELECT rolname, rolcanlogin, rolconnlimit FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`),
      members: await sql('SELECT roleid::regrole, member::regrole FROM pg_auth_members WHERE roleid >= 16384 ORDER BY 1'),
      access: await sql(`SELECT datacl FROM pg_database WHERE datname = 'gis'`),
      places: await sql('SELECT id, name, ST_AsText(geometry) FROM places ORDER BY 1', 'gis'),
      near: await sql('SELECT * FROM near ORDER BY 1', 'gis'),
      extensions: await sql('SELECT extname FROM pg_extension ORDER BY 1', 'gis'),
      odd: await sql('SELECT * FROM t', odd),
      own: await sql('SELECT * FROM notes'),
    });
    let before: Awaited<ReturnType<typeof state>>;

    beforeAll(async () => {
      server = await PostgresServer.start(secret('postgis', 'password'));
      await sql(`CREATE ROLE gis LOGIN PASSWORD 'gis-password'; CREATE ROLE "Reader 1" CONNECTION LIMIT 3;
        GRANT "Reader 1" TO gis`);
      await sql('CREATE DATABASE gis OWNER gis');
      await sql('REVOKE ALL ON DATABASE gis FROM PUBLIC');
      await sql(`CREATE DATABASE "${odd.replaceAll('"', '""')}"`);
      await sql('CREATE TABLE t AS SELECT 42 AS answer', odd);
      await sql(`CREATE TABLE notes AS SELECT 'in the default database' AS note`);
      await sql(
        `CREATE EXTENSION postgis;
        SET ROLE gis;
        CREATE TABLE places (id int PRIMARY KEY, name text, geometry geometry(Point, 4326));
        INSERT INTO places SELECT i, 'place ' || i, ST_SetSRID(ST_MakePoint(i, i), 4326) FROM generate_series(1, 1000) i;
        CREATE INDEX ON places USING gist (geometry);
        CREATE VIEW near AS SELECT id FROM places WHERE ST_DWithin(geometry, ST_SetSRID(ST_MakePoint(0, 0), 4326), 10);
        GRANT SELECT ON places TO "Reader 1"`,
        'gis',
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${server.log.slice(-2000)}`);
      });
    });

    afterAll(() => server?.stop());

    test('before the first backup there is no snapshot, which is no error', async () => {
      expect(await snapshots('postgis', here())).toEqual([]);
    });

    test('a backup becomes a snapshot', async () => {
      before = await state();
      expect(before.near).not.toEqual([]);
      await backup('postgis', here());
      expect(await snapshots('postgis', here())).toMatchObject([{ hostname: 'geoai-backup', tags: ['postgis'] }]);
    });

    test('what was changed and lost since then is back after a restore, and the password of today still holds', async () => {
      await sql('DROP VIEW near; DELETE FROM places WHERE id > 10; CREATE TABLE later (id int)', 'gis');
      await sql(`DROP DATABASE "${odd.replaceAll('"', '""')}"`);
      await sql('DROP TABLE notes; ALTER ROLE "Reader 1" CONNECTION LIMIT 9; REVOKE "Reader 1" FROM gis');
      await sql(`ALTER ROLE postgres PASSWORD 'new-password'`);
      secrets.set('postgis/password', 'new-password');
      await restore('postgis', here());
      expect(await state()).toEqual(before);
      expect(await sql(`SELECT count(*) FROM pg_tables WHERE tablename = 'later'`, 'gis')).toEqual(['0']);
      await server.query('INSERT INTO places VALUES (2000)', {
        database: 'gis',
        role: 'gis',
        password: 'gis-password',
      });
      await sql('DELETE FROM places WHERE id = 2000', 'gis');
    });

    test('a second backup is a second snapshot; both can be restored', async () => {
      await sql(`UPDATE places SET name = 'changed'`, 'gis');
      await backup('postgis', here());
      const [first, second] = await snapshots('postgis', here());
      expect(second).toBeDefined();
      await restore('postgis', here(), { SNAPSHOT: first?.id.slice(0, 8) ?? '' });
      expect(await state()).toEqual(before);
      await restore('postgis', here());
      expect(await sql('SELECT DISTINCT name FROM places', 'gis')).toEqual(['changed']);
    });

    test('a new, empty server gets everything', async () => {
      const last = await state();
      await server.stop();
      server = await PostgresServer.start(secret('postgis', 'password'));
      await restore('postgis', here());
      expect(await state()).toEqual(last);
    });

    test('a save that fails makes no snapshot', async () => {
      const known = await snapshots('postgis', here());
      const pod = new Pod('postgis-backup', { ...here(), PGPASSWORD: 'wrong' });
      expect(await pod.run('save')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('authentication failed'),
      });
      const empty = new Pod('postgis-backup', here());
      expect(await empty.run('backup')).toMatchObject({ code: 1, stderr: 'There is nothing to back up.\n' });
      expect(await snapshots('postgis', here())).toEqual(known);
    });

    test('a snapshot that does not exist is refused before anything is loaded', async () => {
      const pod = new Pod('postgis-restore', here());
      const { code, stderr } = await pod.run('fetch', { SNAPSHOT: 'abcdef12' });
      expect(code).not.toBe(0);
      expect(stderr).toContain('abcdef12');
    });

    test('a new password of the superuser is taken over by the command in the server’s container', async () => {
      const credential = platformNamed('geoai-backup').graph.credentials.find(({ name }) => name === 'postgis');
      const { rotation } = credential ?? {};
      if (rotation?.by !== 'command') throw new Error('rotated in another way');
      expect(rotation.in()).toMatchObject({ kind: 'StatefulSet', name: 'postgis' });
      const next = `it's "new" \\ :'password' $HOME`;
      const [program = '', ...args] = rotation.command;
      const result = await run(join(postgresPrograms, program), args, {
        input: rotation.input({ password: next }),
        env: { PGHOST: server.socket, PGPORT: String(server.port) },
      });
      expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
      await expect(sql('SELECT 1')).rejects.toThrow('authentication failed');
      secrets.set('postgis/password', next);
      expect(await sql('SELECT 1')).toEqual(['1']);
    });

    test('no password, nor its hash, stands in the log of a server that logs every statement', () => {
      expect(server.log).toContain('CREATE DATABASE gis');
      expect(server.log).not.toMatch(/SCRAM-SHA-256|new-password|gis-password|"new"/);
    });
  });

  describe('of MinIO', () => {
    let store: MinioServer;
    const here = () => ({ MINIO: store.address });
    /** Every object with its checksum. */
    const contents = async () => {
      const { stdout } = await store.mc('ls', '--recursive', '--json', 'store');
      const names = stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { key: string }).key);
      const checksums = names.map(async (name) => {
        const object = await store.mc('cat', `store/${name}`);
        return `${name} ${createHash('sha256').update(object.stdout).digest('hex')}`;
      });
      return (await Promise.all(checksums)).sort();
    };
    const buckets = async () => (await store.mc('ls', 'store')).stdout.match(/\S+(?=\/\n)/g);
    const large = 'x'.repeat(1_000_000);
    let before: string[];

    beforeAll(async () => {
      store = await MinioServer.start(keys('minio'));
      for (const bucket of ['mlflow', 'empty', 'by.hand']) await store.mc('mb', `store/${bucket}`);
      await store.put('mlflow/1/artifacts/model.bin', large);
      await store.put('mlflow/1/artifacts/metrics', 'abc');
      await store.put('mlflow/öd %20&name', 'odd');
      await store.put('by.hand/zero', '');
      before = await contents();
    });

    afterAll(() => store?.stop());

    test('a backup becomes a snapshot', async () => {
      expect(before).toHaveLength(4);
      await backup('minio', here());
      expect(await snapshots('minio')).toMatchObject([{ tags: ['minio'] }]);
    });

    test('what was changed, added and lost since then is as before after a restore', async () => {
      // Of the same size, and newer.
      await store.put('mlflow/1/artifacts/metrics', 'xyz');
      await store.put('mlflow/later', 'later');
      await store.mc('rm', '--recursive', '--force', 'store/mlflow/1/artifacts/model.bin');
      await store.mc('rb', '--force', 'store/by.hand');
      await store.mc('rb', '--force', 'store/empty');
      await restore('minio', here());
      expect(await contents()).toEqual(before);
      expect(await buckets()).toEqual(['by.hand', 'empty', 'mlflow']);
    });

    test('a new, empty server gets everything', async () => {
      await store.stop();
      store = await MinioServer.start(keys('minio'));
      await restore('minio', here());
      expect(await contents()).toEqual(before);
      expect(await buckets()).toEqual(['by.hand', 'empty', 'mlflow']);
    });

    test('a server without buckets is backed up and restored as such', async () => {
      const none = await MinioServer.start(keys('minio'));
      try {
        const pod = new Pod('minio-backup', { MINIO: none.address });
        await pod.all(['save', 'backup']);
        await restore('minio', { MINIO: none.address });
        expect((await none.mc('ls', 'store')).stdout).toBe('');
      } finally {
        await none.stop();
      }
    });
  });

  describe('of a volume', () => {
    let volume: string;
    const write = (path: string, text: string) => {
      writeFileSync(join(volume, path), text);
      if (nobody) chownSync(join(volume, path), nobody.uid, nobody.gid);
    };
    const files = () =>
      readdirSync(volume, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => `${path.slice(volume.length + 1)}: ${readFileSync(path, 'utf8')}`)
        .sort();
    const pod = (job: string) => new Pod(`rustdesk-${job}`, {}, volume);

    beforeAll(() => {
      const owner = new Pod('rustdesk-backup', {});
      owner.own('volume');
      volume = join(owner.folder, 'volume');
      owner.own('volume/folder');
      write('db_v2.sqlite3', 'clients');
      write('.hidden', 'hidden');
      write('folder/with space', 'inner');
      // Of the backup itself, and of the file system.
      write('.hearth-replicas', '1');
      mkdirSync(join(volume, 'lost+found'), { mode: 0o700 });
    });

    test('its files become a snapshot, and come back', async () => {
      const before = files();
      await pod('backup').all(['reach-target', 'backup']);
      write('db_v2.sqlite3', 'corrupt');
      write('db_v2.sqlite3-wal', 'of a later time');
      rmSync(join(volume, 'folder'), { recursive: true });
      rmSync(join(volume, '.hidden'));
      await pod('restore').all(['reach-target', 'fetch', 'load']);
      expect(files()).toEqual(before);
      expect(readdirSync(volume).sort()).toEqual(['.hearth-replicas', '.hidden', 'db_v2.sqlite3', 'folder', 'lost+found']);
    });

    test('an empty volume is not backed up', async () => {
      const known = await snapshots('rustdesk');
      const empty = new Pod('rustdesk-backup', {});
      empty.own('volume');
      writeFileSync(join(empty.folder, 'volume/.hearth-replicas'), '1');
      expect(await empty.run('backup')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('snapshot is empty'),
      });
      expect(await snapshots('rustdesk')).toEqual(known);
    });

    test('what was not fetched replaces nothing', async () => {
      const before = files();
      const lost = pod('restore');
      expect((await lost.run('fetch', { SNAPSHOT: 'abcdef12' })).code).not.toBe(0);
      expect((await lost.run('load')).code).not.toBe(0);
      expect(files()).toEqual(before);
    });
  });

  test('snapshots are kept as long as the platform file says, and all of the last day', async () => {
    const pod = new Pod('minio-backup', {});
    writeFileSync(join(pod.folder, 'backup/file'), 'content');
    const { template } = find(objects, 'CronJob', 'minio-backup').spec.jobTemplate.spec;
    const environment = environmentOf(container(template, 'backup'), (name, key) =>
      key === 'accessKeyId' ? keys(name).accessKeyId : secret(name, key),
    );
    const env = {
      ...environment,
      RESTIC_REPOSITORY: `s3:https://${target.address}/backups/geoai-backup/minio`,
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HOME: join(pod.folder, 'tmp'),
    };
    for (const day of [2, 3, 4, 5, 6, 20, 30, 40]) {
      const time = new Date(Date.now() - day * 24 * 3600 * 1000).toISOString().replace('T', ' ').slice(0, 19);
      const made = await run(
        'restic',
        [`--cacert=${folder}/ca.crt`, 'backup', '.', '--host=geoai-backup', '--tag=minio', `--time=${time}`],
        { cwd: join(pod.folder, 'backup'), env, ...nobody },
      );
      expect(made).toMatchObject({ code: 0 });
    }
    const today = (await snapshots('minio')).length - 8;
    expect(today).toBeGreaterThan(1);
    await pod.all(['backup']);
    const ages = (await snapshots('minio')).map(({ time }) => Math.round((Date.now() - Date.parse(time)) / (24 * 3600 * 1000)));
    expect(ages.filter((age) => age === 0)).toHaveLength(today + 1);
    // Three days and two weeks, which may be the same.
    expect(ages.filter((age) => age > 0).length).toBeLessThanOrEqual(3);
    expect(ages.filter((age) => age > 0)).toEqual(expect.arrayContaining([2, 3]));
    expect(ages).not.toContain(40);
  });

  test('a bucket that is not there yet is made by the first backup, and none by listing', async () => {
    const elsewhere = { RESTIC_REPOSITORY: `s3:https://${target.address}/not-there-yet/postgis` };
    const list = () => new Pod('postgis-restore', {}).run('fetch', { ...elsewhere, SNAPSHOT: 'list' }, 5);
    for (const again of [false, true])
      expect([again, await list()]).toEqual([again, expect.objectContaining({ code: 0, stdout: '[]\n' })]);
    const saving = new Pod('postgis-backup', {});
    writeFileSync(join(saving.folder, 'backup/file'), 'content');
    expect(await saving.run('backup', elsewhere, 5)).toMatchObject({ code: 0 });
    expect(JSON.parse((await list()).stdout)).toHaveLength(1);
  });

  test('wrong keys, another password and another certificate authority fail, also when listing', async () => {
    const ways: [Record<string, string>, RegExp][] = [
      [{ RESTIC_PASSWORD: 'wrong' }, /wrong password or no key found/],
      [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, /Access Denied|request signature we calculated does not match/],
      [{ AWS_ACCESS_KEY_ID: 'nobody' }, /Access Denied|Access Key Id you provided does not exist/],
    ];
    for (const [extra, reason] of ways) {
      const saving = new Pod('postgis-backup', {});
      writeFileSync(join(saving.folder, 'backup/file'), 'content');
      const results = [
        await saving.run('backup', extra, 8),
        await new Pod('postgis-restore', {}).run('fetch', { ...extra, SNAPSHOT: 'list' }, 8),
        await new Pod('postgis-restore', {}).run('fetch', extra, 8),
      ];
      for (const { code, stderr } of results) {
        // Not -1, by which a program ends that took too long.
        expect(code).toBeGreaterThan(0);
        expect(stderr).toMatch(reason);
      }
    }
    writeFileSync(join(folder, 'ca.crt'), certificateOfFixture());
    const untrusted = await new Pod('postgis-restore', {}).run('fetch', { SNAPSHOT: 'list' }, 8);
    writeFileSync(join(folder, 'ca.crt'), target.certificateAuthority ?? '');
    expect(untrusted).toMatchObject({ stderr: expect.stringContaining('certificate') });
    expect(untrusted.code).toBeGreaterThan(0);
  }, 300_000);

  test('a target that is not there is named at once', async () => {
    await target.stop();
    // A program that is still there after a minute is killed, and its code is another one.
    const { code, stderr } = await new Pod('postgis-backup', {}).run('reach-target');
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^The backup target ${target.address} cannot be reached: .*refused\\n$`));
  });
});

const certificateOfFixture = () => find(objects, 'ConfigMap', 'postgis-backup-authority').data['ca.crt'] ?? '';
