import { backedUp } from './support/backed-up';
import type { BackupTarget } from './support/backup-target';
import { ReachabilityCheck } from './support/reachability';
import { evict } from './support/evict';
import type { Hearth } from './support/hearth';
import { eventually, kubectl, kubectlJson, run } from './support/kubectl';
import { PatroniMembers } from './support/patroni';
import { ready } from './support/ready';
import { SqlClient } from './support/sql-client';
import { suite, Stopwatch } from './support/suite';
import type { Workspace } from './support/workspace';
import { withSlowdown } from '../support/slowdown';

/** A program that kills and starts nodes, as .ci/node.sh does. */
const nodes = process.env.HEARTH_TEST_NODES;
if (!nodes && process.env.KUBECONFIG) {
  if (process.env.CI === 'true') throw new Error('test/cluster/pg-cluster: HEARTH_TEST_NODES names no program');
  console.log('test/cluster/pg-cluster kills no node: HEARTH_TEST_NODES names no program');
}
const testWithNodes = nodes ? test : test.skip;

const namespace = 'pg-data';
const members = ['pg-cluster-0', 'pg-cluster-1', 'pg-cluster-2'];
/** As Patroni calls them. */
const roles = ['Leader', 'Sync Standby', 'Replica'];

/** The platform of test/platforms/pg.yaml: written to while its leader, a node and everything else go away in turn. */
suite('PostgreSQL clusters on a cluster', () => {
  let workspace: Workspace;
  let target: BackupTarget;
  let hearth: Hearth;
  let client: SqlClient;
  const watch = new Stopwatch();
  const figures: Record<string, unknown> = {};

  const inside = (...args: string[]) => kubectl([`--namespace=${namespace}`, ...args]);
  const patroni = new PatroniMembers(namespace, members);
  const leader = () => patroni.leader();
  const whole = () => patroni.whole();
  const nodeOf = async (pod: string) => (await inside('get', 'pod', pod, '-o', 'jsonpath={.spec.nodeName}')).trim();

  /** Writes while something happens; nothing that was acknowledged may be lost. */
  const writtenWhile = async (what: string, happens: () => Promise<void>) => {
    await whole();
    await client.startWriting();
    await client.goOn(50);
    const { slowdown } = await withSlowdown(async () => {
      await happens();
      await client.goOn(100, 180);
    });
    const written = { ...(await client.stopWriting()), slowdown };
    figures[what] = written;
    expect(written.acknowledged).toBeGreaterThan(150);
    expect(written.lost).toBe(0);
    return written;
  };

  beforeAll(async () => {
    ({ target, workspace, hearth } = await backedUp('pg'));
  }, 240_000);

  afterAll(async () => {
    console.log(`${watch}\nfigures: ${JSON.stringify(figures)}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await workspace?.remove();
    await target?.stop();
  }, 300_000);

  test('up makes a cluster of three on three nodes, with a synchronous standby, and a single server', async () => {
    await watch.time('up', hearth.succeed('up', 'pg'));
    await watch.time('ready', ready(workspace.platform, 600));
    await whole();
    expect(new Set(await Promise.all(members.map(nodeOf))).size).toBe(3);
    client = await SqlClient.start({
      namespace,
      name: 'probe-client',
      labels: { 'app.kubernetes.io/name': 'pg-cluster', 'app.kubernetes.io/instance': 'pg-cluster-databases' },
      host: `pg-router.${namespace}.svc`,
      database: 'shop',
      secret: 'pg-cluster-shop',
      node: await anyNode(),
    });
    expect(await client.sql('SELECT pg_is_in_recovery()')).toBe('f');
    expect(await client.sql('SHOW max_connections')).toBe('100');
  }, 900_000);

  test('port 5433 leads to the replicas in turn, which refuse writes; 5000 is another name for 5432', async () => {
    await letRead();
    const who = 'SELECT pg_is_in_recovery(), inet_server_addr()';
    await eventually(() => client.sql('SELECT 1', 5433), 30);
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => client.sql(who, 5433)));
    expect(new Set(answers).size).toBe(2);
    expect(answers.every((answer) => answer.startsWith('t|'))).toBe(true);
    await expect(client.sql('CREATE TABLE refused ()', 5433)).rejects.toThrow('read-only transaction');
    expect(await client.sql('SELECT pg_is_in_recovery()', 5000)).toBe('f');
  });

  test('the exporter of every member reads statistics, with a role that is no superuser', async () => {
    for (const pod of members) {
      const metrics = await inside('exec', pod, '-c', 'pg-cluster', '--', 'curl', '-fsS', 'http://127.0.0.1:9187/metrics');
      expect(metrics).toMatch(/^pg_up 1$/m);
    }
    expect(await client.sql(`SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = 'exporter'`)).toBe('f');
  });

  test('the leader’s pod is deleted: nothing acknowledged is lost', async () => {
    const { gap, slowdown } = await writtenWhile('leader deleted', async () => {
      await inside('delete', 'pod', await leader(), '--wait=true', '--timeout=180s');
    });
    expect(gap).toBeLessThanOrEqual(15 * slowdown);
  }, 600_000);

  test('the leader’s pod is killed: nothing acknowledged is lost, and writes go on within 15 seconds', async () => {
    const { gap, slowdown } = await writtenWhile('leader killed', async () => {
      await inside('delete', 'pod', await leader(), '--grace-period=0', '--force');
    });
    expect(gap).toBeLessThanOrEqual(15 * slowdown);
  }, 600_000);

  test('all processes of the leader are killed: nothing acknowledged is lost', async () => {
    const { gap, slowdown } = await writtenWhile('processes killed', async () => {
      // The shell goes as well.
      await run('kubectl', [
        `--namespace=${namespace}`,
        'exec',
        await leader(),
        '-c',
        'pg-cluster',
        '--',
        'sh',
        '-c',
        'kill -9 -1',
      ]);
    });
    expect(gap).toBeLessThanOrEqual(15 * slowdown);
  }, 600_000);

  testWithNodes(
    'the leader’s node is killed: nothing acknowledged is lost, and it comes back as a replica',
    async () => {
      if (!nodes) throw new Error('no nodes');
      await whole();
      const first = await leader();
      let lost = first;
      if ((await nodeOf(first)) === (await anyNode())) {
        lost = (await patroni.listed()).find(({ Role }) => Role === 'Sync Standby')?.Member ?? '';
        await patroni.patronictl(first, 'switchover', '--leader', first, '--candidate', lost, '--force');
        await eventually(async () => expect(await leader()).toBe(lost), 60);
      }
      const node = await nodeOf(lost);
      try {
        const { gap, slowdown } = await writtenWhile('node of the leader killed', async () => {
          const { code, stderr } = await run(nodes, ['kill', node]);
          expect({ code, stderr }).toMatchObject({ code: 0 });
        });
        // The leader’s lease, which Patroni allows to be no shorter than 20 seconds, and connections that die with the node.
        expect(gap).toBeLessThanOrEqual(45 * slowdown);
      } finally {
        expect(await run(nodes, ['start', node])).toMatchObject({ code: 0 });
      }
      await watch.time('node back', whole());
    },
    900_000,
  );

  test('a rolling restart loses nothing', async () => {
    const { gap, slowdown } = await writtenWhile('rolling restart', async () => {
      await inside('rollout', 'restart', 'statefulset/pg-cluster');
      await watch.time('rolling restart', inside('rollout', 'status', 'statefulset/pg-cluster', '--timeout=600s'));
    });
    expect(gap).toBeLessThanOrEqual(15 * slowdown);
  }, 900_000);

  test('etcd is restarted, member by member, and the leader stays', async () => {
    await whole();
    const before = await leader();
    const { gap, slowdown } = await writtenWhile('etcd restarted', async () => {
      await inside('rollout', 'restart', 'statefulset/etcd');
      await watch.time('restart of etcd', inside('rollout', 'status', 'statefulset/etcd', '--timeout=300s'));
    });
    expect(gap).toBeLessThanOrEqual(5 * slowdown);
    expect(await leader()).toBe(before);
  }, 600_000);

  test('etcd is emptied and the first member loses its volume: restarted, the others keep their data and give it to that one', async () => {
    await whole();
    await client.sql('DROP TABLE IF EXISTS before; CREATE TABLE before AS SELECT generate_series(1, 5000) n');
    // Who has everything goes first.
    const others = (await patroni.listed())
      .filter(({ Member }) => Member !== 'pg-cluster-0')
      .sort((one, two) => roles.indexOf(one.Role) - roles.indexOf(two.Role));
    await inside('scale', 'statefulset/etcd', '--replicas=0');
    await inside('wait', '--for=delete', ...[0, 1, 2].map((n) => `pod/etcd-${n}`), '--timeout=120s');
    await inside('delete', 'persistentvolumeclaim', '--selector=app.kubernetes.io/instance=etcd');
    await inside('delete', 'persistentvolumeclaim', 'data-pg-cluster-0', '--wait=false');
    await inside('delete', 'pod', 'pg-cluster-0', '--grace-period=0', '--force');
    await inside('scale', 'statefulset/etcd', '--replicas=3');
    await inside('rollout', 'status', 'statefulset/etcd', '--timeout=180s');
    for (const { Member } of others) {
      await inside('delete', 'pod', Member);
      await eventually(() => inside('wait', '--for=condition=Ready', `pod/${Member}`, '--timeout=120s'), 180);
    }
    await watch.time('etcd from nothing, after its restart', whole());
    expect(await client.sql('SELECT count(*) FROM before')).toBe('5000');
  }, 900_000);

  test('the routers are replaced, and writes go on', async () => {
    await writtenWhile('routers replaced', async () => {
      await inside('rollout', 'restart', 'deployment/pg-router');
      await inside('rollout', 'status', 'deployment/pg-router', '--timeout=300s');
    });
  }, 600_000);

  test('a drain takes one member after the other, and waits for the budget', async () => {
    const node = (await Promise.all(members.map(nodeOf))).find((name) => name !== clientNode);
    if (!node) throw new Error('no node to drain');
    // Others may use the same nodes.
    const ours = `--pod-selector=app.kubernetes.io/part-of=pg`;
    try {
      await writtenWhile('node drained', async () => {
        await watch.time(
          'drain',
          kubectl(['drain', node, ours, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=300s']),
        );
        const budgets = await kubectlJson<{ items: { metadata: { name: string }; status: { currentHealthy: number } }[] }>([
          'get',
          'poddisruptionbudgets',
          `--namespace=${namespace}`,
        ]);
        const healthy = Object.fromEntries(budgets.items.map((item) => [item.metadata.name, item.status.currentHealthy]));
        expect(healthy).toMatchObject({ 'pg-cluster': 2, etcd: 2 });
        // A second member may not go while the first is away.
        const answers = await Promise.all(members.map((pod) => evict(pod, namespace, true)));
        expect(answers.filter((answer) => answer.includes('disruption budget')).length).toBeGreaterThanOrEqual(2);
      });
    } finally {
      await kubectl(['uncordon', node]);
    }
    await whole();
    await ready(workspace.platform, 300);
  }, 900_000);

  test('every declared edge works, and no other one does', async () => {
    await client.stop();
    await inside('delete', 'networkpolicy', 'test-reader', '--ignore-not-found');
    const { platform } = workspace;
    const check = await ReachabilityCheck.start(
      platform,
      platform.graph.workloads.filter(({ ports }) => ports.length > 0),
    );
    try {
      const declared = check.declared();
      expect(declared.filter((line) => line.includes('/probe-pg-router →'))).toEqual([
        `${namespace}/probe-pg-router → pg-cluster:postgres`,
        `${namespace}/probe-pg-router → pg-cluster:rest`,
      ]);
      expect(declared.filter((line) => line.includes('stranger'))).toEqual([]);
      await eventually(async () => expect(await check.open()).toEqual(declared), 90);
    } finally {
      await check.stop();
    }
  }, 400_000);

  let saved = '';
  const content = () => client.sql(`SELECT count(*), md5(string_agg(line, ',' ORDER BY id)) FROM kept`);

  test('backup; new passwords for the superuser and the replicas; the passwords of today hold also after the old dump is restored', async () => {
    client = await restartClient();
    await client.sql(
      `CREATE TABLE kept (id int PRIMARY KEY, line text); INSERT INTO kept SELECT n, md5(n::text) FROM generate_series(1, 20000) n`,
    );
    saved = await content();
    await watch.time('backup', hearth.succeed('backup', 'pg'));
    for (const name of ['pg-cluster', 'pg-cluster-replicator']) {
      const before = await workspace.secret(namespace, name, 'password');
      await watch.time(`rotate ${name}`, hearth.succeed('credentials', 'pg', '--rotate', name, '--yes'));
      expect(await workspace.secret(namespace, name, 'password')).not.toBe(before);
      await whole();
    }
    await client.stop();
    client = await restartClient();
    await client.sql('DROP TABLE kept');
    await watch.time('restore', hearth.succeed('restore', 'pg', '--yes'));
    expect(await content()).toBe(saved);
    await whole();
    // Every member starts anew with the passwords of today: replication, rewind and statistics work with them.
    await inside('rollout', 'restart', 'statefulset/pg-cluster');
    await inside('rollout', 'status', 'statefulset/pg-cluster', '--timeout=600s');
    await whole();
    await signIn('pg-cluster', 'postgres');
    for (const role of ['replicator', 'rewind', 'exporter']) await signIn(`pg-cluster-${role}`, role);
    expect((await hearth.attempt('status', 'pg')).code).toBe(0);
  }, 1_800_000);

  test('other settings reach the running cluster', async () => {
    workspace.set(['services', 'pg-cluster', 'settings', 'work_mem'], '7MB');
    await watch.time('settings', hearth.succeed('up', 'pg'));
    await ready(workspace.platform, 600);
    await eventually(async () => expect(await client.sql('SHOW work_mem')).toBe('7MB'), 60);
    await whole();
  }, 900_000);

  test('destroy deletes everything when told', async () => {
    await hearth.succeed('destroy', 'pg', '--delete-data', '--confirm', 'pg');
    for (const { namespace } of workspace.platform.tiers) {
      expect(await kubectl(['get', 'namespace', namespace, '--ignore-not-found'])).toBe('');
    }
  }, 600_000);

  let clientNode = '';
  /** A node that no test takes away. */
  async function anyNode(): Promise<string> {
    if (clientNode) return clientNode;
    const list = await kubectlJson<{ items: { metadata: { name: string } }[] }>(['get', 'nodes']);
    clientNode = list.items.map(({ metadata }) => metadata.name).sort()[0] ?? '';
    return clientNode;
  }

  async function restartClient(): Promise<SqlClient> {
    return SqlClient.start({
      namespace,
      name: `probe-client-${Date.now()}`,
      labels: { 'app.kubernetes.io/name': 'pg-cluster', 'app.kubernetes.io/instance': 'pg-cluster-databases' },
      host: `pg-router.${namespace}.svc`,
      database: 'shop',
      secret: 'pg-cluster-shop',
      node: await anyNode(),
    });
  }

  /** The client may read from the replicas, as a consumer that says so. */
  async function letRead(): Promise<void> {
    const peer = (instance: string) => [{ podSelector: { matchLabels: { 'app.kubernetes.io/instance': instance } } }];
    const ports = [{ port: 5433, protocol: 'TCP' }];
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'test-reader', namespace },
      spec: {
        podSelector: {
          matchExpressions: [
            { key: 'app.kubernetes.io/instance', operator: 'In', values: ['pg-router', 'pg-cluster-databases'] },
          ],
        },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: peer('pg-cluster-databases'), ports }],
        egress: [{ to: peer('pg-router'), ports }],
      },
    };
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(policy) });
  }

  /** Signs in to a member over the network, with the password that its Secret holds. */
  async function signIn(credential: string, role: string): Promise<void> {
    const password = await workspace.secret(namespace, credential, 'password');
    const command = `read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U ${role} -d postgres -XAtc "select current_user"`;
    const args = ['exec', '-i', 'pg-cluster-0', '-c', 'pg-cluster', `--namespace=${namespace}`, '--', 'sh', '-c', command];
    expect((await kubectl(args, { input: `${password}\n` })).trim()).toBe(role);
  }
});
