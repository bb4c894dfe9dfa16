import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as YAML from 'yaml';
import { BackupTarget } from './support/backup-target';
import { reachable, startProbe } from './support/probe';
import { Hearth } from './support/hearth';
import { eventually, kubectl, kubectlJson } from './support/kubectl';
import { OpenSearchClient } from './support/opensearch';
import { Stopwatch, suite } from './support/suite';
import { without } from './support/without';

const platform = 'opensearch';
const namespace = `${platform}-data`;
const inNamespace = `--namespace=${namespace}`;
/** The program that kills and starts nodes. */
const nodes = process.env.HEARTH_TEST_NODES;
if (!nodes && process.env.CI === 'true') throw new Error('test:cluster/opensearch: HEARTH_TEST_NODES names no program');
const withNodes = nodes ? test : test.skip;

interface Health {
  readonly status: string;
  readonly number_of_nodes: number;
  readonly relocating_shards: number;
}

/** Three nodes on a cluster, used while one of them dies, restarted, backed up and restored. */
suite('OpenSearch on a cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-opensearch-'));
  const watch = new Stopwatch();
  let target: BackupTarget;
  let hearth: Hearth;
  let client: OpenSearchClient;

  beforeAll(async () => {
    target = await BackupTarget.start();
    mkdirSync(join(folder, 'platforms'));
    const fixture = readFileSync(join(__dirname, '../platforms/opensearch.yaml'), 'utf8');
    const file = YAML.parse(fixture) as { services: Record<string, Record<string, unknown> | null> };
    // No stand-in has Dashboards.
    if (without.includes('opensearch-dashboards')) file.services.opensearch = { ...file.services.opensearch, dashboards: false };
    file.services.backup = { target: { endpoint: target.endpoint, bucket: 'backups' } };
    writeFileSync(join(folder, `platforms/${platform}.yaml`), YAML.stringify(file));
    hearth = new Hearth(folder, target.env);
    await watch.time('up', hearth.succeed('up', platform, '--timeout', '850'));
    client = await administrator();
  }, 900_000);

  afterAll(async () => {
    console.log(watch.toString());
    if (process.env.HEARTH_TEST_KEEP) return;
    await hearth?.attempt('destroy', platform, '--delete-data', '--confirm', platform);
    await target?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  const secret = async (name: string) => {
    const { data } = await kubectlJson<{ data: Record<string, string> }>(['get', 'secret', name, inNamespace]);
    return Buffer.from(data.password ?? '', 'base64').toString();
  };

  const administrator = async () => new OpenSearchClient(namespace, 'admin', await secret('opensearch'));
  const ask = (...request: Parameters<OpenSearchClient['ask']>) => client.ask(...request);
  const json = <T>(...request: Parameters<OpenSearchClient['ask']>) => client.json<T>(...request);
  /** Where every shard and its copies are, if one of them has no copy that answers. */
  const unserved = async (from: string) => {
    const { indices } = await json<{ indices: Record<string, { shards: Record<string, { primary_active: boolean }> }> }>(
      'GET',
      '_cluster/health?level=shards',
      '',
      from,
    );
    const shards = Object.values(indices).flatMap((index) => Object.values(index.shards));
    if (shards.every(({ primary_active }) => primary_active)) return [];
    return [`${new Date().toISOString()} ${from}\n${await ask('GET', '_cat/shards?v', '', from).catch(String)}`];
  };
  /** What {@link unserved} found by any node while something is done. */
  const unservedDuring = async (work: () => Promise<unknown>) => {
    const found: string[] = [];
    let [running, answers] = [true, 0];
    const watching = ['opensearch-0', 'opensearch-1', 'opensearch-2'].map(async (node) => {
      while (running) {
        const answer = await unserved(node).catch(() => undefined);
        if (answer) answers += 1;
        found.push(...(answer ?? []));
        await new Promise((done) => setTimeout(done, 2000));
      }
    });
    await work().finally(() => (running = false));
    await Promise.all(watching);
    expect(answers).toBeGreaterThan(10);
    return found;
  };
  const restart = () => hearth.succeed('restart', platform, 'opensearch', '--timeout', '850');
  const health = (from?: string) => json<Health>('GET', '_cluster/health', '', from);
  const green = (from?: string, more: Partial<Health> = {}) =>
    eventually(async () => expect(await health(from)).toMatchObject({ status: 'green', number_of_nodes: 3, ...more }), 400);
  /** Green, and no shard moves to another node, as they do when one has come back. */
  const settled = () => green(undefined, { relocating_shards: 0 });
  const manager = async (from?: string) => (await ask('GET', '_cat/cluster_manager?h=node', '', from)).trim();
  const count = async (index: string, from?: string) => {
    await ask('POST', `${index}/_refresh`, '', from);
    return (await json<{ count: number }>('GET', `${index}/_count`, '', from)).count;
  };

  /** Writes numbered documents until told to stop: how many were acknowledged, and the longest time without one, in s. */
  const writer = (from: string, prefix: string) => {
    const state = { acknowledged: [] as string[], longest: 0, running: true };
    const work = (async () => {
      let last = Date.now();
      for (let i = 0; state.running; i++) {
        try {
          const lines = Array.from({ length: 10 }, (_, n) => `{"index":{"_id":"${prefix}-${i}-${n}"}}\n{"n":${n}}\n`);
          const answer = await json<{ items: { index: { _id: string; status: number } }[] }>(
            'POST',
            'notes/_bulk',
            lines.join(''),
            from,
          );
          const good = answer.items.filter(({ index }) => index.status < 300);
          state.acknowledged.push(...good.map(({ index }) => index._id));
          if (good.length > 0) {
            state.longest = Math.max(state.longest, (Date.now() - last) / 1000);
            last = Date.now();
          }
        } catch {
          await new Promise((done) => setTimeout(done, 500));
        }
      }
    })();
    const stop = async () => {
      state.running = false;
      await work;
      return state;
    };
    return { state, stop };
  };
  const allThere = async (acknowledged: string[], from?: string) => {
    await ask('POST', 'notes/_refresh', '', from);
    for (let i = 0; i < acknowledged.length; i += 1000) {
      const ids = acknowledged.slice(i, i + 1000);
      const body = `${JSON.stringify({ ids })}\n`;
      const { docs } = await json<{ docs: { found: boolean }[] }>('POST', 'notes/_mget?_source=false', body, from);
      expect(docs.filter(({ found }) => found)).toHaveLength(ids.length);
    }
  };

  test('three nodes are one green cluster, and take documents with a copy each', async () => {
    await green();
    await ask('PUT', 'notes', '{"settings":{"number_of_shards":3,"number_of_replicas":1}}\n');
    const lines = Array.from({ length: 5000 }, (_, i) => `{"index":{"_id":"${i}"}}\n{"i":${i},"text":"note ${i}"}\n`);
    await watch.time('5000 documents', ask('POST', 'notes/_bulk', lines.join('')));
    expect(await count('notes')).toBe(5000);
    await green();
    const shards = (await ask('GET', '_cat/shards/notes?h=node')).trim().split('\n');
    expect(new Set(shards.map((node) => node.trim())).size).toBe(3);
  }, 500_000);

  test('policies: nodes reach each other, strangers reach neither port', async () => {
    const { items } = await kubectlJson<{ items: { status: { podIP: string } }[] }>([
      'get',
      'pods',
      inNamespace,
      '--selector=app.kubernetes.io/instance=opensearch',
    ]);
    const targets = items.flatMap(({ status }) => [`${status.podIP}:9200`, `${status.podIP}:9300`]);
    const instance = (name: string) => ({ 'app.kubernetes.io/name': 'opensearch', 'app.kubernetes.io/instance': name });
    await startProbe('stranger', namespace, {});
    await startProbe('node', namespace, instance('opensearch'));
    await startProbe('exporter', namespace, instance('opensearch-exporter'));
    const probes = ['stranger', 'node', 'exporter'];
    await kubectl([
      'wait',
      ...probes.map((name) => `pod/${name}`),
      '--for=jsonpath={.status.phase}=Running',
      inNamespace,
      '--timeout=60s',
    ]);
    const on = (port: string) => new Set(targets.filter((address) => address.endsWith(port)));
    await eventually(async () => {
      expect(await reachable('node', namespace, targets)).toEqual(on(':9300'));
      expect(await reachable('exporter', namespace, targets)).toEqual(on(':9200'));
    });
    expect(await reachable('stranger', namespace, targets)).toEqual(new Set());
    await kubectl(['delete', 'pod', ...probes, inNamespace, '--wait=false']);
  });

  test('the elected manager is killed: writing goes on, and nothing acknowledged is lost', async () => {
    const killed = await manager();
    const from = ['opensearch-0', 'opensearch-1'].find((node) => node !== killed) ?? '';
    const { state, stop } = writer(from, 'pod');
    await eventually(() => Promise.resolve(expect(state.acknowledged.length).toBeGreaterThan(50)));
    await kubectl(['delete', 'pod', killed, inNamespace, '--grace-period=0', '--force']);
    await watch.time(
      'green after the manager was killed',
      (async () => {
        await eventually(async () => expect((await health(from)).number_of_nodes).toBeLessThan(3), 60).catch(() => undefined);
        await green(from);
      })(),
    );
    const { acknowledged, longest } = await stop();
    await watch.time(`longest pause ${longest} s; ${acknowledged.length} acknowledged`, allThere(acknowledged, from));
    expect(longest).toBeLessThan(90);
  }, 700_000);

  withNodes(
    'the node below the elected manager dies: the same',
    async () => {
      const pods = await kubectlJson<{ items: { metadata: { name: string }; spec: { nodeName: string } }[] }>([
        'get',
        'pods',
        inNamespace,
        '--selector=app.kubernetes.io/instance=opensearch',
      ]);
      // Not the node of the control plane.
      const mortal = pods.items.filter(({ spec }) => spec.nodeName !== 'n1');
      const elected = await manager();
      const dying = mortal.find(({ metadata }) => metadata.name === elected) ?? mortal[0];
      const from = pods.items.find(({ metadata }) => metadata.name !== dying?.metadata.name)?.metadata.name ?? '';
      const node = dying?.spec.nodeName ?? '';
      const control = (what: string) => promisify(execFile)(nodes ?? '', [what, node]);
      const { state, stop } = writer(from, 'node');
      await eventually(() => Promise.resolve(expect(state.acknowledged.length).toBeGreaterThan(50)));
      await control('kill');
      try {
        await eventually(async () => expect((await health(from)).number_of_nodes).toBe(2), 120);
        const known = state.acknowledged.length;
        await eventually(() => Promise.resolve(expect(state.acknowledged.length).toBeGreaterThan(known + 100)), 120);
        expect(await count('notes', from)).toBeGreaterThan(5000);
      } finally {
        await control('start');
      }
      await watch.time('green after its node came back', green(from));
      const { acknowledged, longest } = await stop();
      await watch.time(`node: longest pause ${longest} s; ${acknowledged.length} acknowledged`, allThere(acknowledged, from));
      expect(longest).toBeLessThan(120);
    },
    900_000,
  );

  test('a rolling restart keeps every shard served', async () => {
    await settled();
    const before = await count('notes');
    expect(await unservedDuring(() => watch.time('rolling restart', restart()))).toEqual([]);
    await green();
    expect(await count('notes')).toBe(before);
  }, 1_300_000);

  test('a restart waits for a node that has just crashed: the same', async () => {
    await settled();
    const found = await unservedDuring(async () => {
      await kubectl(['exec', 'opensearch-0', inNamespace, '--container=opensearch', '--', 'sh', '-c', 'kill 1']);
      await kubectl(['wait', 'pod/opensearch-0', '--for=condition=Ready=false', inNamespace, '--timeout=120s']);
      expect(await restart()).toContain(`waits up to 180s for ${namespace}/opensearch-0 to be ready`);
    });
    expect(found).toEqual([]);
    await green();
  }, 1_300_000);

  test('a new password for people holds, the old one no longer', async () => {
    const former = client;
    await watch.time('rotation', hearth.succeed('credentials', platform, '--rotate', 'opensearch', '--yes'));
    client = await administrator();
    await green();
    await eventually(() => expect(former.ask('GET', '_cluster/health')).rejects.toThrow('401'));
  }, 600_000);

  test('a backup brings back every document, and nothing else stays', async () => {
    const documents = async () => {
      const total = await count('notes');
      const lines: string[] = [];
      let page = await ask('POST', 'notes/_search?scroll=1m', '{"size":5000,"sort":["_doc"]}\n');
      for (;;) {
        const { _scroll_id, hits } = JSON.parse(page) as {
          _scroll_id: string;
          hits: { hits: { _id: string; _source: unknown }[] };
        };
        if (hits.hits.length === 0) break;
        lines.push(...hits.hits.map(({ _id, _source }) => `${_id} ${JSON.stringify(_source)}`));
        page = await ask('POST', '_search/scroll', `${JSON.stringify({ scroll: '1m', scroll_id: _scroll_id })}\n`);
      }
      lines.sort();
      expect(lines).toHaveLength(total);
      return { count: total, checksum: createHash('sha256').update(lines.join('\n')).digest('hex') };
    };
    const before = await documents();
    await watch.time('backup', hearth.succeed('backup', platform));
    await ask('DELETE', 'notes');
    await ask('PUT', 'later/_doc/1?refresh', '{}\n');
    await watch.time('restore', hearth.succeed('restore', platform, '--yes'));
    expect(await documents()).toEqual(before);
    expect(await ask('GET', '_cat/indices?h=index')).not.toContain('later');
  }, 900_000);
});
