import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { container, find } from '../support/objects';

const suite = suiteWith('test/config/opensearch-ready', { 'curl (Debian: curl)': findProgram('curl') });

/** The readiness probe against a server that answers as OpenSearch does in states that cannot be had at will. */
suite('a node of OpenSearch is ready', () => {
  const node = container(find(objectsOf(platformNamed('opensearch')), 'StatefulSet', 'opensearch').spec.template, 'opensearch');
  const folder = mkdtempSync(join(tmpdir(), 'hearth-opensearch-ready-'));
  const calm = {
    discovered_cluster_manager: true,
    initializing_shards: 0,
    unassigned_shards: 0,
    delayed_unassigned_shards: 0,
    number_of_in_flight_fetch: 0,
    active_shards_percent_as_number: 100,
  };
  type Health = Partial<typeof calm>;
  /** What the elected manager says, where there is one, and what the node knows itself. */
  let [manager, local]: [Health | undefined, Health] = [calm, calm];
  let asked: string[] = [];
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer(({ url = '', headers }, response) => {
      asked.push(url);
      const health = url.includes('local=true') ? local : manager;
      if (headers.authorization !== `Basic ${Buffer.from('setup:secret').toString('base64')}`) response.writeHead(401);
      // Requests that the manager does not answer in time: 408, those without one: 503.
      else if (!health) response.writeHead(503);
      response.end(JSON.stringify({ ...calm, ...health }));
    });
    port = await freePort();
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    [manager, local, asked] = [calm, calm, []];
    rmSync(join(folder, 'was-ready'), { force: true });
    starts(100);
  });

  /** The program begins, at that time after the boot of the node. */
  const starts = (ticks: number) => writeFileSync(join(folder, 'stat'), `1 (java) S ${'0 '.repeat(18)}${ticks} 0 0\n`);
  const ready = async () => {
    const { exec } = node.readinessProbe as { exec: { command: string[] } };
    const script = (exec.command.at(-1) ?? '')
      .replaceAll('127.0.0.1:9200', `127.0.0.1:${port}`)
      .replaceAll('/tmp/', `${folder}/`)
      .replaceAll('/proc/1/stat', join(folder, 'stat'));
    const env = {
      PATH: process.env.PATH,
      ...environmentOf(node, (_, key) => (key === 'username' ? 'setup' : 'secret')),
    };
    const { code, stderr } = await run('sh', ['-c', script], { env });
    expect(stderr).toBe('');
    return code === 0;
  };

  test('once the manager has dealt with it', async () => {
    manager = undefined;
    expect(await ready()).toBe(false);
    expect(asked).toEqual([expect.stringContaining('wait_for_events=languid')]);
    manager = calm;
    expect(await ready()).toBe(true);
  });

  test.each<[boolean, string, Health]>([
    [false, 'a shard is copied', { initializing_shards: 1 }],
    [false, 'a shard waits for a node that left', { unassigned_shards: 1, delayed_unassigned_shards: 1 }],
    [false, 'nodes are asked which shards they have', { unassigned_shards: 1, number_of_in_flight_fetch: 1 }],
    [true, 'a shard has no place at all', { unassigned_shards: 1 }],
  ])('%s after its start: %s', async (expected, _, health) => {
    manager = health;
    expect(await ready()).toBe(expected);
  });

  test('from then on for as long as it follows a manager, whatever becomes of shards', async () => {
    expect(await ready()).toBe(true);
    [manager, local] = [undefined, { initializing_shards: 3, delayed_unassigned_shards: 3 }];
    expect(await ready()).toBe(true);
    local = { discovered_cluster_manager: false };
    expect(await ready()).toBe(false);
  });

  test('anew after its program began again in the same pod', async () => {
    expect(await ready()).toBe(true);
    starts(4200);
    manager = { initializing_shards: 1 };
    expect(await ready()).toBe(false);
    manager = calm;
    expect(await ready()).toBe(true);
  });
});
