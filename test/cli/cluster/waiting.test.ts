import type { Platform } from '../../../lib/core/platform';
import { waitForWorkloads, waitUntilUp } from '../../../cli/cluster/waiting';
import { Refusal } from '../../../cli/refusal';
import type { Step, World } from '../../../cli/world';
import { MemoryCluster } from '../memory-cluster';
import { controller, notReady, now, pod, podName, runPlatform, upStatus, workloadOf } from '../running-platform';
import { platform as homePlatform } from '../world';

let home: Platform;
let memory: MemoryCluster;
let said: string[];
let naps: number;
beforeEach(() => {
  [home, memory, said, naps] = [homePlatform(), new MemoryCluster(), [], 0];
  runPlatform(memory, home);
});

/** As much of the world as waiting needs. */
const world = (nap: () => void = () => undefined): World => {
  const given: Pick<World, 'now' | 'sleep' | 'signal' | 'progress'> = {
    now: () => new Date(now),
    signal: new AbortController().signal,
    async sleep() {
      naps += 1;
      nap();
    },
    async progress(steps: readonly Step[]) {
      const one = async ({ title, run }: Step) =>
        said.push(`${title}: ${await run((what) => void said.push(`${title}: ${what}`))}`);
      const failed = (await Promise.allSettled(steps.map(one))).find(({ status }) => status === 'rejected');
      // As listr2 does.
      if (failed) throw new Error('wrapped');
    },
  };
  return given as World;
};

const set = (name: string, more: object, spec = {}) => {
  const workload = workloadOf(home, name);
  memory.put(controller(workload, { ...upStatus(workload), ...more }, spec));
};
const all = () => home.tiers.flatMap((tier) => tier.components);
const wait = (seconds = 600, nap?: () => void) => waitUntilUp(world(nap), memory, all(), seconds);
const refusal = async (waits: Promise<void>): Promise<Refusal> => {
  const error = await waits.catch((thrown: unknown) => thrown);
  if (!(error instanceof Refusal)) throw error ?? new Error('no refusal');
  return error;
};

test('ends at once where everything is up', async () => {
  await wait();
  expect(said).toContain('mlflow: ready after 0s');
  expect(naps).toBe(0);
});

test('waits until the last is up, and says for what; the cluster is asked once for all', async () => {
  set('mlflow', { readyReplicas: 0 });
  memory.put(
    pod(
      workloadOf(home, 'mlflow'),
      'mlflow-abc',
      notReady({ initContainerStatuses: [{ name: 'wait-for-postgis', state: { running: {} } }] }),
    ),
  );
  set('hbbs', { readyReplicas: 0 });
  memory.put(pod(workloadOf(home, 'hbbs'), 'hbbs-0', notReady({})));
  const list = jest.spyOn(memory, 'list');
  await wait(600, () => {
    if (naps === 2) set('hbbs', {});
    if (naps === 3) set('mlflow', {});
  });
  expect(said).toEqual(
    expect.arrayContaining(['mlflow: waits for postgis', 'mlflow: ready after 6s', 'rustdesk: ready after 4s']),
  );
  expect(said.some((line) => line.startsWith('rustdesk: hbbs: '))).toBe(true);
  expect(list.mock.calls.filter(([{ kind }, of]) => kind === 'Deployment' && of?.namespace === 'home-ai')).toHaveLength(4);
});

test('names all that is not up in time, and how to find out more', async () => {
  set('mlflow', { readyReplicas: 0 });
  set('hbbs', { observedGeneration: 0 });
  const { message, exitCode } = await refusal(wait(20));
  expect(exitCode).toBe(3);
  expect(message.split('\n')).toEqual([
    'not ready after 20s:',
    '  mlflow: its pods start',
    '    npx hearth logs home mlflow',
    '  rustdesk: hbbs: the cluster has not taken up the change yet',
    '    npx hearth logs home rustdesk',
  ]);
  expect(naps).toBe(10);
});

test('a failed job ends the waiting of its component; others go on', async () => {
  set('minio-buckets', { conditions: [{ type: 'Failed', status: 'True', message: 'too many retries' }] });
  set('mlflow', { readyReplicas: 0 });
  const { message } = await refusal(wait(600, () => naps === 5 && set('mlflow', {})));
  expect(said).toContain('mlflow: ready after 10s');
  expect(message).toBe('not ready:\n  minio: minio-buckets: too many retries\n    npx hearth logs home minio');
});

test('what is stopped does not come up by itself', async () => {
  set('mlflow', {}, { replicas: 0 });
  const { message } = await refusal(wait());
  expect(message).toContain('  mlflow: scaled to 0\n    npx hearth start home mlflow');
  expect(naps).toBe(0);
});

test('waits for some workloads alone', async () => {
  set('mlflow', { readyReplicas: 0 });
  await waitForWorkloads(world(), memory, [workloadOf(home, 'traefik')], 600);
  expect(said).toEqual(['traefik: ready after 0s']);
  expect(podName(workloadOf(home, 'traefik'))).toBe('traefik-abc');
});

test('an API server that does not answer for a moment is no reason to give up, a long silence is', async () => {
  set('mlflow', { readyReplicas: 0 });
  let silent = false;
  const list = memory.list.bind(memory);
  jest.spyOn(memory, 'list').mockImplementation(async (kind, options) => {
    if (silent) throw new Refusal('no answer', 4);
    return list(kind, options) as Promise<never[]>;
  });
  await wait(600, () => {
    silent = naps > 1 && naps < 5;
    if (naps === 5) set('mlflow', {});
  });
  set('mlflow', { readyReplicas: 0 });
  const { message, exitCode } = await refusal(wait(600, () => (silent = true)));
  expect([message, exitCode]).toEqual(['no answer', 4]);
});
