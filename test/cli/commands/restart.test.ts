import type { Platform } from '../../../lib/core/platform';
import type { Workload } from '../../../lib/core/workload';
import { commandLine } from '../command-line';
import { MemoryCluster } from '../memory-cluster';
import { controller, now, notReady, notReadyContainer, pod, runPlatform, upStatus, workloadOf } from '../running-platform';
import { hearthFolder, platform as homePlatform } from '../world';

let home: Platform;
let memory: MemoryCluster;
beforeEach(() => {
  [home, memory] = [homePlatform(), new MemoryCluster()];
  runPlatform(memory, home);
});
const restart = (...args: string[]) => commandLine(['restart', 'home', ...args], { memory });
const patched = () => memory.written.filter(({ verb }) => verb === 'patch').map(({ ref }) => ref.name);

test('gives the pods of a component an annotation, and waits until they are ready', async () => {
  const mlflow = workloadOf(home, 'mlflow');
  memory.after = () => memory.put(controller(mlflow, { ...upStatus(mlflow), observedGeneration: 0 }));
  let naps = 0;
  const { code, out } = await commandLine(['restart', 'home', 'mlflow'], {
    memory,
    sleep: async () => {
      naps += 1;
      if (naps === 2) memory.put(controller(mlflow, upStatus(mlflow)));
    },
  });
  expect(code).toBe(0);
  expect(memory.written.map(({ ref, body }) => [ref.kind, ref.name, body])).toEqual([
    [
      'Deployment',
      'mlflow',
      { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': new Date(now).toISOString() } } } } },
    ],
  ]);
  expect(out.split('\n')[0]).toBe(memory.title);
  expect(out).toContain('mlflow: ready after 4s');
});

test('asks before it restarts everything', async () => {
  expect(await restart()).toMatchObject({ code: 2 });
  expect(patched()).toEqual([]);
  const no = await commandLine(['restart', 'home'], { memory, answers: { confirm: async () => false } });
  expect(no).toMatchObject({ code: 1, err: 'Nothing was changed.' });
  expect(patched()).toEqual([]);
  expect((await restart('--yes')).code).toBe(0);
  expect(patched().sort()).toEqual(['hbbr', 'hbbs', 'minio', 'mlflow', 'postgis', 'traefik']);
});

test('leaves alone what is stopped', async () => {
  memory.put(controller(workloadOf(home, 'hbbr'), {}, { replicas: 0 }));
  const { code, err } = await restart('rustdesk');
  expect(code).toBe(0);
  expect(patched()).toEqual(['hbbs']);
  expect(err).toContain('note: stopped, and left so: hbbr; npx hearth start home starts it');
});

test('refuses what is not in the cluster, before anything is changed', async () => {
  await memory.delete({ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'hbbs', namespace: 'home-tooling' });
  const { code, err } = await restart('rustdesk');
  expect(code).toBe(1);
  expect(err).toBe('not in the cluster: hbbs; npx hearth up home makes it. Nothing was changed.');
  expect(patched()).toEqual([]);
});

test('says in time what does not become ready', async () => {
  const mlflow = workloadOf(home, 'mlflow');
  memory.put(controller(mlflow, { ...upStatus(mlflow), readyReplicas: 0 }));
  const { code, err } = await restart('mlflow', '--timeout', '6');
  expect(code).toBe(3);
  expect(err).toBe('not ready after 6s:\n  mlflow: its pods start\n    npx hearth logs home mlflow');
  expect((await restart('mlflow', '--no-wait')).code).toBe(0);
});

test('removes the broken pod that a StatefulSet would wait for, once the change is known', async () => {
  const postgis = workloadOf(home, 'postgis');
  memory.put(pod(postgis, 'postgis-0', notReady({})));
  memory.after = ({ verb }) =>
    verb === 'patch' && memory.put(controller(postgis, { ...upStatus(postgis), observedGeneration: 0 }));
  let early = false;
  const { out } = await commandLine(['restart', 'home', 'postgis', '--no-wait'], {
    memory,
    sleep: async () => {
      early = memory.written.some(({ verb }) => verb === 'delete');
      memory.put(controller(postgis, upStatus(postgis)));
    },
  });
  expect(early).toBe(false);
  expect(memory.written.map(({ verb, ref }) => `${verb} ${ref.name}`)).toEqual(['patch postgis', 'delete postgis-0']);
  expect(out).toContain('deleted pod home-data/postgis-0, which was not ready');
});

describe('of several members', () => {
  const extra = '  valkey-cluster:\n    shards: 3\n    replicasPerShard: 0\n';
  const starting = notReady({ phase: 'Running' });
  let valkey: Workload;
  let naps: number;
  beforeEach(() => {
    [home, memory, naps] = [homePlatform(extra), new MemoryCluster(), 0];
    runPlatform(memory, home);
    valkey = workloadOf(home, 'valkey-cluster');
    for (const replica of [0, 1, 2]) memory.put(pod(valkey, `valkey-cluster-${replica}`));
  });
  const restartValkey = (nap: () => void = () => undefined) =>
    commandLine(['restart', 'home', 'valkey-cluster', '--no-wait'], {
      memory,
      root: hearthFolder(extra),
      sleep: async () => {
        naps += 1;
        nap();
      },
    });
  const steps = () => memory.written.map(({ verb, ref }) => `${verb} ${ref.name}`);

  test('one that is about to be ready is waited for, since the controller takes another one away', async () => {
    memory.put(pod(valkey, 'valkey-cluster-0', starting));
    const { out } = await restartValkey(() => {
      expect(steps()).toEqual([]);
      if (naps === 3) memory.put(pod(valkey, 'valkey-cluster-0'));
    });
    expect(out).toContain('waits up to 180s for home-data/valkey-cluster-0 to be ready');
    expect(naps).toBe(3);
    expect(steps()).toEqual(['patch valkey-cluster']);
  });

  test('one that keeps ending is removed at once', async () => {
    const backOff = notReadyContainer('valkey-cluster', { waiting: { reason: 'CrashLoopBackOff' } });
    memory.put(pod(valkey, 'valkey-cluster-1', backOff));
    await restartValkey();
    expect(naps).toBe(0);
    expect(steps()).toEqual(['patch valkey-cluster', 'delete valkey-cluster-1']);
  });

  test('one that does not become ready is removed in the end', async () => {
    memory.put(pod(valkey, 'valkey-cluster-1', starting));
    await restartValkey();
    expect(naps * 2).toBe(180);
    expect(steps()).toEqual(['patch valkey-cluster', 'delete valkey-cluster-1']);
  });

  test('one that the controller has made anew meanwhile is left alone', async () => {
    memory.after = () =>
      memory.put(
        pod(valkey, 'valkey-cluster-2', starting, {
          labels: { ...valkey.selector, 'controller-revision-hash': '2' },
        }),
      );
    memory.put(controller(valkey, { ...upStatus(valkey), updateRevision: '2' }));
    await restartValkey();
    expect(steps()).toEqual(['patch valkey-cluster']);
  });
});

test('a wrong component or number', async () => {
  expect(await restart('mlfow')).toMatchObject({ code: 1, err: expect.stringContaining('did you mean') as string });
  expect(await restart('mlflow', '--timeout', 'soon')).toMatchObject({
    code: 2,
    err: expect.stringContaining('whole number') as string,
  });
});
