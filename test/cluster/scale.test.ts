import { backedUp } from './support/backed-up';
import type { BackupTarget } from './support/backup-target';
import { runNow } from './support/cron-job';
import type { Hearth } from './support/hearth';
import { eventually, kubectl, kubectlJson } from './support/kubectl';
import { OpenSearchClient } from './support/opensearch';
import { PatroniMembers } from './support/patroni';
import { SqlClient } from './support/sql-client';
import { Stopwatch, suite } from './support/suite';
import type { Workspace } from './support/workspace';

const namespace = 'scale-data';
const here = `--namespace=${namespace}`;

/**
 * The services of test/platforms/scale.yaml grow from one member to several: in place under writes, or by a backup and a
 * restore where their data cannot be shared out. It wants three nodes.
 */
suite('services that grow', () => {
  let workspace: Workspace;
  let target: BackupTarget;
  let hearth: Hearth;
  let shop: SqlClient;
  let openSearch: OpenSearchClient;
  const watch = new Stopwatch();
  const figures: Record<string, unknown> = {};
  const patroni = new PatroniMembers(namespace, ['pg-cluster-0', 'pg-cluster-1', 'pg-cluster-2']);
  const kept: Record<string, string> = {};

  beforeAll(async () => {
    ({ target, workspace, hearth } = await backedUp('scale'));
  }, 240_000);

  afterAll(async () => {
    console.log(`${watch}\nfigures: ${JSON.stringify(figures)}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await hearth?.attempt('destroy', 'scale', '--delete-data', '--confirm', 'scale');
    await target?.stop();
  }, 400_000);

  test('one member of each is used', async () => {
    await watch.time('up', hearth.succeed('up', 'scale', '--timeout', '800'));
    shop = await startClient('pg-cluster', 'pg-router', 'shop');
    await shop.sql(table);
    kept.shop = await shop.sql(rows);
    const wiki = await startClient('mng-pg', 'mng-pg', 'wiki');
    await wiki.sql(table);
    kept.wiki = await wiki.sql(rows);
    await wiki.stop();
    await valkey('for n in $(seq 1000); do echo "SET key:$n $n"; done | valkey-cli -c > /dev/null');
    expect(await members()).toEqual({ keys: 1000, replicas: [0, 0, 0] });
    openSearch = new OpenSearchClient(namespace, 'admin', await workspace.secret(namespace, 'opensearch', 'password'));
    await openSearch.ask('PUT', 'notes', '{"settings":{"number_of_shards":3,"number_of_replicas":0}}\n');
    const lines = Array.from({ length: 500 }, (_, i) => `{"index":{"_id":"${i}"}}\n{"text":"note ${i}"}\n`);
    await openSearch.ask('POST', 'notes/_bulk?refresh', lines.join(''));
    await mc('for n in $(seq 30); do head -c 200000 /dev/urandom | mc pipe --quiet store/work/$n > /dev/null; done');
    kept.work = await objects();
  }, 900_000);

  test('PostgreSQL, Valkey and OpenSearch grow in place: no row that was acknowledged meanwhile is lost', async () => {
    workspace.set(['services', 'pg-cluster', 'replicas'], 3);
    workspace.set(['services', 'valkey-cluster', 'replicasPerShard'], 1);
    workspace.set(['services', 'opensearch', 'replicas'], 3);
    await shop.startWriting();
    await shop.goOn(50);
    await watch.time('growing', hearth.succeed('up', 'scale', '--timeout', '800'));
    await patroni.whole();
    await shop.goOn(50, 180);
    const written = await shop.stopWriting();
    figures['rows while PostgreSQL grew'] = written;
    expect(written.lost).toBe(0);
    expect(written.acknowledged).toBeGreaterThan(100);
  }, 1_200_000);

  test('PostgreSQL and etcd have three members on three nodes, with the rows of before', async () => {
    expect(await shop.sql(rows)).toBe(kept.shop);
    for (const name of ['pg-cluster', 'etcd']) expect(await nodesOf(name)).toBe(3);
    const answers = await Promise.all(
      [0, 1, 2].map((n) => kubectl(['exec', `etcd-${n}`, here, '--container=etcd', '--', 'etcdctl', 'member', 'list'])),
    );
    // One etcd, of which each knows all members.
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]?.trim().split('\n')).toHaveLength(3);
  });

  test('every master of Valkey has a replica on another node, and the keys of before', async () => {
    await eventually(async () => expect(await members()).toEqual({ keys: 1000, replicas: [1, 1, 1] }), 120);
    const pods = await placement('valkey-cluster');
    const lines = (await valkey('valkey-cli CLUSTER NODES')).trim().split('\n');
    const nodeOf = new Map(lines.map((line) => [line.split(' ')[0], pods.get(/,(valkey-cluster-\d+)\./.exec(line)?.[1] ?? '')]));
    for (const line of lines.filter((text) => text.includes('slave'))) {
      const [id, , , master] = line.split(' ');
      expect(nodeOf.get(id)).not.toBe(nodeOf.get(master));
    }
  }, 180_000);

  test('three nodes of OpenSearch keep the documents of before, each twice once that is said', async () => {
    const health = () => openSearch.json<{ status: string; number_of_nodes: number }>('GET', '_cluster/health?level=indices');
    await eventually(async () => expect(await health()).toMatchObject({ status: 'green', number_of_nodes: 3 }), 180);
    await openSearch.ask('PUT', 'notes/_settings', '{"index":{"number_of_replicas":1}}\n');
    await eventually(async () => {
      expect(await health()).toMatchObject({ status: 'green', indices: { notes: { active_shards: 6 } } });
    }, 180);
    const shards = (await openSearch.ask('GET', '_cat/shards/notes?h=node')).trim().split('\n');
    expect(new Set(shards.map((node) => node.trim())).size).toBe(3);
    const { count } = await openSearch.json<{ count: number }>('GET', 'notes/_count', '', 'opensearch-2');
    expect(count).toBe(500);
  }, 400_000);

  test('fewer members are refused before anything changes', async () => {
    workspace.set(['services', 'pg-cluster', 'replicas'], 1);
    workspace.set(['services', 'opensearch', 'replicas'], 1);
    const { code, stderr } = await hearth.attempt('up', 'scale');
    expect(code).toBe(1);
    for (const name of ['pg-cluster', 'etcd', 'opensearch']) {
      expect(stderr).toContain(`StatefulSet ${namespace}/${name} has 3 pods, and would have 1 pod`);
    }
    workspace.set(['services', 'pg-cluster', 'replicas'], 3);
    workspace.set(['services', 'opensearch', 'replicas'], 3);
    expect((await hearth.attempt('diff', 'scale', '--exit-code')).code).toBe(0);
  }, 180_000);

  test('the management database becomes a cluster and MinIO four servers, by a backup and a restore', async () => {
    await watch.time('backup', hearth.succeed('backup', 'scale', 'mng-pg', 'minio'));
    workspace.set(['services', 'mng-pg', 'replicas'], 3);
    // A single server has no such programs.
    for (const [program, memory] of Object.entries({ etcd: '64Mi', haproxy: '32Mi' })) {
      workspace.set(['services', 'mng-pg', 'resources', program], { requests: { cpu: '20m', memory } });
    }
    const refused = await hearth.attempt('up', 'scale');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('mng-pg would begin with empty volumes');
    workspace.set(['services', 'minio', 'servers'], 4);
    await hearth.succeed('stop', 'scale', 'minio');
    await kubectl(['delete', 'statefulset', 'minio', here]);
    await kubectl(['delete', 'pvc', '--selector=app.kubernetes.io/instance=minio', here]);
    await watch.time('begun anew', hearth.succeed('up', 'scale', '--prune', '--new-data', '--timeout', '800'));
    await watch.time('restore', hearth.succeed('restore', 'scale', 'mng-pg', 'minio', '--yes'));
    const wiki = await startClient('mng-pg', 'mng-pg', 'wiki');
    expect(await wiki.sql(rows)).toBe(kept.wiki);
    await wiki.stop();
    expect(await objects()).toBe(kept.work);
    expect(await nodesOf('mng-pg-patroni')).toBe(3);
    // What grew in place was not touched.
    expect(await shop.sql(rows)).toBe(kept.shop);
  }, 1_800_000);

  test('Valkey loses its replicas again, once every master is a node that stays: all keys are there', async () => {
    const of = (pod: number, script: string) => valkey(script, `valkey-cluster-${pod}`);
    const isMaster = async (pod: number) => (await of(pod, 'valkey-cli ROLE')).startsWith('master');
    // Failovers that nobody asked for, as the life of a cluster brings them.
    await of(5, 'valkey-cli CLUSTER FAILOVER');
    await eventually(async () => expect(await isMaster(5)).toBe(true), 30);
    workspace.set(['services', 'valkey-cluster', 'replicasPerShard'], 0);
    expect((await hearth.attempt('up', 'scale')).stderr).toContain('has 6 pods, and would have 3 pods');
    await eventually(async () => {
      for (const pod of [0, 1, 2]) {
        if (!(await isMaster(pod))) await of(pod, 'valkey-cli CLUSTER FAILOVER');
      }
      expect(await Promise.all([0, 1, 2].map(isMaster))).toEqual([true, true, true]);
    }, 60);
    await watch.time('fewer', hearth.succeed('up', 'scale', '--fewer-members', '--timeout', '400'));
    await eventually(async () => expect(await members()).toEqual({ keys: 1000, replicas: [0, 0, 0] }), 120);
    await runNow('valkey-cluster-repair', namespace, 150);
    expect((await valkey('valkey-cli CLUSTER NODES')).trim().split('\n')).toHaveLength(3);
  }, 900_000);

  const table = `CREATE TABLE kept (id int PRIMARY KEY, line text); INSERT INTO kept SELECT n, md5(n::text) FROM generate_series(1, 20000) n`;
  const rows = `SELECT count(*), md5(string_agg(line, ',' ORDER BY id)) FROM kept`;

  /** A client that the policies take for the job that makes the databases of a component. */
  const startClient = (component: string, host: string, database: string) =>
    SqlClient.start({
      namespace,
      name: `probe-${database}-${Date.now()}`,
      labels: { 'app.kubernetes.io/name': component, 'app.kubernetes.io/instance': `${component}-databases` },
      host: `${host}.${namespace}.svc`,
      database,
      secret: `${component}-${database}`,
    });

  const valkey = (script: string, pod = 'valkey-cluster-0') =>
    kubectl(['exec', pod, here, '--container=valkey-cluster', '--', 'sh', '-c', script]);

  /** How many keys there are, and how many replicas each master has. */
  async function members() {
    const text = await valkey('valkey-cli --cluster info 127.0.0.1 6379');
    const keys = Number(/\[OK\] (\d+) keys in/.exec(text)?.[1]);
    const replicas = [...text.matchAll(/\| (\d+) (?:slaves|replicas)\./g)].map(([, count]) => Number(count));
    return { keys, replicas };
  }

  /** Runs the client of MinIO as its administrator, in the first server. */
  const mc = (script: string) => {
    const alias = 'export MC_HOST_store=http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@127.0.0.1:9000 MC_CONFIG_DIR=/tmp/mc';
    return kubectl(['exec', 'minio-0', '--container=minio', here, '--', 'sh', '-c', `${alias}; ${script}`]);
  };
  const objects = () => mc('for n in $(seq 30); do mc cat store/work/$n | sha256sum; done');

  /** Pod → node. */
  async function placement(instance: string): Promise<Map<string, string>> {
    const { items } = await kubectlJson<{ items: { metadata: { name: string }; spec: { nodeName: string } }[] }>([
      'get',
      'pods',
      here,
      `--selector=app.kubernetes.io/instance=${instance}`,
      '--field-selector=status.phase=Running',
    ]);
    return new Map(items.map(({ metadata, spec }) => [metadata.name, spec.nodeName]));
  }

  const nodesOf = async (instance: string) => new Set((await placement(instance)).values()).size;
});
