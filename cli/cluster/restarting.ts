import type { Workload } from '../../lib/core/workload';
import type { World } from '../world';
import type { Cluster } from './cluster';
import { isObserved, unready } from './controller-state';
import { controllerRef, type Pod, type StatefulSet } from './kinds';
import { podsAmong } from './readiness';
import { waitForWorkloads } from './waiting';

export interface Restart {
  /** Until they are ready again. @default true */
  readonly wait?: boolean;
  /** Seconds to wait at most. @default 600 */
  readonly timeout?: number;
  /** Those of which all pods restart at once. @default none: one after the other */
  readonly together?: readonly Workload[];
}

/** Restarts workloads as `kubectl rollout restart` does, and waits until they are ready again. */
export async function restartWorkloads(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  { wait = true, timeout = 600, together = [] }: Restart = {},
): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': world.now().toISOString() };
  for (const workload of workloads) {
    await cluster.patch(controllerRef(workload), { spec: { template: { metadata: { annotations } } } });
    const how = together.includes(workload) ? ', all pods at once' : '';
    world.out(`restarts ${workload.namespace}/${workload.name}${how}`);
  }
  for (const workload of workloads.filter(({ kind }) => kind === 'StatefulSet')) {
    await removePods(world, cluster, workload, together.includes(workload));
  }
  if (wait) await waitForWorkloads(world, cluster, workloads, timeout);
}

/** A stateful set would wait for its broken pods before it replaces them: https://github.com/kubernetes/kubernetes/issues/67250 */
async function removePods(world: World, cluster: Cluster, workload: Workload, together: boolean): Promise<void> {
  const { namespace } = workload;
  await untilObserved(world, cluster, workload);
  const found = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels: workload.selector });
  const pods = podsAmong(found, workload);
  const broken = unready(pods);
  for (const pod of together ? pods : broken) {
    await cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, namespace });
    if (broken.includes(pod)) world.out(`deleted pod ${namespace}/${pod.metadata.name}, which was not ready`);
  }
}

/** Before that, the controller would make the pods as they were. */
async function untilObserved(world: World, cluster: Cluster, workload: Workload): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const found = await cluster.read<StatefulSet>(controllerRef(workload));
    if (!found || isObserved(found)) return;
    await world.sleep(500);
  }
}
