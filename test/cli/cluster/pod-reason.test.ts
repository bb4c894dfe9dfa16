import type { Platform } from '../../../lib/core/platform';
import { MemoryCluster } from '../memory-cluster';
import {
  controller,
  created,
  event,
  notReady,
  notReadyContainer,
  now,
  pod,
  podName,
  runPlatform,
  running,
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

const workload = (name: string) => workloadOf(home, name);
const stateNamed = (name: string) => stateOf(memory, workload(name));
/** Makes a workload start, with a pod in the given state. */
function starting(name: string, status: object): void {
  const found = workload(name);
  memory.put(controller(found, { ...upStatus(found), readyReplicas: 0 }));
  memory.put(pod(found, podName(found), status));
}

describe('the reason', () => {
  const waiting = (reason: string, message?: string, image = 'mlflow:1') => ({
    ...notReadyContainer('mlflow', { waiting: { reason, message } }, { image }),
    initContainerStatuses: [],
  });
  const crash = (terminated: object) =>
    notReady({
      initContainerStatuses: [],
      containerStatuses: [
        running('mlflow', {
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated },
        }),
      ],
    });
  const init = (name: string, state: object) =>
    notReady({ initContainerStatuses: [running(name, { ready: false, state })], containerStatuses: [] });

  test.each([
    ['an init container that waits', init('wait-for-postgis', { running: {} }), 'waits for postgis'],
    ['another init container', init('prepare', { running: {} }), 'init container prepare is running'],
    ['a failing init container', init('prepare', { waiting: { reason: 'CrashLoopBackOff' } }), 'init container prepare: crashes'],
    [
      'an image that does not exist',
      waiting(
        'ImagePullBackOff',
        'Back-off pulling image "mlflow:1": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/mlflow:1": failed to resolve reference "docker.io/library/mlflow:1": docker.io/library/mlflow:1: not found',
      ),
      'image mlflow:1 cannot be pulled: docker.io/library/mlflow:1: not found',
    ],
    [
      'a missing Secret',
      waiting('CreateContainerConfigError', 'secret "minio-mlflow" not found'),
      'secret "minio-mlflow" not found',
    ],
    ['a crash', crash({ exitCode: 1, message: 'Traceback\nKeyError: x\n' }), 'crashes: exit code 1: KeyError: x'],
    ['too little memory', crash({ exitCode: 137, reason: 'OOMKilled' }), 'crashes: out of memory (limit 512Mi)'],
    [
      'no room',
      {
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            message: '0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available.',
          },
        ],
      },
      'no node takes it: 0/1 nodes are available: 1 Insufficient memory.',
    ],
  ])('%s', async (_, status, reason) => {
    starting('mlflow', status);
    if (reason.startsWith('no node')) {
      const found = pod(workload('mlflow'), 'mlflow-abc', status);
      memory.put({ ...found, ...{ spec: { containers: [] } } });
    }
    expect(await stateNamed('mlflow')).toMatchObject({ state: 'starting', reason });
  });

  test('is one line of at most 160 characters', async () => {
    starting('mlflow', crash({ exitCode: 1, message: `a\n${'long '.repeat(100)}` }));
    const { reason } = await stateNamed('mlflow');
    expect([reason.length, reason.at(-1), reason.includes('\n')]).toEqual([160, '…', false]);
  });

  test('names the pod where there are several', async () => {
    starting('mlflow', {});
    memory.put(pod(workload('mlflow'), 'mlflow-new', crash({ exitCode: 1 }), { creationTimestamp: now }));
    expect((await stateNamed('mlflow')).reason).toBe('mlflow-new: crashes: exit code 1');
  });

  test('a readiness probe that fails now, not one from before the start', async () => {
    starting('mlflow', { ...notReadyContainer('mlflow', { running: { startedAt: created } }), phase: 'Running' });
    const probe = 'Readiness probe failed: HTTP probe failed with statuscode: 503';
    memory.put(event('Pod', { name: 'mlflow-abc', namespace: 'home-ai' }, 'Unhealthy', probe, old));
    expect((await stateNamed('mlflow')).reason).toBe('is not ready yet');
    memory.put(event('Pod', { name: 'mlflow-abc', namespace: 'home-ai' }, 'Unhealthy', probe));
    expect((await stateNamed('mlflow')).reason).toBe('readiness probe failed: HTTP probe failed with statuscode: 503');
  });

  test('a program that has not answered yet is no fault', async () => {
    const container = { running: { startedAt: created } };
    starting('mlflow', { ...notReadyContainer('mlflow', container, { started: false }), phase: 'Running' });
    expect((await stateNamed('mlflow')).reason).toBe('is starting');
    const probe = 'Startup probe failed: Get "http://10.0.0.7:5000/health": dial tcp 10.0.0.7:5000: connect: connection refused';
    memory.put(event('Pod', { name: 'mlflow-abc', namespace: 'home-ai' }, 'Unhealthy', probe));
    expect((await stateNamed('mlflow')).reason).toBe('is starting (connection refused)');
  });

  test('a restart of a moment ago, not one of long ago', async () => {
    const restarted = (finishedAt: string) =>
      starting('mlflow', {
        ...notReadyContainer(
          'mlflow',
          { running: { startedAt: now } },
          { restartCount: 2, lastState: { terminated: { exitCode: 3, finishedAt } } },
        ),
        phase: 'Running',
      });
    restarted(now);
    expect((await stateNamed('mlflow')).reason).toBe('restarted 2 times, last: exit code 3');
    restarted(old);
    expect((await stateNamed('mlflow')).reason).toBe('is not ready yet');
  });

  test('the image that is being pulled, until it is there', async () => {
    const of = { name: 'mlflow-abc', namespace: 'home-ai' };
    starting('mlflow', waiting('ContainerCreating'));
    expect((await stateNamed('mlflow')).reason).toBe('its containers are being created');
    memory.put(event('Pod', of, 'Pulling', 'Pulling image "mlflow:1"', created));
    expect((await stateNamed('mlflow')).reason).toBe('image mlflow:1 is being pulled');
    memory.put(event('Pod', of, 'Pulled', 'Successfully pulled image "mlflow:1"'));
    expect((await stateNamed('mlflow')).reason).toBe('its containers are being created');
  });

  test('a Secret that a volume wants', async () => {
    starting('mlflow', waiting('ContainerCreating'));
    const message = 'MountVolume.SetUp failed for volume "tls" : secret "gateway-tls" not found';
    memory.put(event('Pod', { name: 'mlflow-abc', namespace: 'home-ai' }, 'FailedMount', message));
    expect((await stateNamed('mlflow')).reason).toBe('volume tls: secret "gateway-tls" not found');
  });

  test('events of an earlier pod of that name do not count', async () => {
    starting('mlflow', waiting('ContainerCreating'));
    const { metadata, ...rest } = event('Pod', { name: 'mlflow-abc', namespace: 'home-ai' }, 'FailedMount', 'old trouble');
    memory.put({ metadata, ...rest, ...{ involvedObject: { kind: 'Pod', name: 'mlflow-abc', uid: 'another' } } });
    expect((await stateNamed('mlflow')).reason).toBe('its containers are being created');
  });

  test('a claim that is not bound', async () => {
    const found = pod(workload('postgis'), 'postgis-0', notReady({ initContainerStatuses: [], containerStatuses: [] }));
    starting('postgis', {});
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data-postgis-0' } }];
    memory.put({ ...found, ...{ spec: { containers: [], volumes } } });
    expect((await stateNamed('postgis')).reason).toBe('waits for a node');
    const of = { name: 'data-postgis-0', namespace: 'home-data' };
    memory.put(event('PersistentVolumeClaim', of, 'ProvisioningFailed', 'storageclass "fast" not found'));
    expect((await stateNamed('postgis')).reason).toBe('claim data-postgis-0 is not bound: storageclass "fast" not found');
  });

  test('a pod that the cluster refuses, until there is one', async () => {
    const of = { name: 'postgis', namespace: 'home-data' };
    const message =
      'create Pod postgis-0 in StatefulSet postgis failed error: pods "postgis-0" is forbidden: exceeded quota: small';
    starting('postgis', {});
    memory.put(event('StatefulSet', of, 'FailedCreate', message, old));
    expect((await stateNamed('postgis')).reason).not.toContain('quota');
    await memory.delete({ apiVersion: 'v1', kind: 'Pod', name: 'postgis-0', namespace: 'home-data' });
    expect((await stateNamed('postgis')).reason).toBe('the cluster refuses the pod: exceeded quota: small');
  });

  test('a pod that the cluster refuses, by the condition of a Deployment', async () => {
    const condition = {
      type: 'ReplicaFailure',
      status: 'True',
      message: 'pods "mlflow-1" is forbidden: violates PodSecurity "restricted:latest"',
    };
    memory.put(controller(workload('mlflow'), { observedGeneration: 1, conditions: [condition] }));
    expect((await stateNamed('mlflow')).reason).toBe('the cluster refuses the pod: violates PodSecurity "restricted:latest"');
  });

  test('a broken pod of before the change, which a StatefulSet does not replace', async () => {
    const postgis = workload('postgis');
    memory.put(controller(postgis, { ...upStatus(postgis), readyReplicas: 0, updatedReplicas: 0, updateRevision: '2' }));
    const labels = { ...postgis.selector, 'controller-revision-hash': '1' };
    memory.put(pod(postgis, 'postgis-0', crash({ exitCode: 1, message: 'bad setting' }), { labels }));
    expect((await stateNamed('postgis')).reason).toBe(
      'holds the change up (kubectl -n home-data delete pod postgis-0): crashes: exit code 1: bad setting',
    );
  });
});
