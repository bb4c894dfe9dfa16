import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as YAML from 'yaml';
import { commandOf, environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { asset, Background, eventually, findProgram, freePort, postgresFolders, run, suiteWith } from '../api/support/programs';
import { saw } from '../prove/record';
import { container, find } from '../support/objects';

// The program is that of its stand-in image.
saw('recipe patroni');

const objects = objectsOf(platformNamed('pg'));
const postgres = findProgram('postgres', postgresFolders());
const etcdProgram = asset('etcd') ?? findProgram('etcd');
const secret = (credential: string, key: string) => (key === 'username' ? 'patroni' : `password-of-${credential}`);

interface PatroniFile {
  scope: string;
  name?: string;
  restapi: { listen: string; connect_address?: string };
  etcd3: { hosts: string[] };
  bootstrap?: unknown;
  postgresql: {
    listen: string;
    connect_address?: string;
    data_dir: string;
    bin_dir: string;
    pgpass: string;
    parameters: Record<string, unknown>;
    pg_hba: string[];
    authentication: Record<string, { username: string; password?: string }>;
  };
}

suiteWith('test/config/patroni', {
  'patroni on PATH (PyPI: patroni[etcd3] psycopg2-binary)': findProgram('patroni'),
  'etcd in KUBEBUILDER_ASSETS or on PATH': etcdProgram,
  'postgres, initdb and psql (Debian: postgresql-17)': postgres,
})('Patroni and etcd as the manifests start them, one member of each', () => {
  let folder: string;
  let etcd: Background;
  let patroni: Background;
  const ports = { client: 0, peer: 0, metrics: 0, rest: 0, postgres: 0 };
  let file: PatroniFile;
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
  const files = find(objects, 'ConfigMap', 'pg-cluster-patroni').data;
  const given = YAML.parse(files['patroni.yml'] ?? '') as PatroniFile;
  const ofFounder = YAML.parse(files['bootstrap.yml'] ?? '') as Pick<PatroniFile, 'bootstrap'>;
  const pod = container(find(objects, 'StatefulSet', 'pg-cluster').spec.template, 'pg-cluster');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-patroni-'));
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
    mkdirSync(join(folder, 'etcd'));
    if (nobody) chownSync(folder, nobody.uid, nobody.gid);
    const member = container(find(objects, 'StatefulSet', 'etcd').spec.template, 'etcd');
    const args = commandOf(member, { POD_NAME: 'etcd-0', POD_IP: '127.0.0.1' })
      .slice(1)
      .map((arg) =>
        arg
          .replace(/^--initial-cluster=([^,]*).*/, '--initial-cluster=$1')
          .replace('/var/lib/etcd', join(folder, 'etcd'))
          .replaceAll(/etcd-\d\.etcd-peers\.[a-z.-]*|0\.0\.0\.0/g, '127.0.0.1')
          .replaceAll(':2379', `:${ports.client}`)
          .replaceAll(':2380', `:${ports.peer}`)
          .replaceAll(':2381', `:${ports.metrics}`),
      );
    etcd = new Background(etcdProgram ?? '', args, { cwd: folder, env: { PATH: process.env.PATH } });
    await etcd.until(() => answer(`http://127.0.0.1:${ports.metrics}/readyz`));

    const copy = structuredClone(given);
    file = {
      ...copy,
      name: 'pg-cluster-0',
      restapi: { listen: `127.0.0.1:${ports.rest}`, connect_address: `127.0.0.1:${ports.rest}` },
      etcd3: { hosts: [`127.0.0.1:${ports.client}`] },
      postgresql: {
        ...copy.postgresql,
        listen: `127.0.0.1:${ports.postgres}`,
        connect_address: `127.0.0.1:${ports.postgres}`,
        data_dir: join(folder, 'data'),
        bin_dir: dirname(postgres ?? ''),
        pgpass: join(folder, 'pgpass'),
        parameters: { ...copy.postgresql.parameters, unix_socket_directories: folder },
        // Here its user has another name than there.
        pg_hba: copy.postgresql.pg_hba.map((line) => line.replace(/peer$/, 'scram-sha-256')),
      },
    };
    mkdirSync(join(folder, 'patroni'));
    writeFileSync(join(folder, 'patroni/patroni.yml'), YAML.stringify(file));
    writeFileSync(join(folder, 'patroni/bootstrap.yml'), YAML.stringify(ofFounder));
  });

  afterAll(async () => {
    await patroni?.stop();
    await etcd?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('etcd takes every flag, and says on a port of its own how it is', async () => {
    await answer(`http://127.0.0.1:${ports.metrics}/livez`);
    expect(await answer(`http://127.0.0.1:${ports.metrics}/metrics`)).toContain('etcd_server_has_leader 1');
    expect(etcd.log).not.toMatch(/unrecognized|not defined|deprecated/);
  });

  test('patroni --validate-config finds nothing wrong', async () => {
    // What the environment says, and addresses that mean something here; it refuses 127.0.0.1 as its own.
    const authentication = Object.fromEntries(
      Object.entries(file.postgresql.authentication).map(([use, role]) => [use, { ...role, password: 'p' }]),
    );
    const checked = {
      ...file,
      ...ofFounder,
      restapi: { ...file.restapi, connect_address: `192.0.2.1:${ports.rest}` },
      postgresql: { ...file.postgresql, connect_address: `192.0.2.1:${ports.postgres}`, authentication },
    };
    const check = async (content: unknown) => {
      writeFileSync(join(folder, 'check.yml'), YAML.stringify(content));
      return run('patroni', ['--validate-config', join(folder, 'check.yml')], { cwd: folder });
    };
    expect(await check(checked)).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await check({ ...checked, bootstrap: { dcs: { ttl: 3 } } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ttl') as unknown });
  });

  test('a member that is not to found the cluster waits, and says that it has no data', async () => {
    patroni = startPatroni('patroni/patroni.yml');
    await patroni.until(() => Promise.resolve(expect(patroni.log).toContain('waiting for leader to bootstrap')), 60);
    expect(await answer(`http://127.0.0.1:${ports.rest}/patroni`)).not.toContain('database_system_identifier');
    await patroni.stop();
    expect(existsSync(join(file.postgresql.data_dir, 'PG_VERSION'))).toBe(false);
  });

  test('Patroni founds it, leads, and its server has what was declared', async () => {
    patroni = startPatroni('patroni');
    await patroni.until(() => answer(`http://127.0.0.1:${ports.rest}/primary`), 90);
    expect(await answer(`http://127.0.0.1:${ports.rest}/patroni`)).toContain('database_system_identifier');
    await answer(`http://127.0.0.1:${ports.rest}/readiness?lag=64MB`);
    await answer(`http://127.0.0.1:${ports.rest}/liveness`);
    const psql = (role: string, password: string, sql: string) =>
      run(join(dirname(postgres ?? ''), 'psql'), ['-XAt', '--no-password', '-c', sql], {
        env: { PGHOST: '127.0.0.1', PGPORT: String(ports.postgres), PGUSER: role, PGDATABASE: 'postgres', PGPASSWORD: password },
      });
    const superuser = secret('pg-cluster', 'password');
    const shown = async (name: string) => (await psql('postgres', superuser, `SHOW ${name}`)).stdout.trim();
    expect(await shown('shared_buffers')).toBe('64MB');
    expect(await shown('wal_sender_timeout')).toBe('5s');
    expect(await shown('data_checksums')).toBe('on');
    expect(await psql('rewind', secret('pg-cluster-rewind', 'password'), 'SELECT 1')).toMatchObject({ code: 0 });
    expect((await psql('postgres', 'wrong', 'SELECT 1')).stderr).toContain('password authentication failed');
    expect(patroni.log).not.toMatch(/can't be smaller|Violated the rule|password-of-/);
  });

  test('whoever has no password of its REST API changes nothing; the job’s container does', async () => {
    const url = `http://127.0.0.1:${ports.rest}/config`;
    expect((await fetch(url, { method: 'PUT', body: '{}' })).status).toBe(401);
    const settings = JSON.parse(find(objects, 'ConfigMap', 'pg-cluster-patroni').data['cluster.json'] ?? '') as {
      ttl: number;
      postgresql: { parameters: Record<string, unknown> };
    };
    settings.postgresql.parameters.work_mem = '7MB';
    writeFileSync(join(folder, 'cluster.json'), JSON.stringify(settings));
    const jobs = objects.filter(({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('pg-cluster-databases-'));
    const job = find(jobs, 'Job', jobs[0]?.metadata.name ?? '');
    const configure = container(job.spec.template, 'configure');
    const [command = '', ...args] = configure.command.map((part) =>
      part
        .replace('/etc/patroni', folder)
        .replaceAll(':8008', `:${ports.rest}`)
        .replace(/in pg-cluster-0[^;\n]*/, 'in 127.0.0.1'),
    );
    const env = { ...environmentOf(configure, secret), PATH: process.env.PATH };
    expect(await run(command, args, { env, cwd: folder })).toMatchObject({ code: 0, stdout: '' });
    await eventually(async () => expect(JSON.parse(await answer(url))).toEqual(settings));
  });

  test.each<[string, string, string | undefined, string, number]>([
    // The first question is not answered, so that it asks both once more.
    ['the first member founds the cluster where nobody has data', 'pg-cluster-0', '{"state":"stopped"}', '/config', 4],
    [
      'the first member waits for a leader where another one has data, whoever is silent',
      'pg-cluster-0',
      '{"database_system_identifier":"7"}',
      '/config/patroni.yml',
      2,
    ],
    ['another member founds nothing, and asks nobody', 'pg-cluster-1', undefined, '/config/patroni.yml', 0],
  ])('without data: %s', async (_, name, said, config, questions) => {
    const { asked, code, stdout } = await startMember(name, said);
    expect({ code, last: stdout.trim().split('\n').at(-1) }).toEqual({ code: 0, last: `patroni ${join(folder, config)}` });
    expect(asked).toEqual(Array.from({ length: questions }, () => '/patroni'));
  });

  test('with data: the first member asks nobody', async () => {
    mkdirSync(join(folder, 'volume/data'), { recursive: true });
    writeFileSync(join(folder, 'volume/data/PG_VERSION'), '17\n');
    const { asked, stdout } = await startMember('pg-cluster-0', '{}');
    expect({ asked, stdout }).toEqual({ asked: [], stdout: `patroni ${join(folder, 'config/patroni.yml')}\n` });
  });

  test('etcd of one member begins anew as one of three; of three it never becomes one', async () => {
    const {
      command: [shell = '', ...args],
    } = container(find(objects, 'StatefulSet', 'etcd').spec.template, 'check-members');
    const volume = mkdtempSync(join(folder, 'etcd-volume-'));
    const check = (members: number) => {
      const env = { MEMBERS: String(members), PATH: process.env.PATH };
      return run(
        shell,
        args.map((part) => part.replaceAll('/volume', volume)),
        { env },
      );
    };
    const hasData = () => existsSync(join(volume, 'data/member'));
    for (const members of [1, 1]) {
      expect(await check(members)).toMatchObject({ code: 0, stdout: '' });
      mkdirSync(join(volume, 'data/member'), { recursive: true });
    }
    expect(hasData()).toBe(true);
    expect(await check(3)).toMatchObject({ code: 0, stdout: 'etcd grows from 1 to 3: this member begins anew\n' });
    expect(hasData()).toBe(false);
    mkdirSync(join(volume, 'data/member'), { recursive: true });
    expect(await check(3)).toMatchObject({ code: 0, stdout: '' });
    const { code, stderr } = await check(1);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('one of 3') as unknown });
    expect(hasData()).toBe(true);
  });

  test('the check of the data’s version lets it start again, and refuses another one', async () => {
    const check = container(find(objects, 'StatefulSet', 'pg-cluster').spec.template, 'check-data-version');
    const [command = '', ...args] = check.command;
    const env = (MARK: string) => ({ MARK, PATH: `${dirname(postgres ?? '')}:${process.env.PATH}` });
    const mark = join(folder, 'PG_VERSION');
    expect(await run(command, args, { env: env(join(folder, 'none')) })).toMatchObject({ code: 0 });
    copyFileSync(join(folder, 'data/PG_VERSION'), mark);
    expect(await run(command, args, { env: env(mark) })).toMatchObject({ code: 0 });
    writeFileSync(mark, '9\n');
    expect(await run(command, args, { env: env(mark) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PostgreSQL 9') as unknown,
    });
  });

  /** @param config its file, or the folder of its files */
  function startPatroni(config: string): Background {
    const env = {
      ...environmentOf(pod, secret),
      PATRONI_NAME: 'pg-cluster-0',
      HOME: folder,
      PATH: process.env.PATH,
      LC_ALL: 'C.UTF-8',
    };
    const [program, ...args] = patroniForAll();
    return new Background(program, [...args, join(folder, config)], {
      cwd: folder,
      env: { ...env, PYTHONPATH: join(folder, 'python') },
      ...nobody,
    });
  }

  /** Patroni is not root, as PostgreSQL is not, and its virtual environment may be root's own: then in a copy. */
  function patroniForAll(): [string, ...string[]] {
    const file = realpathSync(findProgram('patroni') ?? '');
    let parent = dirname(file);
    while (parent !== '/' && (statSync(parent).mode & 0o001) !== 0) parent = dirname(parent);
    if (!nobody || parent === '/') return [file];
    const libraries = join(dirname(file), '../lib');
    const [python = ''] = readdirSync(libraries).filter((name) => name.startsWith('python3'));
    cpSync(join(libraries, python, 'site-packages'), join(folder, 'python'), { recursive: true });
    return [`/usr/bin/${python}`, '-m', 'patroni'];
  }

  /**
   * Runs the command of a pod with a `patroni` that says how it was started.
   * @param said what every other member answers, but for the first question of all
   */
  async function startMember(name: string, said: string | undefined) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(asked.length === 1 ? 503 : 200).end(said);
    });
    const port = await new Promise<number>((listening) => {
      server.listen(0, '127.0.0.1', () => listening((server.address() as AddressInfo).port));
    });
    mkdirSync(join(folder, 'programs'), { recursive: true });
    writeFileSync(join(folder, 'programs/patroni'), '#!/bin/sh\necho "patroni $*"\n', { mode: 0o755 });
    const [shell = '', ...args] = pod.command.map((part) =>
      part
        .replaceAll(/pg-cluster-[12]\.[a-z.-]+/g, '127.0.0.1')
        .replaceAll(':8008/', `:${port}/`)
        .replaceAll('/home/postgres/pgdata/', `${join(folder, 'volume')}/`)
        .replaceAll('/etc/patroni', join(folder, 'config'))
        .replace('sleep 2', 'sleep 0.1'),
    );
    const env = { POD_NAME: name, POD_IP: '127.0.0.1', PATH: `${join(folder, 'programs')}:${process.env.PATH}` };
    try {
      return { asked, ...(await run(shell, args, { env, cwd: folder })) };
    } finally {
      server.close();
    }
  }

  async function answer(url: string): Promise<string> {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return response.text();
  }
});
