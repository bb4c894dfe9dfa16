import { backedUp } from './support/backed-up';
import type { BackupTarget } from './support/backup-target';
import { reachable, startProbe } from './support/probe';
import { runNow } from './support/cron-job';
import { moveDnsFrom } from './support/dns';
import { evict } from './support/evict';
import type { Hearth } from './support/hearth';
import { eventually, kubectl, kubectlJson, run } from './support/kubectl';
import { Stopwatch, suite } from './support/suite';
import type { Workspace } from './support/workspace';
import { images } from './support/images';
import { withSlowdown } from '../support/slowdown';

const namespace = 'valkey-data';
const killer = process.env.HEARTH_TEST_NODES;
if (!killer && process.env.CI === 'true') throw new Error('test:cluster: HEARTH_TEST_NODES names no program');
if (!killer) console.log('no node is killed: HEARTH_TEST_NODES names no program that kills and starts one');

interface Node {
  readonly id: string;
  readonly pod: string;
  readonly master: string | undefined;
  readonly failed: boolean;
  readonly from: number;
  readonly to: number;
  /** Where the pod runs. */
  readonly on: string;
}

/** The Valkey servers of test/platforms/valkey.yaml: used, killed, mended, rotated, backed up and restored. */
suite('Valkey on a cluster', () => {
  let workspace: Workspace;
  let target: BackupTarget;
  let hearth: Hearth;
  const watch = new Stopwatch();
  const figures: Record<string, unknown> = {};

  beforeAll(async () => {
    ({ target, workspace, hearth } = await backedUp('valkey'));
  }, 240_000);

  afterAll(async () => {
    console.log(`${watch}\nfigures: ${JSON.stringify(figures)}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    // Not what other platforms of the cluster may use as well.
    await hearth.succeed('destroy', 'valkey', '--delete-data', '--confirm', 'valkey');
    await target?.stop();
  }, 300_000);

  test('up makes a cluster: its masters on different nodes, and each replica beside another master', async () => {
    await watch.time('up', hearth.succeed('up', 'valkey'));
    const nodes = await members();
    expect(nodes).toHaveLength(6);
    const masters = nodes.filter(({ master }) => master === undefined);
    expect(new Set(masters.map(({ on }) => on)).size).toBe(3);
    for (const { id, on } of masters) {
      expect(nodes.filter(({ master }) => master === id).map((replica) => replica.on)).toEqual([expect.not.stringMatching(on)]);
    }
  }, 600_000);

  test('no process shows the password, and the exporters see the servers', async () => {
    for (const pod of ['mng-valkey-0', 'valkey-cluster-0']) {
      const secret = await workspace.secret(namespace, pod.replace(/-0$/, ''), 'password');
      const processes = await inPod(pod, 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$file"; echo; done');
      expect(processes).toContain('valkey-server');
      expect(processes).not.toContain(secret);
    }
    for (const pod of ['mng-valkey-0', 'valkey-cluster-0']) {
      const request = 'exec 3<>/dev/tcp/127.0.0.1/9121; printf "GET /metrics HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3';
      const metrics = await inPod(pod, `bash -c '${request}'`);
      expect(metrics).toMatch(/^redis_up(\{\})? 1$/m);
    }
  });

  test('the declared consumers reach the servers, and nobody else does', async () => {
    const [server] = await podsOf('mng-valkey');
    const [node] = await podsOf('valkey-cluster');
    const targets = [`${server?.ip}:6379`, `${server?.ip}:9121`, `${node?.ip}:6379`, `${node?.ip}:16379`, `${node?.ip}:9121`];
    const labels = (name: string, instance: string) => ({
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/instance': instance,
    });
    const probes: Record<string, { labels: Record<string, string>; reaches: (string | undefined)[] }> = {
      'probe-backup': { labels: labels('mng-valkey', 'mng-valkey-backup'), reaches: [targets[0]] },
      'probe-join': { labels: labels('valkey-cluster', 'valkey-cluster-join'), reaches: [targets[2]] },
      'probe-peer': { labels: labels('valkey-cluster', 'valkey-cluster'), reaches: [targets[2], targets[3]] },
      'probe-stranger': { labels: {}, reaches: [] },
    };
    for (const [name, probe] of Object.entries(probes)) await startProbe(name, namespace, probe.labels);
    await eventually(async () => {
      for (const [name, { reaches }] of Object.entries(probes)) {
        expect([name, ...[...(await reachable(name, namespace, targets))].sort()]).toEqual([name, ...reaches.sort()]);
      }
    }, 90);
    await kubectl(['delete', 'pod', '--selector=hearth-test/probe', `--namespace=${namespace}`, '--wait=false']);
  }, 240_000);

  test('a master pod is killed: its slots are served again soon, and what is lost is counted', async () => {
    const victim = (await members()).find(({ master, pod }) => master === undefined && pod !== 'valkey-cluster-0');
    if (!victim) throw new Error('no master');
    const outcome = await whileWriting(victim, async () => {
      await kubectl(['delete', 'pod', victim.pod, `--namespace=${namespace}`, '--force', '--grace-period=0']);
      await sleep(30);
    });
    figures['killed master'] = outcome;
    expect(outcome.longestGap).toBeLessThan(20 * outcome.slowdown);
    // Not more than was written within the moment in which the replica lagged.
    expect(outcome.lost).toBeLessThan(outcome.acknowledged / 10);
    await whole();
  }, 300_000);

  test('a rolling restart of all nodes loses no acknowledged write', async () => {
    const outcome = await whileWriting(await masterOf(0), async () => {
      await kubectl(['rollout', 'restart', 'statefulset/valkey-cluster', `--namespace=${namespace}`]);
      await kubectl(['rollout', 'status', 'statefulset/valkey-cluster', `--namespace=${namespace}`, '--timeout=600s']);
    });
    figures['rolling restart'] = outcome;
    expect(outcome.lost).toBe(0);
    await whole();
  }, 900_000);

  test('a node is drained of both its pods, and nothing acknowledged is lost', async () => {
    await repair();
    const nodes = await members();
    // What is asked how the cluster is stays: the first node, and the client.
    const staying = [clientNode, nodes[0]?.on];
    const victim = nodes.find(({ master, on }) => master === undefined && !staying.includes(on));
    if (!victim) throw new Error('no master on a node that may be drained');
    const drain = [
      'drain',
      victim.on,
      '--pod-selector=app.kubernetes.io/part-of=valkey',
      '--ignore-daemonsets',
      '--delete-emptydir-data',
    ];
    try {
      const outcome = await whileWriting(victim, async () => {
        await watch.time('drain', kubectl([...drain, '--timeout=120s']));
        const away = (await podsOf('valkey-cluster')).filter(({ on }) => !on);
        expect(away).toHaveLength(2);
        // A third one may not go.
        const other = (await members()).find(({ on }) => on !== victim.on && on !== '')?.pod ?? '';
        expect(await evict(other, namespace)).toContain('disruption budget');
      });
      figures['drained node'] = outcome;
      expect(outcome.lost).toBe(0);
      expect(outcome.longestGap).toBeLessThan(15 * outcome.slowdown);
    } finally {
      await kubectl(['uncordon', victim.on]);
    }
    await whole();
  }, 600_000);

  test('a node without its volume becomes a replica by the repair job; nothing is lost', async () => {
    await repair();
    const before = await members();
    const victim = before.find(({ master, pod }) => master === undefined && pod !== 'valkey-cluster-0');
    if (!victim) throw new Error('no master');
    const keys = await count();
    await kubectl(['delete', 'pvc', `data-${victim.pod}`, `--namespace=${namespace}`, '--wait=false']);
    await kubectl(['delete', 'pod', victim.pod, `--namespace=${namespace}`]);
    await eventually(async () => {
      const nodes = await members();
      expect(nodes.find(({ pod, failed }) => pod === victim.pod && !failed)?.id).not.toBe(victim.id);
    }, 120);
    await watch.time('repair', repair());
    const after = await members();
    expect(after.map(({ id }) => id)).not.toContain(victim.id);
    expect(after).toHaveLength(6);
    const masters = after.filter(({ master }) => master === undefined);
    for (const { id } of masters) expect(after.filter(({ master }) => master === id)).toHaveLength(1);
    expect(new Set(masters.map(({ on }) => on)).size).toBe(3);
    expect(await count()).toBe(keys);
  }, 400_000);

  test('repair of a whole cluster changes nothing', async () => {
    const before = await members();
    await repair();
    expect(await members()).toEqual(before);
  }, 200_000);

  test('stop and start: all addresses are new, and the cluster finds itself', async () => {
    const keys = await count();
    await hearth.succeed('stop', 'valkey');
    await watch.time('start', hearth.succeed('start', 'valkey'));
    await startClient();
    await whole();
    expect(await count()).toBe(keys);
  }, 600_000);

  test('mng-valkey keeps its keys when its pod is killed', async () => {
    await inPod('mng-valkey-0', 'valkey-cli SET kept yes');
    await sleep(2);
    await kubectl(['delete', 'pod', 'mng-valkey-0', `--namespace=${namespace}`, '--force', '--grace-period=0']);
    await watch.time(
      'mng-valkey again',
      eventually(async () => expect((await inPod('mng-valkey-0', 'valkey-cli GET kept')).trim()).toBe('yes'), 120),
    );
  }, 180_000);

  test('rotate: new passwords hold, old ones do not, and no key is lost', async () => {
    const [keys, old] = [await count(), await workspace.secret(namespace, 'valkey-cluster', 'password')];
    for (const name of ['valkey-cluster', 'mng-valkey']) {
      await watch.time(`rotate ${name}`, hearth.succeed('credentials', 'valkey', '--rotate', name, '--yes'));
    }
    expect(await workspace.secret(namespace, 'valkey-cluster', 'password')).not.toBe(old);
    await whole();
    await startClient();
    expect(await count()).toBe(keys);
    const refused = await run(
      'kubectl',
      [
        'exec',
        '-i',
        'valkey-cluster-0',
        `--namespace=${namespace}`,
        '-c',
        'valkey-cluster',
        '--',
        'sh',
        '-c',
        'IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; valkey-cli PING 2>&1',
      ],
      { input: `${old}\n` },
    );
    expect(refused.stdout).toContain('NOAUTH');
    expect((await inPod('mng-valkey-0', 'valkey-cli GET kept')).trim()).toBe('yes');
  }, 900_000);

  test('backup and restore bring back exactly the keys, with their times to live', async () => {
    await flush();
    await inPod('client', fill('valkey-cli -c -h valkey-cluster', 1));
    await inPod('mng-valkey-0', fill('valkey-cli', 1));
    await inPod(
      'mng-valkey-0',
      'valkey-cli -n 3 SET elsewhere yes; printf "#!lua name=lib\\nredis.register_function(\'f\', function() return 7 end)" | valkey-cli -x FUNCTION LOAD REPLACE',
    );
    const saved = { cluster: await clusterDigest(), server: await serverDigest() };
    expect(saved.cluster.length).toBeGreaterThan(100);
    await watch.time('backup', hearth.succeed('backup', 'valkey'));
    await inPod('client', fill('valkey-cli -c -h valkey-cluster', 2));
    await inPod('mng-valkey-0', 'valkey-cli FLUSHALL; valkey-cli FUNCTION FLUSH; valkey-cli SET after yes');
    await watch.time('restore', hearth.succeed('restore', 'valkey', '--yes'));
    // A server that hands a key to another says how long it lives on, not until when: its way there is added.
    expect(await clusterDigest()).toEqual(saved.cluster.map((key) => ({ ...key, ends: expect.closeTo(key.ends, -3) })));
    expect(await serverDigest()).toEqual(saved.server);
    expect((await inPod('mng-valkey-0', 'valkey-cli FCALL f 0; valkey-cli -n 3 GET elsewhere')).trim()).toBe('7\nyes');
  }, 900_000);

  (killer ? test : test.skip)(
    'a node is killed: its slots are served again soon, and it comes back as it should',
    async () => {
      if (!killer) return;
      await repair();
      const victim = (await members()).find(({ master, on }) => master === undefined && on !== 'n1');
      if (!victim) throw new Error('no master on a node that may be killed');
      await moveDnsFrom(victim.on);
      try {
        const outcome = await whileWriting(victim, async () => {
          await node('kill', victim.on);
          await sleep(40);
        });
        figures['killed node'] = outcome;
        expect(outcome.longestGap).toBeLessThan(25 * outcome.slowdown);
        expect(outcome.lost).toBeLessThan(outcome.acknowledged / 10);
      } finally {
        await node('start', victim.on);
      }
      await eventually(whole, 300);
      await repair();
      const masters = (await members()).filter(({ master }) => master === undefined);
      expect(new Set(masters.map(({ on }) => on)).size).toBe(3);
    },
    900_000,
  );

  const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

  async function node(what: 'kill' | 'start', name: string): Promise<void> {
    const { code, stderr, stdout } = await run('bash', [killer ?? '', what, name]);
    if (code !== 0) throw new Error(`${what} ${name}: ${stderr}${stdout}`);
  }

  const inPod = (pod: string, script: string) =>
    kubectl(['exec', pod, `--namespace=${namespace}`, `--container=${pod.replace(/-\d+$/, '')}`, '--', 'sh', '-c', script]);

  async function podsOf(instance: string): Promise<{ name: string; ip: string; on: string }[]> {
    const { items } = await kubectlJson<{
      items: { metadata: { name: string }; spec: { nodeName: string }; status: { podIP: string } }[];
    }>(['get', 'pods', `--namespace=${namespace}`, `--selector=app.kubernetes.io/instance=${instance},!hearth-test/probe`]);
    return items.map(({ metadata, spec, status }) => ({ name: metadata.name, ip: status.podIP, on: spec.nodeName }));
  }

  /** The cluster as one of its nodes sees it. */
  async function members(): Promise<Node[]> {
    const pods = await podsOf('valkey-cluster');
    const lines = (await inPod('valkey-cluster-0', 'valkey-cli CLUSTER NODES')).trim().split('\n');
    return lines
      .map((line) => {
        const [id = '', address = '', flags = '', master = '', , , , , slots = '-1'] = line.split(' ');
        const pod = /,(valkey-cluster-\d+)\./.exec(address)?.[1] ?? address;
        const [from = -1, to = from] = slots.split('-').filter(Boolean).map(Number);
        const failed = /fail|noaddr/.test(flags);
        const on = pods.find(({ name }) => name === pod)?.on ?? '';
        return { id, pod, master: master === '-' ? undefined : master, failed, from, to, on };
      })
      .sort((a, b) => a.pod.localeCompare(b.pod));
  }

  async function masterOf(index: number): Promise<Node> {
    const found = (await members()).filter(({ master, failed }) => master === undefined && !failed)[index];
    if (!found) throw new Error('no master');
    return found;
  }

  /** Waits until every node is ready: the cluster serves, and replicas have what their masters have. */
  async function whole(): Promise<void> {
    await kubectl(['rollout', 'status', 'statefulset/valkey-cluster', `--namespace=${namespace}`, '--timeout=300s']);
    await eventually(async () => expect((await members()).filter(({ failed }) => failed)).toEqual([]), 120);
  }

  /** Runs the repair job now. */
  const repair = () => runNow('valkey-cluster-repair', namespace, 150);

  /** A client of the cluster on the node that is never killed; the policies take it for the job that makes the cluster. */
  async function startClient(): Promise<void> {
    await kubectl([
      'delete',
      'pod',
      'client',
      `--namespace=${namespace}`,
      '--ignore-not-found',
      '--grace-period=0',
      '--force',
      '--wait=true',
    ]);
    clientNode = (await podsOf('valkey-cluster')).map(({ on }) => on).sort()[0] ?? '';
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'client',
        namespace,
        labels: {
          'app.kubernetes.io/name': 'valkey-cluster',
          'app.kubernetes.io/instance': 'valkey-cluster-join',
          'hearth-test/probe': 'client',
        },
      },
      spec: {
        nodeName: clientNode,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 0,
        securityContext: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'client',
            image: images.valkey,
            command: ['sleep', '86400'],
            env: [{ name: 'REDISCLI_AUTH', valueFrom: { secretKeyRef: { name: 'valkey-cluster', key: 'password' } } }],
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
            resources: { requests: { cpu: '1m', memory: '8Mi' }, limits: { cpu: '1', memory: '64Mi' } },
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: {} }],
      },
    };
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
    await kubectl(['wait', '--for=condition=Ready', 'pod/client', `--namespace=${namespace}`, '--timeout=120s']);
    await eventually(() => inPod('client', 'timeout 3 valkey-cli -h valkey-cluster PING | grep PONG'), 60);
  }

  let round = 0;
  let clientNode = '';

  /**
   * Writes into the slots of a master, one key after the other, as a client that knows all nodes, while something happens.
   * @returns the longest time between two acknowledged writes in seconds, and how many of them are not there afterwards
   */
  async function whileWriting(master: Node, happens: () => Promise<void>) {
    if ((await podsOf('client')).length === 0) await startClient();
    round += 1;
    const tag = await inPod(
      'client',
      `n=0; while :; do n=$((n + 1)); slot=$(timeout 3 valkey-cli -h valkey-cluster CLUSTER KEYSLOT "{w${round}-$n}"); [ "$slot" -ge ${master.from} ] && [ "$slot" -le ${master.to} ] && break; done; echo "w${round}-$n"`,
    ).then((text) => text.trim());
    const seeds = (await podsOf('valkey-cluster')).map(({ name }) => `${name}.valkey-cluster-peers`).join(' ');
    const writer = `rm -f /tmp/acked; touch /tmp/go /tmp/acked
n=0; good=valkey-cluster
while [ -e /tmp/go ]; do
  n=$((n + 1))
  for seed in $good ${seeds}; do
    if [ "$(timeout 1 valkey-cli -c -h "$seed" SET "{${tag}}:$n" "$n" 2> /dev/null | tail -n 1)" = OK ]; then
      echo "$n $(date +%s%N)" >> /tmp/acked
      good=$seed
      break
    fi
  done
  sleep 0.02
done`;
    const writing = inPod('client', writer);
    await sleep(3);
    const { slowdown } = await withSlowdown(happens);
    await sleep(3);
    await inPod('client', 'rm /tmp/go');
    await writing;
    const lines = (await inPod('client', 'cat /tmp/acked')).trim().split('\n');
    const times = lines.map((line) => Number(line.split(' ')[1]) / 1e9);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? time));
    const there = await eventually(
      () =>
        inPod(
          'client',
          `sed 's/ .*//; s/.*/EXISTS {${tag}}:&/' /tmp/acked | timeout 60 valkey-cli -c -h valkey-cluster | grep -c '^1$'`,
        ),
      60,
    );
    return {
      acknowledged: lines.length,
      lost: lines.length - Number(there),
      longestGap: Math.round(Math.max(...gaps) * 10) / 10,
      slowdown,
    };
  }

  /** Runs a script for each master, whose address:port is in $1 and whose host is in $host. */
  const onMasters = (script: string) =>
    inPod(
      'client',
      `valkey-cli -h valkey-cluster CLUSTER NODES | awk '$3 ~ /master/ && $3 !~ /fail/ && NF > 8 { sub("@.*", "", $2); print $2 }' > /tmp/masters
while read -r master; do host=\${master%:*}; ${script}; done < /tmp/masters`,
    );

  async function count(): Promise<number> {
    const sizes = await onMasters('valkey-cli -h "$host" DBSIZE < /dev/null');
    return sizes
      .trim()
      .split('\n')
      .reduce((sum, size) => sum + Number(size), 0);
  }

  const flush = () => onMasters('valkey-cli -h "$host" FLUSHALL < /dev/null');

  /** Keys of every sort, with awkward names. */
  const fill = (client: string, seed: number) => `{
for n in $(seq 100); do echo "SET key:$n $((n * ${seed}))"; done
echo 'SET "with space \\x00 and \\xff" "value ${seed} \\r\\n"'
echo 'SET brief ${seed} EX 86400'
echo 'RPUSH list a b c ${seed}'
echo 'HSET hash field ${seed} other 2'
echo 'SADD set 1 2 3 ${seed}0'
echo 'ZADD sorted 1.5 one 2 two ${seed} three'
echo 'XADD stream ${seed}-1 field value'
} | ${client} > /dev/null`;

  /** Every key with its content and the time of its end. */
  const digest = (client: string) =>
    `${client} EVAL "#!lua flags=allow-cross-slot-keys
local r = {} for _, k in ipairs(redis.call('KEYS', '*')) do r[#r + 1] = redis.sha1hex(k) .. ' ' .. redis.sha1hex(redis.call('DUMP', k)) .. ' ' .. redis.call('PEXPIRETIME', k) end return r" 0`;

  /** Times in milliseconds since 1970; -1 for a key that stays. */
  const keysOf = (text: string) =>
    text
      .trim()
      .split('\n')
      .filter(Boolean)
      .sort()
      .map((line) => {
        const [name, content, ends] = line.split(' ');
        return { name, content, ends: Number(ends) };
      });

  async function clusterDigest() {
    return keysOf(await onMasters(`{ ${digest('valkey-cli -h "$host"')}; } < /dev/null`));
  }

  async function serverDigest() {
    return keysOf(await inPod('mng-valkey-0', digest('valkey-cli')));
  }
});
