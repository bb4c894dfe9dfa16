import { CronJob, DaemonSet, Deployment } from '../../../lib/core/controllers';
import type { Platform } from '../../../lib/core/platform';
import { controllerOf } from '../../../cli/cluster/controller-state';
import { isInPlace, isUp, statesOf } from '../../../cli/cluster/readiness';
import { MemoryCluster } from '../memory-cluster';
import {
  controller,
  created,
  done,
  notReady,
  notReadyContainer,
  now,
  object,
  pod,
  runPlatform,
  stateOf,
  upStatus,
  workloadOf,
} from '../running-platform';
import { platform as homePlatform } from '../world';

const old = '2026-01-01T00:00:00Z';
let home: Platform;
let memory: MemoryCluster;
beforeEach(() => {
  home = homePlatform();
  memory = new MemoryCluster();
  runPlatform(memory, home);
});

const at = new Date(now);
const workload = (name: string) => workloadOf(home, name);
const stateNamed = (name: string) => stateOf(memory, workload(name));
describe('a platform that runs', () => {
  test('is up, and says no reason', async () => {
    const states = await statesOf(memory, home.graph.workloads, at);
    expect(states.filter((state) => !isUp(state))).toEqual([]);
    expect(states.map(({ reason }) => reason).join('')).toBe('');
    expect(await stateNamed('mlflow')).toMatchObject({ state: 'ready', ready: 1, wanted: 1, restarts: 0, age: 3600 });
    expect(await stateNamed('postgis-databases')).toMatchObject({ state: 'complete', ready: 1, wanted: 1 });
  });

  test('is asked with one list of each kind and namespace, and no events', async () => {
    const list = jest.spyOn(memory, 'list');
    await statesOf(memory, home.graph.workloads, at);
    const asked = list.mock.calls.map(([{ kind }, options]) => `${options?.namespace} ${kind}`);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.join()).not.toContain('Event');
  });

  test('tells of its pods', async () => {
    expect((await stateNamed('mlflow')).pods).toEqual([
      {
        name: 'mlflow-abc',
        status: 'Running',
        ready: true,
        ended: false,
        restarts: 0,
        age: 3600,
        node: 'node',
        image: workload('mlflow').props.image,
      },
    ]);
  });
});

describe('what a controller says', () => {
  test.each([
    ['mlflow', { observedGeneration: 0 }, 'the cluster has not taken up the change yet'],
    ['mlflow', { replicas: 2, updatedReplicas: 1, readyReplicas: 2 }, '1 of 1 pods are of the newest revision'],
    ['mlflow', { updatedReplicas: 0 }, '0 of 1 pods are of the newest revision'],
    ['postgis', { updateRevision: '2', updatedReplicas: 0 }, '0 of 1 pods are of the newest revision'],
    ['postgis', { readyReplicas: 0 }, 'its pods start'],
  ])('%s with %j starts', async (name, status, reason) => {
    memory.put(controller(workload(name), { ...upStatus(workload(name)), ...status }));
    expect(await stateNamed(name)).toMatchObject({ state: 'starting', reason });
  });

  test('a StatefulSet whose update is through is ready although the current revision lags', async () => {
    memory.put(controller(workload('postgis'), { ...upStatus(workload('postgis')), updateRevision: '2' }));
    expect((await stateNamed('postgis')).state).toBe('ready');
  });

  test('scaled to 0 is stopped', async () => {
    memory.put(controller(workload('mlflow'), { observedGeneration: 1 }, { replicas: 0 }));
    expect(await stateNamed('mlflow')).toMatchObject({ state: 'stopped', ready: 0, wanted: 1, reason: 'scaled to 0' });
  });

  test('fewer than the model wants is not ready, more is', async () => {
    const many = new Deployment(home.component('mlflow'), 'many', {
      ...workload('mlflow').props,
      uses: [],
      replicas: 3,
    });
    many.render();
    const scaled = (replicas: number) =>
      memory.put(
        controller(many, { ...upStatus(many), replicas, readyReplicas: replicas, updatedReplicas: replicas }, { replicas }),
      );
    scaled(2);
    memory.put(pod(many, 'many-1'));
    expect(await stateNamed('many')).toMatchObject({
      state: 'starting',
      ready: 2,
      wanted: 3,
      reason: 'scaled to 2, the platform file says 3',
    });
    scaled(4);
    expect(await stateNamed('many')).toMatchObject({ state: 'ready', ready: 4, wanted: 4 });
  });

  test('no object is missing', async () => {
    await memory.delete({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'mlflow', namespace: 'home-ai' });
    expect(await stateNamed('mlflow')).toMatchObject({ state: 'missing', wanted: 1, reason: 'not in the cluster' });
  });

  test('a DaemonSet counts nodes, and is stopped by a label that no node has', async () => {
    const agent = new DaemonSet(home.component('mlflow'), 'agent', { ...workload('mlflow').props, uses: [] });
    agent.render();
    const status = (desiredNumberScheduled: number, numberReady: number) => ({
      observedGeneration: 1,
      desiredNumberScheduled,
      numberReady,
      updatedNumberScheduled: desiredNumberScheduled,
    });
    memory.put(controller(agent, status(3, 3)));
    expect(await stateNamed('agent')).toMatchObject({ state: 'ready', ready: 3, wanted: 3 });
    memory.put(controller(agent, status(3, 2)));
    expect(await stateNamed('agent')).toMatchObject({ state: 'starting', ready: 2, wanted: 3 });
    memory.put(controller(agent, status(0, 0)));
    expect(await stateNamed('agent')).toMatchObject({ state: 'starting', reason: 'no node takes its pods' });
    memory.put(controller(agent, status(0, 0), { template: { spec: { nodeSelector: { 'hearth/stopped': 'true' } } } }));
    expect((await stateNamed('agent')).state).toBe('stopped');
  });
});

describe('jobs', () => {
  const failed = {
    conditions: [{ type: 'Failed', status: 'True', message: 'Job has reached the specified backoff limit' }],
  };

  test('a job of an earlier model does not count', async () => {
    const current = controllerOf(workload('minio-buckets')).name;
    await memory.delete({ apiVersion: 'batch/v1', kind: 'Job', name: current, namespace: 'home-data' });
    const { metadata, ...rest } = controller(workload('minio-buckets'), done);
    memory.put({ ...rest, metadata: { ...metadata, name: 'minio-buckets-00000000' } });
    expect((await stateNamed('minio-buckets')).state).toBe('missing');
  });

  test('a failed job says what its pod said last', async () => {
    const job = workload('minio-buckets');
    memory.put(controller(job, failed));
    expect(await stateNamed('minio-buckets')).toMatchObject({
      state: 'failed',
      reason: 'Job has reached the specified backoff limit',
    });
    const terminated = { exitCode: 2, message: 'trying\nno such host\n' };
    memory.put(pod(job, 'minio-buckets-x', { ...notReadyContainer('minio', { terminated }), phase: 'Failed' }));
    expect(await stateNamed('minio-buckets')).toMatchObject({ reason: 'ended: exit code 2: no such host' });
  });

  test('a job that runs is starting', async () => {
    memory.put(controller(workload('minio-buckets'), { active: 1 }));
    memory.put(pod(workload('minio-buckets'), 'minio-buckets-x', notReady({ phase: 'Running' })));
    expect(await stateNamed('minio-buckets')).toMatchObject({ state: 'starting', reason: 'runs', ready: 0, wanted: 1 });
  });

  describe('of a CronJob', () => {
    let nightly: CronJob;
    const make = (suspend?: boolean) => {
      nightly = new CronJob(home.component('minio'), 'nightly', {
        ...workload('minio').props,
        ports: {},
        mounts: {},
        probes: undefined,
        metrics: undefined,
        schedule: '0 3 * * *',
        suspend,
      });
      nightly.render();
    };
    const run = (name: string, status: object, metadata: object = {}) => {
      const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: '1', controller: true }];
      memory.put(object('Job', { name, namespace: 'home-data', ownerReferences, ...metadata }, { spec: {}, status }));
    };

    test('is scheduled, and knows its last success', async () => {
      make();
      memory.put(controller(nightly, upStatus(nightly)));
      run('nightly-1', failed, { creationTimestamp: old });
      run('nightly-2', done);
      const state = await stateNamed('nightly');
      expect(state).toMatchObject({ state: 'scheduled', reason: '', lastSuccess: created });
      expect(isUp(state)).toBe(true);
    });

    test('is failed where the newest run failed, but for runs by hand', async () => {
      make();
      memory.put(controller(nightly, upStatus(nightly)));
      run('nightly-1', done, { creationTimestamp: old });
      run('nightly-backup', failed, { labels: { ...nightly.selector, 'hearth/run': 'backup' } });
      expect((await stateNamed('nightly')).state).toBe('scheduled');
      run('nightly-2', failed);
      const state = await stateNamed('nightly');
      expect(state).toMatchObject({ state: 'failed', reason: 'Job has reached the specified backoff limit' });
      expect([isUp(state), isInPlace(state)]).toEqual([false, true]);
    });

    test('is stopped where it is suspended, unless the model says so', async () => {
      make();
      memory.put(controller(nightly, {}, { suspend: true }));
      expect(await stateNamed('nightly')).toMatchObject({ state: 'stopped', reason: 'suspended' });
    });

    test('is scheduled where the model suspends it', async () => {
      make(true);
      memory.put(controller(nightly, {}));
      run('nightly-1', failed);
      expect((await stateNamed('nightly')).state).toBe('scheduled');
    });
  });
});
