import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import type { KubernetesObject } from '../../cli/cluster/cluster';
import { controllerOf } from '../../cli/cluster/controller-state';
import { apiVersions } from '../../cli/cluster/kinds';
import { statesOf, type WorkloadState } from '../../cli/cluster/readiness';
import type { MemoryCluster } from './memory-cluster';

/** What time it is for the command line under test. */
export const now = '2026-01-02T03:04:05Z';
/** An hour before. */
export const created = '2026-01-02T02:04:05Z';

/** Any object, with the fields that a test is about. */
export const object = (
  kind: string,
  metadata: Readonly<Record<string, unknown>> & { readonly name: string },
  rest: object = {},
): KubernetesObject => ({
  apiVersion: apiVersions[kind] ?? 'v1',
  kind,
  metadata: { creationTimestamp: created, ...metadata },
  ...rest,
});

/** The workload of that name. */
export function workloadOf(platform: Platform, name: string): Workload {
  const found = platform.graph.workloads.find((workload) => workload.name === name);
  if (!found) throw new Error(`no workload ${name}`);
  return found;
}

/** The object that controls a workload's pods, as the model says, with a status. */
export function controller(workload: Workload, status: object, spec: object = {}): KubernetesObject {
  const { metadata, ...model } = controllerOf(workload).toJson() as KubernetesObject & { spec: object };
  return {
    ...model,
    metadata: { ...metadata, creationTimestamp: created, generation: 1 },
    ...{ spec: { ...model.spec, ...spec }, status },
  };
}

export const done = { conditions: [{ type: 'Complete', status: 'True' }], succeeded: 1, completionTime: created };

/** Status of a workload that is up. */
export function upStatus({ kind, replicas }: Workload): object {
  if (kind === 'CronJob') return { lastSuccessfulTime: created };
  if (kind === 'Job') return done;
  const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas };
  return { observedGeneration: 1, ...counts, currentRevision: '1', updateRevision: '1' };
}

/** Status of containers that run. */
export const running = (name: string, more: object = {}) => ({
  name,
  image: `${name}:1`,
  ready: true,
  started: true,
  restartCount: 0,
  state: { running: { startedAt: created } },
  ...more,
});

/** A pod of a workload. @param status on top of that of a pod that is ready */
export function pod(workload: Workload, name: string, status: object = {}, metadata: object = {}): KubernetesObject {
  const main = workload.containers.filter(({ init }) => !init);
  const init = workload.containers.filter((container) => container.init);
  return object(
    'Pod',
    { name, namespace: workload.namespace, uid: name, labels: workload.selector, ...metadata },
    {
      spec: {
        nodeName: 'node',
        containers: main.map((container) => ({
          name: container.name,
          image: container.props.image,
          resources: { limits: { memory: '512Mi' } },
        })),
      },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        initContainerStatuses: init.map((container) =>
          running(container.name, { state: { terminated: { exitCode: 0, finishedAt: created } } }),
        ),
        containerStatuses: main.map((container) => running(container.name)),
        ...status,
      },
    },
  );
}

/** Status of a pod that is not ready, with one container. */
export const notReadyContainer = (name: string, state: object, more: object = {}) =>
  notReady({ containerStatuses: [running(name, { ready: false, state, ...more })] });

/** The state of one workload. */
export async function stateOf(memory: MemoryCluster, workload: Workload): Promise<WorkloadState> {
  const [state] = await statesOf(memory, [workload], new Date(now));
  if (!state) throw new Error('no state');
  return state;
}

/** Status of a pod that is not ready. */
export const notReady = (status: object) => ({ phase: 'Pending', conditions: [], ...status });

/** Name of the only pod of a workload in {@link running}. */
export const podName = ({ name, kind }: Workload) => (kind === 'StatefulSet' ? `${name}-0` : `${name}-abc`);

/** Puts a platform into a cluster, with everything up. */
export function runPlatform(memory: MemoryCluster, platform: Platform): void {
  for (const workload of platform.graph.workloads) {
    memory.put(controller(workload, upStatus(workload)));
    if (workload.replicas > 0) memory.put(pod(workload, podName(workload)));
    for (const volume of workload.volumes) {
      for (const name of volume.claimNames(workload)) {
        const status = { phase: 'Bound', capacity: { storage: volume.props.size } };
        memory.put(object('PersistentVolumeClaim', { name, namespace: workload.namespace }, { status }));
      }
    }
  }
  for (const credential of platform.graph.credentials) {
    for (const { namespace, name, keys } of credential.secrets) {
      for (const key of keys) memory.secrets.set(`${namespace}/${name}`, key, 'top-secret-value');
    }
  }
}

/** Something that happened to an object. */
export const event = (
  kind: string,
  of: { readonly name: string; readonly namespace: string },
  reason: string,
  message: string,
  at = now,
) =>
  object(
    'Event',
    { name: `${of.name}.${reason}`, namespace: of.namespace },
    { involvedObject: { kind, name: of.name, namespace: of.namespace }, reason, message, lastTimestamp: at },
  );
