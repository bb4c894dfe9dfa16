import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { LogOptions, PodContainer } from '../../../cli/cluster/cluster';
import { Refusal } from '../../../cli/refusal';
import type { Platform } from '../../../lib/core/platform';
import { commandLine } from '../command-line';
import { MemoryCluster } from '../memory-cluster';
import { created, notReady, now, pod, running, runPlatform, workloadOf } from '../running-platform';
import { platform as homePlatform } from '../world';

let home: Platform;
let memory: MemoryCluster;
let asked: [string, LogOptions][];
beforeEach(() => {
  [home, memory, asked] = [homePlatform(), new MemoryCluster(), []];
  runPlatform(memory, home);
  memory.logOf = (from, options) => {
    asked.push([`${from.pod}/${from.container}`, options]);
    return `first of ${from.container}\nlast of ${from.pod}`;
  };
});
const logs = (...args: string[]) => commandLine(['logs', 'home', ...args], { memory });
const mlflow = () => workloadOf(home, 'mlflow');
const initEnded = (finishedAt: string) => ({
  initContainerStatuses: [running('wait-for-postgis', { state: { terminated: { exitCode: 0, finishedAt } } })],
});

test('the lines of a single container as they are', async () => {
  const { code, out, err } = await logs('mlflow');
  expect(code).toBe(0);
  expect(out).toBe('first of mlflow\nlast of mlflow-abc');
  expect(err).toBe(memory.title);
  expect(asked).toEqual([['mlflow-abc/mlflow', { tail: 100, sinceSeconds: undefined, previous: undefined }]]);
});

test('the container before each line of a pod, and the pod too where there are several', async () => {
  memory.put(pod(mlflow(), 'mlflow-abc', initEnded(now)));
  expect((await logs('mlflow')).out.split('\n')).toEqual([
    'wait-for-postgis | first of wait-for-postgis',
    'wait-for-postgis | last of mlflow-abc',
    'mlflow | first of mlflow',
    'mlflow | last of mlflow-abc',
  ]);
  memory.put(pod(mlflow(), 'mlflow-def'));
  expect((await logs('mlflow')).out).toContain('mlflow-def mlflow | last of mlflow-def');
});

test('all components where none is named', async () => {
  await logs();
  expect(asked.map(([from]) => from).sort()).toEqual([
    'hbbr-abc/rustdesk',
    'hbbs-0/rustdesk',
    'minio-0/minio',
    'mlflow-abc/mlflow',
    'postgis-0/postgis',
    'traefik-abc/traefik',
  ]);
});

test('init containers of long ago are left out, unless the pod is not ready or they are asked for', async () => {
  const init = async (...args: string[]) => {
    asked = [];
    await logs('mlflow', ...args);
    return asked.some(([from]) => from.endsWith('wait-for-postgis'));
  };
  memory.put(pod(mlflow(), 'mlflow-abc', initEnded(created)));
  expect(await init()).toBe(false);
  expect(await init('--container', 'wait-for-postgis')).toBe(true);
  memory.put(pod(mlflow(), 'mlflow-abc', { ...initEnded(created), conditions: [] }));
  expect(await init()).toBe(true);
});

test('of jobs the newest run', async () => {
  const buckets = workloadOf(home, 'minio-buckets');
  const ended = {
    phase: 'Succeeded',
    containerStatuses: [running('minio', { state: { terminated: { exitCode: 0, finishedAt: created } } })],
  };
  memory.put(pod(buckets, 'buckets-old', ended, { creationTimestamp: '2026-01-01T00:00:00Z' }));
  memory.put(pod(buckets, 'buckets-new', ended));
  await logs('minio');
  expect(asked.map(([from]) => from).sort()).toEqual(['buckets-new/minio', 'minio-0/minio']);
});

test('the range: --tail, --since, --previous', async () => {
  const lastState = { terminated: { exitCode: 1 } };
  memory.put(pod(mlflow(), 'mlflow-abc', { ...initEnded(created), containerStatuses: [running('mlflow', { lastState })] }));
  await logs('mlflow', '--tail', '5');
  await logs('mlflow', '--since', '1h30m');
  await logs('mlflow', '--previous');
  expect(asked.map(([, options]) => options)).toMatchObject([
    { tail: 5 },
    { tail: undefined, sinceSeconds: 5400 },
    { tail: 100, previous: true },
  ]);
  for (const wrong of [
    ['--since', 'yesterday'],
    ['--tail', '-1'],
    ['--previous', '--follow'],
  ]) {
    expect((await logs('mlflow', ...wrong)).code).toBe(2);
  }
});

test('says why a component says nothing', async () => {
  memory.put(
    pod(
      mlflow(),
      'mlflow-abc',
      notReady({
        containerStatuses: [],
        initContainerStatuses: [running('wait-for-postgis', { state: { waiting: { reason: 'ErrImagePull' } } })],
      }),
    ),
  );
  await memory.delete({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'traefik', namespace: 'home-gateway' });
  await memory.delete({ apiVersion: 'v1', kind: 'Pod', name: 'traefik-abc', namespace: 'home-gateway' });
  const { code, out, err } = await logs('mlflow', 'traefik');
  expect([code, out]).toEqual([3, '']);
  expect(err).toContain('note: mlflow: no container has run yet');
  expect(err).toContain('note: traefik: no container has run yet (not in the cluster)');
  expect((await logs('minio', '--previous')).err).toContain('note: minio: no container was restarted');
});

test('a wrong container is refused', async () => {
  const { code, err } = await logs('mlflow', '--container', 'mlfow');
  expect(code).toBe(1);
  expect(err).toContain('did you mean "mlflow"');
});

test('a pod that goes in the meantime does not hide the others', async () => {
  memory.logOf = ({ container }) => {
    if (container === 'mlflow') throw new Refusal('there is no log');
    return 'fine';
  };
  const { code, out, err } = await logs('mlflow', 'minio');
  expect([code, out]).toEqual([1, 'minio-0 minio | fine']);
  expect(err).toContain('note: there is no log');
});

describe('--follow', () => {
  /** Follows until the given nap, in which it is interrupted. */
  function follow(until: number, each: (nap: number) => void, ...args: string[]) {
    const interrupted = new AbortController();
    let naps = 0;
    const sleep = async () => {
      await turn();
      naps += 1;
      each(naps);
      if (naps < until) return;
      interrupted.abort();
      throw interrupted.signal.reason;
    };
    return commandLine(['logs', 'home', 'mlflow', '--follow', ...args], { memory, signal: interrupted.signal, sleep });
  }

  /** Logs that go on, as those of a cluster: text is what follows. */
  function endless(): Map<string, PassThrough> {
    const streams = new Map<string, PassThrough>();
    memory.logs = async (from: PodContainer, options, to, signal) => {
      asked.push([from.pod, options]);
      const source = new PassThrough();
      streams.set(from.pod, source);
      await pipeline(source, to, { end: false, signal }).catch((error: unknown) => {
        if (!signal?.aborted) throw error;
      });
    };
    return streams;
  }

  test('prints whole lines, also of pods that appear later, until it is interrupted', async () => {
    const streams = endless();
    const { code, out } = await follow(4, (nap) => {
      if (nap === 1) {
        streams.get('mlflow-abc')?.write('one\nhal');
        memory.put(pod(mlflow(), 'mlflow-new'));
      }
      if (nap === 2) streams.get('mlflow-new')?.write('hello\n');
      if (nap === 3) streams.get('mlflow-abc')?.write('f\n');
    });
    expect(code).toBe(130);
    expect(out.split('\n')).toEqual(['one', 'mlflow-new mlflow | hello', 'mlflow-abc mlflow | half']);
    expect(asked).toEqual([
      ['mlflow-abc', { tail: 10, sinceSeconds: undefined, follow: true }],
      ['mlflow-new', { follow: true }],
    ]);
  });

  test('follows a container again after its restart', async () => {
    const streams = endless();
    const restarted = (state: object) =>
      pod(mlflow(), 'mlflow-abc', { containerStatuses: [running('mlflow', { restartCount: 1, state })] });
    await follow(4, (nap) => {
      if (nap !== 1) return;
      streams.get('mlflow-abc')?.end();
      memory.put(restarted({ running: { startedAt: now } }));
    });
    expect(asked).toEqual([
      ['mlflow-abc', { tail: 10, sinceSeconds: undefined, follow: true }],
      ['mlflow-abc', { follow: true }],
    ]);
  });

  test('goes on where a stream broke off, and notes it once', async () => {
    memory.logs = async (from, options) => {
      asked.push([from.pod, options]);
      throw new Refusal('the stream broke off');
    };
    const { err } = await follow(3, () => undefined);
    expect(err.match(/broke off/g)).toHaveLength(1);
    expect(asked.map(([, options]) => options)).toMatchObject([{ tail: 10 }, { sinceSeconds: 1 }, { sinceSeconds: 1 }]);
  });

  test('outlasts an API server that does not answer', async () => {
    const streams = endless();
    const list = memory.list.bind(memory);
    let silent = false;
    jest.spyOn(memory, 'list').mockImplementation(async (kind, options) => {
      if (silent) throw new Refusal('no answer', 4);
      return list(kind, options) as Promise<never[]>;
    });
    const { code, err, out } = await follow(5, (nap) => {
      silent = nap < 4;
      if (nap === 4) streams.get('mlflow-abc')?.write('still here\n');
    });
    expect(code).toBe(130);
    expect(err.match(/no answer/g)).toHaveLength(1);
    expect(out).toBe('still here');
  });
});
