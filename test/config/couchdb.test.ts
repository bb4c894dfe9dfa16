import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeValue } from '../../cli/credentials/values';
import { pbkdf2 } from '../../lib/tiers/data/couchdb/password-hash';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, findProgram, freePort, run, suiteWith, type Result } from '../api/support/programs';
import { all, container, find, findJob } from '../support/objects';

const curl = findProgram('curl');
const suite = suiteWith('test/config/couchdb', { 'curl on PATH': curl, 'bash on PATH': findProgram('bash') });

const program = join(__dirname, 'support/couchdb-protocol.mjs');
const password = 'it-is-secret';

/** The scripts of CouchDB, run for real against its documented HTTP interface; CouchDB itself is in no package registry. */
suite('the scripts of CouchDB, against its documented protocol', () => {
  const objects = objectsOf(platformNamed('documents'));
  const folders: string[] = [];
  const servers: Background[] = [];
  let hash: string;

  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-couchdb-'));
    folders.push(folder);
    return folder;
  };
  const secret = (_: string, key: string) => ({ username: 'admin', password, passwordHash: hash })[key] ?? `value-of-${key}`;
  const cronJob = (name: string) =>
    all(objects, 'CronJob').find(({ metadata }) => metadata.name === name)?.spec.jobTemplate.spec.template;
  const dumpContainer = (name: string, containerName: string) => {
    const template = cronJob(name);
    if (!template) throw new Error(`no cron job ${name}`);
    return container(template, containerName);
  };

  /** A node of the cluster. */
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const folder = newFolder();
    const port = await freePort();
    const ini = `[couchdb]\ndatabase_dir = ${folder}\nsingle_node = false\n[chttpd]\nport = ${port}\n[cluster]\nn = 3\n`;
    writeFileSync(join(folder, 'node.ini'), `${ini}[admins]\nadmin = ${hash}\n`);
    const server = new Background(process.execPath, [program], {
      env: { PATH: process.env.PATH, COUCHDB_INI_FILES: join(folder, 'node.ini'), ...env },
    });
    servers.push(server);
    const url = `http://127.0.0.1:${port}`;
    await server.until(() => fetch(`${url}/_up`));
    const api = async (method: string, path: string, body?: unknown): Promise<unknown> => {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      return answer.json();
    };
    return { address: `127.0.0.1:${port}`, url, api };
  };

  /** Runs a container of a dump, with its files here and a CouchDB that speaks the protocol in the place of its own. */
  const runDump = async (name: string, containerName: string, address: string, backup: string, env = {}): Promise<Result> => {
    const here = newFolder();
    const port = String(await freePort());
    const couchdb = `${process.execPath} ${program}`;
    const props = dumpContainer(name, containerName);
    const [command = '', ...args] = props.command.map((part) =>
      part
        .replaceAll('/backup', backup)
        .replaceAll('/tmp/couchdb', here)
        .replaceAll('5985', port)
        .replaceAll('/opt/couchdb/bin/couchdb', couchdb),
    );
    return run(command, args, {
      env: { PATH: process.env.PATH, ...environmentOf(props, secret), CLUSTER: address, HOME: here, ...env },
    });
  };

  beforeAll(async () => {
    hash = await makeValue(pbkdf2('password'), password);
  });
  afterAll(async () => {
    for (const server of servers) await server.stop('SIGKILL');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  test('a node starts under its own name, with secrets in files that only it reads, and again after a restart', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'bin'));
    const tool = (name: string, text: string) =>
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    tool('hostname', 'echo couchdb-1.couchdb-peers.test');
    tool('couchdb', 'env; echo "arguments: $*"');
    const script = find(objects, 'ConfigMap', 'couchdb').data['start.sh'] ?? '';
    const props = container(find(objects, 'StatefulSet', 'couchdb').spec.template, 'couchdb');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { code, stdout, stderr } = await run(
        'sh',
        ['-c', script.replaceAll('/opt/couchdb/bin/couchdb', join(folder, 'bin/couchdb'))],
        {
          env: { ...environmentOf(props, secret), PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder },
        },
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('arguments: -name couchdb@couchdb-1.couchdb-peers.test\n');
      expect(stdout).toContain(`/etc/couchdb/couchdb.ini /etc/couchdb/settings.ini ${folder}/secrets.ini\n`);
      expect(stdout).not.toContain('value-of-');
      expect(stdout).not.toContain(hash);
    }
    expect(readFileSync(join(folder, 'secrets.ini'), 'utf8')).toBe(
      `[admins]\nadmin = ${hash}\n\n[chttpd_auth]\nsecret = value-of-cookieSecret\n\n[couchdb]\nuuid = value-of-uuid\n`,
    );
    const mode = (file: string) => (statSync(join(folder, file)).mode & 0o777).toString(8);
    expect([readFileSync(join(folder, '.erlang.cookie'), 'utf8'), mode('.erlang.cookie'), mode('secrets.ini')]).toEqual([
      'value-of-erlangCookie',
      '400',
      '600',
    ]);
  });

  test('the system databases are made once all nodes are together, and again without a change', async () => {
    const script = find(objects, 'ConfigMap', 'couchdb-system-databases').data['system-databases.sh'] ?? '';
    const nodes = [0, 1, 2].map((node) => `couchdb@couchdb-${node}.couchdb-peers.documents-data.svc.cluster.local`);
    const props = container(findJob(objects, 'couchdb-system-databases').spec.template, 'couchdb');
    const runJob = (url: string) =>
      run('sh', ['-c', script.replace('sleep 5', 'sleep 0').replace('-ge 60', '-ge 3')], {
        env: { PATH: process.env.PATH, ...environmentOf(props, secret), URL: url, HOME: newFolder() },
      });
    const apart = await start({ MEMBERSHIP: JSON.stringify({ all_nodes: nodes.slice(1), cluster_nodes: nodes }) });
    expect(await runJob(apart.url)).toMatchObject({ code: 1, stderr: expect.stringContaining('not together yet') });
    expect(await apart.api('GET', '/_all_dbs')).toEqual([]);
    const together = await start({ MEMBERSHIP: JSON.stringify({ all_nodes: nodes, cluster_nodes: nodes }) });
    expect(await runJob(together.url)).toMatchObject({ code: 0, stdout: 'made _users\nmade _replicator\n' });
    expect(await runJob(together.url)).toMatchObject({ code: 0, stdout: '_users is there\n_replicator is there\n' });
    expect(await together.api('GET', '/_all_dbs')).toEqual(['_replicator', '_users']);
  });

  test('a backup brings back databases, their settings, deleted documents and users, and removes what came later', async () => {
    const cluster = await start();
    const { api } = cluster;
    const odd = encodeURIComponent('a/b_(c)$d+e-f');
    for (const name of ['_users', '_replicator', odd, 'plain?q=8', 'parts?q=4&partitioned=true']) await api('PUT', `/${name}`);
    await api('PUT', `/${odd}/one`, { _id: 'one', text: 'ü "quoted" \\ $HOME `id`' });
    await api('PUT', `/${odd}/gone`, { _id: 'gone', _deleted: true });
    await api('PUT', `/${odd}/_security`, { members: { names: ['it’s me'] } });
    await api('PUT', '/plain/_revs_limit', 7);
    await api('PUT', '/_users/org.couchdb.user:eve', { _id: 'org.couchdb.user:eve', salt: 'x' });
    await api('PUT', '/_replicator/again', { _id: 'again', continuous: true });
    const everything = async () => {
      const names = (await api('GET', '/_all_dbs')) as string[];
      const path = (name: string) => `/${encodeURIComponent(name)}`;
      return Promise.all(
        names.map(async (name) => [
          await api('GET', path(name)),
          await api('GET', `${path(name)}/_security`),
          await api('GET', `${path(name)}/_revs_limit`),
          await api('GET', `${path(name)}/_stub`),
        ]),
      );
    };
    const before = await everything();
    const backup = newFolder();
    expect(await runDump('couchdb-backup', 'save', cluster.address, backup)).toMatchObject({ code: 0 });
    // Replications and users of the copy itself must not be those of the cluster.
    const copy = JSON.parse(readFileSync(join(backup, 'data/databases.json'), 'utf8')) as Record<string, { documents: object }>;
    expect([copy._replicator?.documents, copy._users?.documents]).toEqual([{}, {}]);
    await api('DELETE', '/plain');
    await api('PUT', '/later');
    await api('PUT', `/${odd}/one`, { _id: 'one', text: 'changed' });
    await api('PUT', `/${odd}/two`, { _id: 'two' });
    const loaded = await runDump('couchdb-restore', 'load', cluster.address, backup);
    expect(loaded).toMatchObject({ code: 0 });
    expect(await everything()).toEqual(before);
    for (const output of [loaded.stdout, loaded.stderr]) expect(output).not.toContain(password);
  });

  test('refused documents fail a backup, and an incomplete one changes nothing', async () => {
    const cluster = await start();
    await cluster.api('PUT', '/docs');
    await cluster.api('PUT', '/docs/bad', { refused: true });
    const backup = newFolder();
    expect(await runDump('couchdb-backup', 'save', cluster.address, backup, { REFUSING: 'yes' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Documents of docs were refused'),
    });
    expect(existsSync(join(backup, 'complete'))).toBe(false);
    expect(await runDump('couchdb-restore', 'load', cluster.address, backup)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing was changed'),
    });
    expect(await cluster.api('GET', '/_all_dbs')).toEqual(['docs']);
  });
});
