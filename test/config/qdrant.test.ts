import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinScript } from '../../lib/tiers/data/qdrant/join-script';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { findProgram, run, type Result, suiteWith } from '../api/support/programs';
import { all, container } from '../support/objects';
import { QdrantProtocol } from './support/qdrant-protocol';

const [curl, busybox] = [findProgram('curl'), findProgram('busybox')];
const suite = suiteWith('test/config/qdrant', {
  'curl on PATH': curl,
  'busybox on PATH, whose tools the image of curl has': busybox,
  'bash on PATH': findProgram('bash'),
});

/** The scripts of Qdrant, run for real against its documented REST interface; Qdrant itself is in no package registry. */
suite('the scripts of Qdrant, against its documented protocol', () => {
  const objects = objectsOf(platformNamed('documents'));
  const folders: string[] = [];
  const clusters: QdrantProtocol[] = [];
  let tools: string;

  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-qdrant-'));
    folders.push(folder);
    return folder;
  };
  const start = async (members: number, copies: number) => {
    const cluster = await QdrantProtocol.start(members, copies, 'apiKey-of-qdrant');
    clusters.push(cluster);
    return cluster;
  };

  /** Runs a container of a dump where its files are here, with the tools that its image has. */
  const dump = async (name: string, containerName: string, cluster: QdrantProtocol, backup: string): Promise<Result> => {
    const job = all(objects, 'CronJob').find(({ metadata }) => metadata.name === name);
    if (!job) throw new Error(`no cron job ${name}`);
    const props = container(job.spec.jobTemplate.spec.template, containerName);
    const [, ...args] = props.command.map((part) => part.replaceAll('/backup', backup).replace('-lt 150', '-lt 2'));
    const environment = environmentOf(props, (secret, key) => `${key}-of-${secret}`);
    return run(busybox ?? 'busybox', ['sh', ...args], {
      env: { ...environment, PATH: tools, MEMBERS: cluster.urls.join(' '), HOME: newFolder() },
    });
  };

  beforeAll(() => {
    tools = newFolder();
    for (const tool of [
      'cat',
      'cp',
      'grep',
      'ls',
      'mkdir',
      'od',
      'paste',
      'sed',
      'sha256sum',
      'sleep',
      'sort',
      'touch',
      'tr',
      'wc',
    ]) {
      symlinkSync(busybox ?? '', join(tools, tool));
    }
    symlinkSync(curl ?? '', join(tools, 'curl'));
  });
  afterAll(() => {
    for (const cluster of clusters) cluster.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const odd = 'it’s #1 & 50% of $HOME {x}; `id`';
  const shards = { 0: ['a', 'b'], 1: ['c'], 2: ['d', 'e', 'f'] };
  const fill = (cluster: QdrantProtocol) => {
    cluster.make('plain', shards);
    cluster.make(odd, { 0: ['x'] });
    cluster.aliases.set('now', 'plain');
    cluster.aliases.set('odd one', odd);
  };
  const copies = (points: string[], number: number) => Array.from({ length: number }, () => points);

  test('a backup of three members brings back every copy of every shard, and removes what came later', async () => {
    const cluster = await start(3, 2);
    fill(cluster);
    const backup = newFolder();
    expect(await dump('qdrant-backup', 'save', cluster, backup)).toMatchObject({ code: 0, stderr: '' });
    expect(cluster.snapshots.size).toBe(0);
    expect(readdirSync(backup).sort()).toEqual(['1', '2', 'aliases', 'collections', 'complete']);
    cluster.collections.clear();
    cluster.aliases.clear();
    cluster.make('later', { 0: ['z'] });
    cluster.make('plain', { 0: ['changed'] });
    const loaded = await dump('qdrant-restore', 'load', cluster, backup);
    expect(loaded).toMatchObject({ code: 0, stderr: '' });
    expect(loaded.stdout).toContain('restored plain: 6 points');
    expect([...cluster.collections.keys()].sort()).toEqual([odd, 'plain'].sort());
    expect(cluster.copiesOf('plain')).toEqual({
      0: copies(shards[0], 2),
      1: copies(shards[1], 2),
      2: copies(shards[2], 2),
    });
    expect(cluster.copiesOf(odd)).toEqual({ 0: copies(['x'], 2) });
    expect([...cluster.aliases]).toEqual([
      ['now', 'plain'],
      ['odd one', odd],
    ]);
    for (const text of [loaded.stdout, loaded.stderr]) expect(text).not.toContain('apiKey-of-qdrant');
  });

  test.each([
    [1, 3],
    [3, 1],
  ])(
    'a backup of %i members comes back into %i',
    async (before, after) => {
      const [old, other] = [await start(before, 2), await start(after, 2)];
      fill(old);
      const backup = newFolder();
      expect(await dump('qdrant-backup', 'save', old, backup)).toMatchObject({ code: 0 });
      expect(await dump('qdrant-restore', 'load', other, backup)).toMatchObject({ code: 0 });
      const number = Math.min(after, 2);
      expect(other.copiesOf('plain')).toEqual({
        0: copies(shards[0], number),
        1: copies(shards[1], number),
        2: copies(shards[2], number),
      });
    },
    120_000,
  );

  test('nothing to save comes back as nothing', async () => {
    const [empty, full] = [await start(1, 1), await start(1, 1)];
    full.make('later', { 0: ['z'] });
    const backup = newFolder();
    expect(await dump('qdrant-backup', 'save', empty, backup)).toMatchObject({ code: 0 });
    expect(await dump('qdrant-restore', 'load', full, backup)).toMatchObject({ code: 0 });
    expect([...full.collections.keys()]).toEqual([]);
  });

  test('what is damaged, has no active copy or cannot come back fails the backup', async () => {
    const save = async (change: (cluster: QdrantProtocol) => void) => {
      const cluster = await start(3, 1);
      fill(cluster);
      change(cluster);
      const backup = newFolder();
      const { code, stderr } = await dump('qdrant-backup', 'save', cluster, backup);
      expect([code, readdirSync(backup).includes('complete'), cluster.snapshots.size]).toEqual([1, false, 0]);
      return stderr;
    };
    expect(await save((cluster) => (cluster.damaged = true))).toContain('did not arrive as it was made');
    expect(await save((cluster) => cluster.make('keyed', { 0: ['k'] }, true))).toContain('keyed have keys');
    expect(
      await save((cluster) => {
        const { members } = cluster.collections.get('plain') ?? {};
        if (members?.[1]) members[1][1] = undefined;
      }),
    ).toContain('A shard of plain has no active copy');
    expect(await save((cluster) => cluster.make('a\nb', { 0: [] }))).toContain('control character');
  });

  test('an incomplete or damaged backup changes nothing', async () => {
    const cluster = await start(1, 1);
    fill(cluster);
    const backup = newFolder();
    const load = () => dump('qdrant-restore', 'load', cluster, backup);
    expect(await load()).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') });
    expect(await dump('qdrant-backup', 'save', cluster, backup)).toMatchObject({ code: 0 });
    writeFileSync(join(backup, '1/shard-0.snapshot'), 'damaged');
    expect(await load()).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') });
    expect([...cluster.collections.keys()]).toEqual(['plain', odd]);
  });

  describe('a member that starts', () => {
    const servers: Server[] = [];
    afterAll(() => servers.forEach((server) => server.close()));

    /** Starts a member, where `ready` of the others answer so. */
    const bootstrapOf = async (self: string, hosts: string[], state: boolean) => {
      const folder = newFolder();
      mkdirSync(join(folder, 'storage'));
      if (state) writeFileSync(join(folder, 'storage/raft_state.json'), '{}');
      const tool = (name: string, text: string) => writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      tool('hostname', `echo ${self}`);
      tool('qdrant', 'echo "$*"');
      // The hosts stand for ports here.
      const script = joinScript(hosts).replace('"/dev/tcp/$1/6333"', '"/dev/tcp/127.0.0.1/$1"');
      const env = {
        HOME: folder,
        PATH: `${folder}:${process.env.PATH}`,
        QDRANT__STORAGE__STORAGE_PATH: join(folder, 'storage'),
      };
      const { code, stdout, stderr } = await run('bash', ['-c', script], { cwd: folder, env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return / --bootstrap http:\/\/(\S+):6335\n$/.exec(stdout)?.[1];
    };
    const member = async (status: number) => {
      const server = createServer((_, response) => response.writeHead(status).end('ready'));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return String((server.address() as AddressInfo).port);
    };

    test('founds the cluster as the first one, or comes to the first one', async () => {
      expect(await bootstrapOf('1', ['1', '2', '3'], false)).toBe('1');
      expect(await bootstrapOf('2', ['1', '2', '3'], false)).toBe('1');
    });

    test('comes to one that is ready rather than found a second cluster, when it lost its volume', async () => {
      const [waiting, ready] = [await member(503), await member(200)];
      expect(await bootstrapOf('1', ['1', waiting, ready], false)).toBe(ready);
      expect(await bootstrapOf('1', ['1', waiting], false)).toBe('1');
      // With a state of its own it asks nobody.
      expect(await bootstrapOf('1', ['1', waiting, ready], true)).toBe('1');
    });
  });
});
