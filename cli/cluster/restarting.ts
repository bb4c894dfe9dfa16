import type { Workload } from '../../lib/core/workload';
import type { World } from '../world';
import type { Cluster } from './cluster';
import { isObserved, unready } from './controller-state';
import { controllerRef, type Pod, type StatefulSet } from './kinds';
import { podsAmong } from './readiness';
import { waitForWorkloads } from './waiting';

/** Restarts workloads as `kubectl rollout restart` does, and waits until they are ready again. */
export async function restartWorkloads(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  { wait = true, timeout = 600 }: { readonly wait?: boolean; readonly timeout?: number } = {},
): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': world.now().toISOString() };
  for (const workload of workloads) {
    await cluster.patch(controllerRef(workload), { spec: { template: { metadata: { annotations } } } });
    world.out(`restarts ${workload.namespace}/${workload.name}`);
  }
  await removeBroken(world, cluster, workloads);
  if (wait) await waitForWorkloads(world, cluster, workloads, timeout);
}

/** A stateful set would wait for its broken pods before it replaces them: https://github.com/kubernetes/kubernetes/issues/67250 */
async function removeBroken(world: World, cluster: Cluster, workloads: readonly Workload[]): Promise<void> {
  for (const workload of workloads.filter(({ kind }) => kind === 'StatefulSet')) {
    const { namespace } = workload;
    await untilObserved(world, cluster, workload);
    const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels: workload.selector });
    for (const { metadata } of unready(podsAmong(pods, workload))) {
      await cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: metadata.name, namespace });
      world.out(`deleted pod ${namespace}/${metadata.name}, which was not ready`);
    }
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
