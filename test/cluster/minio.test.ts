import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { images } from './support/images';
import { BackupTarget } from './support/backup-target';
import { reachable, startProbe } from './support/probe';
import { runNow } from './support/cron-job';
import { evict } from './support/evict';
import { Hearth } from './support/hearth';
import { moveDnsFrom } from './support/dns';
import { eventually, kubectl, kubectlJson, run } from './support/kubectl';
import { suite } from './support/suite';
import { withSlowdown } from '../support/slowdown';

const name = 'minio';
const namespace = 'minio-data';
const here = `--namespace=${namespace}`;
const pods = [0, 1, 2, 3].map((n) => `minio-${n}`);
/** A program that kills and starts nodes, as .ci/node.sh does. */
const nodes = process.env.HEARTH_TEST_NODES;
if (!nodes && process.env.KUBECONFIG) {
  if (process.env.CI === 'true') throw new Error('test/cluster/minio: HEARTH_TEST_NODES names no program');
  console.log('test/cluster/minio kills no node: HEARTH_TEST_NODES names no program');
}
const testWithNodes = nodes ? test : test.skip;

/** What the load saw; seconds. */
interface Load {
  readonly written: number;
  readonly read: number;
  /** Attempts that were answered with an error, or not at all. */
  readonly refused: number;
  /** Objects that were not written or read after all attempts. */
  readonly failed: number;
  /** Objects that were read with another content than was written. */
  readonly wrong: number;
  /** Attempts to read an object that were told that there is none. */
  readonly absent: number;
  /** The longest time in which no object was written or read. */
  readonly pause: number;
  /** The longest time that one object took. */
  readonly slowest: number;
}

/**
 * boto3 with one attempt per call, so that every refusal is seen; `patiently` is what a client does about them. A lock that a
 * server had when it went is given up by the others after one minute, or two:
 * https://github.com/minio/minio/blob/master/cmd/lock-rest-server.go
 */
const client = `
import boto3, botocore, hashlib, json, os, random, sys, threading, time
from botocore.config import Config
s3 = boto3.client('s3', endpoint_url='http://minio:9000', region_name='us-east-1',
                  config=Config(connect_timeout=3, read_timeout=10, retries={'total_max_attempts': 1}))
refused = absent = 0
def patiently(call):
    global refused, absent
    end = time.time() + 150
    while True:
        try:
            return call()
        except Exception as error:
            refused += 1
            absent += type(error).__name__ == 'NoSuchKey'
            print(round(time.time(), 1), type(error).__name__, str(error)[:200], file=sys.stderr, flush=True)
            if time.time() > end:
                raise
            time.sleep(0.2)
def content(key):
    return random.Random(key).randbytes(150_000 + random.Random(key).randrange(400_000))
def put(key):
    body = content(key)
    patiently(lambda: s3.put_object(Bucket='work', Key=key, Body=body))
def get(key):
    return patiently(lambda: s3.get_object(Bucket='work', Key=key)['Body'].read())
`;

/** Three of them write and read until /tmp/stop is there, then it says what they saw. */
const load = `${client}
run, seen = sys.argv[1], dict(written=0, read=0, failed=0, wrong=0, pause=0, slowest=0)
last, seeing = time.time(), threading.Lock()
stop = '/tmp/stop'
def one(name):
    global last
    keys = []
    while not os.path.exists(stop):
        for what in ('written', 'read'):
            start, wrong = time.time(), False
            try:
                if what == 'written':
                    key = f'{run}/{name}{len(keys):05}'
                    put(key)
                    keys.append(key)
                else:
                    key = random.choice(keys)
                    wrong = get(key) != content(key)
            except Exception:
                what = 'failed'
            with seeing:
                seen[what] += 1
                seen['wrong'] += wrong
                seen['slowest'] = round(max(seen['slowest'], time.time() - start), 1)
                if what != 'failed':
                    now = min(time.time(), os.path.getmtime(stop) if os.path.exists(stop) else float('inf'))
                    seen['pause'], last = round(max(seen['pause'], now - last), 1), now
        time.sleep(0.3)
threads = [threading.Thread(target=one, args=(name,)) for name in 'abc']
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
json.dump({**seen, 'refused': refused, 'absent': absent}, open('/tmp/seen', 'w'))
`;

/** How many objects there are, and how many of them are not as they were written. */
const checkAll = `${client}
# The next page of a list may wait for the server that keeps it, where that is the one that went: the list begins anew.
pages = lambda: list(s3.get_paginator('list_objects_v2').paginate(Bucket='work'))
keys = [o['Key'] for page in patiently(pages) for o in page.get('Contents', [])]
print(json.dumps([len(keys), sum(get(key) != content(key) for key in keys)]))
`;

/** The longest time that reading one object took, for ten of them from each server whose address it is given. */
const slowestRead = `${client}
keys = [o['Key'] for o in patiently(lambda: s3.list_objects_v2(Bucket='work', MaxKeys=200)).get('Contents', [])]
def slowest(address):
    server = boto3.client('s3', endpoint_url=f'http://{address}:9000', region_name='us-east-1',
                          config=Config(retries={'total_max_attempts': 1}))
    times = []
    for key in random.sample(keys, 10):
        start = time.time()
        assert server.get_object(Bucket='work', Key=key)['Body'].read() == content(key)
        times.append(time.time() - start)
    return round(max(times), 1)
print(json.dumps([slowest(address) for address in sys.argv[1:]]))
`;

/**
 * Four MinIO servers on three nodes: what goes on while one of them is out, and what is still there afterwards. It wants
 * three nodes, whose pods can be moved away from one.
 */
suite('MinIO as four servers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-minio-'));
  const file = join(folder, `platforms/${name}.yaml`);
  let hearth: Hearth;
  let target: BackupTarget;
  let clientNode: string;
  let objects = 0;
  const figures: Record<string, unknown> = {};

  beforeAll(async () => {
    target = await BackupTarget.start('hearth-minio-target');
    mkdirSync(join(folder, 'platforms'));
    copyFileSync(join(__dirname, '../platforms/minio.yaml'), file);
    hearth = new Hearth(folder, target.env);
  }, 240_000);

  afterAll(async () => {
    console.log(JSON.stringify(figures));
    if (process.env.HEARTH_TEST_KEEP) return;
    const { code, stderr } = await hearth.attempt('destroy', name, '--delete-data', '--confirm', name);
    if (code !== 0) console.log(stderr);
    await target?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 400_000);

  /** Runs the client of MinIO as its administrator, in one of the servers. */
  const mc = async (script: string, pod = 'minio-0') => {
    const alias = 'export MC_HOST_store=http://$MINIO_ROOT_USER:$MINIO_ROOT_PASSWORD@127.0.0.1:9000 MC_CONFIG_DIR=/tmp/mc';
    return kubectl(['exec', pod, '--container=minio', here, '--', 'sh', '-c', `${alias}; ${script}`]);
  };
  const info = async (pod?: string) => {
    const answer = JSON.parse(await mc('mc admin info store --json', pod)) as {
      info: { backend: Record<string, unknown>; servers: { state: string; drives: { state: string }[] }[] };
    };
    return answer.info;
  };
  const python = (script: string, ...args: string[]) =>
    kubectl(['exec', '-i', 'client', here, '--', 'python3', '-', ...args], { input: script });
  const addressesOf = (servers: readonly string[]) =>
    Promise.all(servers.map(async (pod) => (await kubectl(['get', 'pod', pod, here, '-o', 'jsonpath={.status.podIP}'])).trim()));
  const ready = () => kubectl(['rollout', 'status', 'statefulset/minio', here, '--timeout=300s']);
  const drivesOnline = (count: number) =>
    eventually(async () => expect((await info()).backend).toMatchObject({ onlineDisks: count }), 120);
  const nodeOf = async (pod: string) => (await kubectl(['get', 'pod', pod, here, '-o', 'jsonpath={.spec.nodeName}'])).trim();
  const placement = async () => Promise.all(pods.map(async (pod) => ({ pod, node: await nodeOf(pod) })));
  /** A pod that has its node for itself, other than the client's. */
  const alone = async (among?: readonly string[]) => {
    const placed = await placement();
    const found = placed.find(
      ({ node }) =>
        placed.filter((other) => other.node === node).length === 1 && node !== clientNode && (among?.includes(node) ?? true),
    );
    if (!found) throw new Error(`no node with one server: ${JSON.stringify(placed)}`);
    return found;
  };
  /** Runs what happens while objects are written and read. */
  const underLoad = async (title: string, what: () => Promise<void>): Promise<Load> => {
    await kubectl(['exec', '-i', 'client', here, '--', 'sh', '-c', 'cat > /tmp/load.py; rm -f /tmp/stop /tmp/seen'], {
      input: load,
    });
    const background = `python3 /tmp/load.py '${title}' > /tmp/load.out 2> /tmp/load.err < /dev/null &`;
    await kubectl(['exec', 'client', here, '--', 'sh', '-c', background]);
    await seconds(5);
    try {
      await what();
    } finally {
      await kubectl(['exec', 'client', here, '--', 'touch', '/tmp/stop']);
    }
    const seen = JSON.parse(await eventually(() => kubectl(['exec', 'client', here, '--', 'cat', '/tmp/seen']), 180)) as Load;
    figures[title] = seen;
    if (seen.refused > 0) {
      const { stdout } = await run('kubectl', ['exec', 'client', here, '--', 'head', '-c', '3000', '/tmp/load.err']);
      console.log(`${title}: ${stdout}`);
    }
    objects += seen.written;
    expect(seen).toMatchObject({ failed: 0, wrong: 0, absent: 0 });
    // One object may be locked for longer.
    expect(seen.pause).toBeLessThan(60);
    return seen;
  };
  /** How many objects each server has no part of. @param count how many there are */
  const missing = async (count: number) => {
    const list = 'ls -d /data/work/*/*/xl.meta /data/work/*/xl.meta';
    const listed = await Promise.all(
      pods.map((pod) => kubectl(['exec', pod, '--container=minio', here, '--', 'sh', '-c', `${list} || true`])),
    );
    return listed.map((text) => count - text.split('\n').filter(Boolean).length);
  };
  const expectAllObjects = async () => expect(JSON.parse(await python(checkAll))).toEqual([objects, 0]);

  test('four servers become ready, spread over the nodes, as one set of four drives of which two are parity', async () => {
    const start = Date.now();
    await hearth.succeed('up', name);
    figures['up'] = (Date.now() - start) / 1000;
    const perNode = new Map<string, number>();
    for (const { node } of await placement()) perNode.set(node, (perNode.get(node) ?? 0) + 1);
    expect([...perNode.values()].sort()).toEqual([1, 1, 2]);
    const { backend, servers } = await info();
    expect(backend).toMatchObject({
      onlineDisks: 4,
      offlineDisks: 0,
      standardSCParity: 2,
      totalSets: [1],
      totalDrivesPerSet: [4],
    });
    expect(servers.map(({ state }) => state)).toEqual(['online', 'online', 'online', 'online']);
    // Beside two servers, so that the nodes with one can be taken away.
    clientNode = [...perNode].find(([, count]) => count === 2)?.[0] ?? '';
    await startClient(clientNode);
  }, 900_000);

  test('buckets are as they were declared, for their users and for everyone', async () => {
    const answer = await python(`${client}
import urllib.request, urllib.error
def anonymous(path):
    try:
        return urllib.request.urlopen('http://minio:9000' + path).status
    except urllib.error.HTTPError as error:
        return error.code
cdn = boto3.client('s3', endpoint_url='http://minio:9000', region_name='us-east-1',
                   aws_access_key_id=os.environ['CDN_ID'], aws_secret_access_key=os.environ['CDN_KEY'])
cdn.put_object(Bucket='cdn', Key='logo.svg', Body=b'<svg/>')
put('first')
print(anonymous('/cdn/logo.svg'), anonymous('/cdn/'), anonymous('/work/first'))
for bucket in ('cdn', 'logs', 'state'):
    try:
        s3.list_objects_v2(Bucket=bucket)
        print(bucket)
    except botocore.exceptions.ClientError as error:
        print(error.response['Error']['Code'])
`);
    objects += 1;
    expect(answer.trim().split('\n')).toEqual(['200 403 403', 'AccessDenied', 'AccessDenied', 'AccessDenied']);
    expect(await mc('mc --json version info store/state')).toContain('"status":"Enabled"');
    expect(await mc('mc --json quota info store/logs')).toContain(`"quota":${512 * 2 ** 20}`);
    expect(await mc('mc ilm rule export store/logs')).toContain('{"Days":30}');
  });

  test('only servers, the job and the gateway reach a server', async () => {
    const addresses = await addressesOf(pods);
    const s3 = addresses.map((address) => `${address}:9000`);
    const consoles = addresses.map((address) => `${address}:9001`);
    const labels = (instance: string) => ({
      'app.kubernetes.io/name': 'minio',
      'app.kubernetes.io/instance': instance,
    });
    const outside = target.endpoint.replace('http://', '');
    const expected: Record<string, string[]> = { server: s3, job: s3, stranger: [] };
    await startProbe('probe-server', namespace, labels('minio'));
    await startProbe('probe-job', namespace, labels('minio-buckets'));
    await startProbe('probe-stranger', namespace, {});
    const running = ['wait', '--for=jsonpath={.status.phase}=Running', '--timeout=60s'];
    for (const probe of Object.keys(expected)) await kubectl([...running, `pod/probe-${probe}`, here]);
    await eventually(async () => {
      for (const [probe, targets] of Object.entries(expected)) {
        const found = await reachable(`probe-${probe}`, namespace, [...s3, ...consoles, outside]);
        expect({ probe, reaches: [...found].sort() }).toEqual({ probe, reaches: [...targets].sort() });
      }
    }, 120);
    await kubectl(['delete', 'pod', '--selector=hearth-test/probe', here, '--wait=false']);
  }, 240_000);

  test('a node is drained: reads and writes go on without its server, and no second server may go', async () => {
    const { pod, node } = await alone();
    const drain = ['drain', node, `--pod-selector=app.kubernetes.io/part-of=${name}`, '--delete-emptydir-data'];
    try {
      const seen = await underLoad('one server out', async () => {
        await kubectl([...drain, '--timeout=120s']);
        await eventually(async () => expect((await info(other(pod))).backend).toMatchObject({ offlineDisks: 1 }));
        expect(await kubectl(['get', 'pod', pod, here, '-o', 'jsonpath={.status.phase}'])).toBe('Pending');
        expect(await evict(other(pod), namespace)).toContain("violate the pod's disruption budget");
        await seconds(40);
      });
      expect(Math.min(seen.written, seen.read)).toBeGreaterThan(50);
    } finally {
      await kubectl(['uncordon', node]);
    }
    await ready();
    await drivesOnline(4);
    await expectAllObjects();
  }, 600_000);

  test('what was written meanwhile comes to the server that was out, and is read there without another one', async () => {
    figures['missing parts before healing'] = await missing(objects);
    const start = Date.now();
    await runNow('minio-heal', namespace, 300);
    await eventually(async () => expect(await missing(objects)).toEqual([0, 0, 0, 0]), 240);
    figures['seconds of healing'] = (Date.now() - start) / 1000;
    // Any two parts are enough: those of another server are not asked for.
    const { pod, node } = await alone();
    await kubectl(['cordon', node]);
    try {
      // Connections end after 15 seconds of rest. New ones go to an address where nobody is, and nobody says so.
      await seconds(20);
      await kubectl(['delete', 'pod', pod, here]);
      const others = await addressesOf(pods.filter((candidate) => candidate !== pod));
      const read = () => withSlowdown(async () => JSON.parse(await python(slowestRead, ...others)) as number[]);
      const { result: slowest, slowdown } = await read();
      figures['slowest read from each other server'] = slowest;
      // Once for each server, not for each read: in less time than clients have patience for.
      expect(Math.max(...slowest)).toBeLessThan(8 * slowdown);
      const { result: again, slowdown: then } = await read();
      figures['slowest read after that'] = again;
      expect(Math.max(...again)).toBeLessThan(2 * then);
      const reading = Date.now();
      await expectAllObjects();
      figures['seconds of reading all without another server'] = (Date.now() - reading) / 1000;
    } finally {
      await kubectl(['uncordon', node]);
    }
    await ready();
    await drivesOnline(4);
  }, 900_000);

  test('a rolling restart is not seen by a client that tries again', async () => {
    await underLoad('rolling restart', async () => {
      const start = Date.now();
      await kubectl(['rollout', 'restart', 'statefulset/minio', here]);
      await ready();
      figures['seconds of the rolling restart'] = (Date.now() - start) / 1000;
      await seconds(5);
    });
    await drivesOnline(4);
    await expectAllObjects();
  }, 900_000);

  test('settings of servers change, which only join those of the same settings', async () => {
    const platform = YAML.parse(readFileSync(file, 'utf8')) as { domain: string };
    platform.domain = 'other.hearth-fixture.dev';
    writeFileSync(file, YAML.stringify(platform));
    await underLoad('settings changed', async () => {
      const start = Date.now();
      await hearth.succeed('up', name);
      await ready();
      figures['seconds of the change of settings'] = (Date.now() - start) / 1000;
      await seconds(5);
    });
    for (const pod of pods) {
      expect(await mc('echo "$MINIO_BROWSER_REDIRECT_URL"', pod)).toBe('https://minio.other.hearth-fixture.dev\n');
    }
    await drivesOnline(4);
    await expectAllObjects();
  }, 900_000);

  test('the root keys are rotated, by which servers know each other: they restart at once', async () => {
    const root = () => mc('echo "$MINIO_ROOT_PASSWORD"');
    const old = await root();
    await underLoad('root keys rotated', async () => {
      const start = Date.now();
      await hearth.succeed('credentials', name, '--rotate', 'minio', '--yes');
      await ready();
      figures['seconds of the rotation'] = (Date.now() - start) / 1000;
      await seconds(5);
    });
    expect(await root()).not.toBe(old);
    await drivesOnline(4);
    await expectAllObjects();
  }, 900_000);

  testWithNodes(
    'a node is killed: reads and writes go on, and the others stay ready',
    async () => {
      const { pod, node } = await alone(['n2', 'n3']);
      await moveDnsFrom(node);
      try {
        await underLoad('node killed', async () => {
          await nodesProgram('kill', node);
          const others = pods.filter((candidate) => candidate !== pod);
          const end = Date.now() + 75_000;
          while (Date.now() < end) {
            const { items } = await kubectlJson<{ items: Pod[] }>([
              'get',
              'pods',
              here,
              '--selector=app.kubernetes.io/instance=minio',
            ]);
            const unready = items.filter((item) => others.includes(item.metadata.name) && !isReady(item));
            expect(unready.map(({ metadata }) => metadata.name)).toEqual([]);
            await seconds(3);
          }
        });
      } finally {
        await nodesProgram('start', node);
      }
      await ready();
      await drivesOnline(4);
      await expectAllObjects();
    },
    900_000,
  );

  test('a lost volume is replaced by an empty one, which is filled', async () => {
    const [count = 0] = JSON.parse(await python(checkAll)) as number[];
    const start = Date.now();
    await kubectl(['delete', 'persistentvolumeclaim', 'data-minio-3', here, '--wait=false']);
    await kubectl(['delete', 'pod', 'minio-3', here]);
    await ready();
    await drivesOnline(4);
    await runNow('minio-heal', namespace, 300);
    await eventually(async () => expect(await missing(count)).toEqual([0, 0, 0, 0]), 240);
    figures['seconds of replacing a volume'] = (Date.now() - start) / 1000;
    expect(JSON.parse(await python(checkAll))).toEqual([count, 0]);
  }, 600_000);

  test('a backup, a loss of everything, a restore: the same objects', async () => {
    const platform = YAML.parse(readFileSync(file, 'utf8')) as { services: Record<string, unknown> };
    platform.services.backup = { target: { endpoint: target.endpoint, bucket: 'backups' } };
    writeFileSync(file, YAML.stringify(platform));
    await hearth.succeed('up', name);
    let start = Date.now();
    await hearth.succeed('backup', name);
    figures['seconds of the backup'] = (Date.now() - start) / 1000;
    await mc('mc rm --recursive --force store/work > /dev/null; mc rm --recursive --force store/cdn > /dev/null');
    expect(JSON.parse(await python(checkAll))).toEqual([0, 0]);
    start = Date.now();
    await hearth.succeed('restore', name, '--yes');
    figures['seconds of the restore'] = (Date.now() - start) / 1000;
    figures['objects'] = objects;
    await expectAllObjects();
    expect(await mc('mc cat store/cdn/logo.svg')).toBe('<svg/>');
  }, 900_000);

  test('another number of servers is refused on their data, before anything starts', async () => {
    const { stderr } = await run('kubectl', [
      'patch',
      'statefulset',
      'minio',
      here,
      '--type=json',
      '--patch',
      JSON.stringify([{ op: 'replace', path: '/spec/template/spec/initContainers/0/env/1/value', value: '5' }]),
    ]);
    expect(stderr).toBe('');
    const said = await eventually(async () => {
      const text = await kubectl(['logs', 'minio-3', '--container=check-data-version', here]);
      expect(text).toContain('belongs to a store with servers: 4');
      return text;
    }, 180);
    expect(said).toContain('Write servers: 4');
    // One server is out, and no further one is touched.
    await expectAllObjects();
    await hearth.succeed('up', name, '--force');
    await drivesOnline(4);
  }, 600_000);

  const other = (pod: string) => (pod === 'minio-0' ? 'minio-1' : 'minio-0');

  async function nodesProgram(command: 'kill' | 'start', node: string): Promise<void> {
    const { code, stdout, stderr } = await run(nodes ?? '', [command, node]);
    if (code !== 0) throw new Error(`${nodes} ${command} ${node}: ${stderr}${stdout}`);
  }

  /** A pod that the policies take for the job, in which Python runs with the keys of buckets. */
  async function startClient(node: string): Promise<void> {
    const key = (variable: string, secret: string, of: string) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret, key: of } },
    });
    const ip = (await kubectl(['get', 'service', 'minio', here, '-o', 'jsonpath={.spec.clusterIP}'])).trim();
    const manifest = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'client',
        namespace,
        labels: { 'app.kubernetes.io/name': 'minio', 'app.kubernetes.io/instance': 'minio-buckets' },
      },
      spec: {
        nodeName: node,
        // The DNS of the cluster may be on the node that is killed.
        hostAliases: [{ ip, hostnames: ['minio'] }],
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 0,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'client',
            image: images.mlflow,
            command: ['sleep', '86400'],
            env: [
              { name: 'HOME', value: '/tmp' },
              key('AWS_ACCESS_KEY_ID', 'minio-work', 'accessKeyId'),
              key('AWS_SECRET_ACCESS_KEY', 'minio-work', 'secretAccessKey'),
              key('CDN_ID', 'minio-cdn', 'accessKeyId'),
              key('CDN_KEY', 'minio-cdn', 'secretAccessKey'),
            ],
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '1', memory: '512Mi' } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: {} }],
      },
    };
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
    await kubectl(['wait', '--for=condition=Ready', 'pod/client', here, '--timeout=180s']);
  }
});

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: { readonly type: string; readonly status: string }[] };
}

const isReady = ({ status }: Pod) => (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

const seconds = (count: number) => new Promise((done) => setTimeout(done, count * 1000));
