import type { Workload } from '../../lib/core/workload';
import type { World } from '../world';
import type { Cluster } from './cluster';
import { isObserved, unready } from './controller-state';
import { controllerRef, type Pod, type StatefulSet } from './kinds';
import { isFailing } from './pod-reason';
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

/** For how long, in seconds, a pod that is not ready counts as one that still starts. */
const starting = 180;
const every = 2;

/** Restarts workloads as `kubectl rollout restart` does, and waits until they are ready again. */
export async function restartWorkloads(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  { wait = true, timeout = 600, together = [] }: Restart = {},
): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': world.now().toISOString() };
  const sets = workloads.filter(({ kind }) => kind === 'StatefulSet');
  await untilStarted(
    world,
    cluster,
    sets.filter((set) => set.replicas > 1 && !together.includes(set)),
  );
  for (const workload of workloads) {
    await cluster.patch(controllerRef(workload), { spec: { template: { metadata: { annotations } } } });
    const how = together.includes(workload) ? ', all pods at once' : '';
    world.out(`restarts ${workload.namespace}/${workload.name}${how}`);
  }
  for (const set of sets) await removePods(world, cluster, set, together.includes(set));
  if (wait) await waitForWorkloads(world, cluster, workloads, timeout);
}

/** A member that has just come back would be removed for a broken one, beside the one that the controller replaces first. */
async function untilStarted(world: World, cluster: Cluster, sets: readonly Workload[]): Promise<void> {
  for (let waited = 0; waited < starting; waited += every) {
    const pods = await Promise.all(sets.map((set) => podsOf(cluster, set)));
    const late = pods
      .flatMap(unready)
      .filter((pod) => !isFailing(pod))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    if (late.length === 0) return;
    if (waited === 0) world.out(`waits up to ${starting}s for ${late.join(', ')} to be ready`);
    await world.sleep(every * 1000);
  }
}

/** A stateful set would wait for its broken pods before it replaces them: https://github.com/kubernetes/kubernetes/issues/67250 */
async function removePods(world: World, cluster: Cluster, set: Workload, together: boolean): Promise<void> {
  const { namespace } = set;
  const revision = await revisionOf(world, cluster, set);
  const former = (await podsOf(cluster, set)).filter(
    ({ metadata }) => revision === undefined || metadata.labels?.['controller-revision-hash'] !== revision,
  );
  const broken = unready(former);
  for (const pod of together ? former : broken) {
    await cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, namespace });
    if (broken.includes(pod)) world.out(`deleted pod ${namespace}/${pod.metadata.name}, which was not ready`);
  }
}

async function podsOf(cluster: Cluster, workload: Workload): Promise<Pod[]> {
  const { namespace, selector } = workload;
  return podsAmong(await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels: selector }), workload);
}

/** The revision of new pods, once the controller knows the change: before that it would make pods as they were. */
async function revisionOf(world: World, cluster: Cluster, set: Workload): Promise<string | undefined> {
  for (let tries = 0; tries < 20; tries++) {
    const found = await cluster.read<StatefulSet>(controllerRef(set));
    if (!found) return undefined;
    if (isObserved(found)) return found.status?.updateRevision;
    await world.sleep(500);
  }
  return undefined;
}
