import type { Workload } from '../../lib/core/workload';
import type { Cluster, PodContainer } from './cluster';
import { newestFirst, secondsSince, type ContainerStatus, type Pod } from './kinds';
import { isReady } from './pod-reason';
import { podsAmong } from './readiness';

/** How long the log of an init container is of interest, in seconds, once the pod is ready. */
const initInterest = 300;

/** A container that has said something. */
export interface LogSource extends PodContainer {
  readonly workload: Workload;
  readonly running: boolean;
  /** Tells one life of the container from the next. */
  readonly restarts: number;
}

export interface LogChoice {
  /** Only containers of this name. */
  readonly container?: string;
  /** What they said before their last restart. */
  readonly previous?: boolean;
}

/** The containers of all pods of these workloads, in the order of the workloads; of jobs, those of the newest run. */
export async function logSources(
  cluster: Cluster,
  workloads: readonly Workload[],
  choice: LogChoice,
  now: Date,
): Promise<LogSource[]> {
  const namespaces = [...new Set(workloads.map(({ namespace }) => namespace))];
  const kind = { apiVersion: 'v1', kind: 'Pod' };
  const pods = (await Promise.all(namespaces.map((namespace) => cluster.list<Pod>(kind, { namespace })))).flat();
  return workloads.flatMap((workload) =>
    current(podsAmong(pods, workload), workload).flatMap((pod) => sourcesOf(pod, workload, choice, now)),
  );
}

/** All pods by name; of jobs those of the newest run, the retries in order. */
function current(pods: readonly Pod[], { replicas }: Workload): Pod[] {
  if (replicas > 0) return [...pods].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const ordered = [...pods].sort(newestFirst);
  const run = (pod: Pod | undefined) => pod?.metadata.ownerReferences?.[0]?.name ?? pod?.metadata.name;
  return ordered.filter((pod) => run(pod) === run(ordered[0])).reverse();
}

function sourcesOf(pod: Pod, workload: Workload, { container, previous }: LogChoice, now: Date): LogSource[] {
  const init = pod.status?.initContainerStatuses ?? [];
  const recent = ({ state }: ContainerStatus) =>
    !isReady(pod) || !state?.terminated || secondsSince(state.terminated.finishedAt, now) < initInterest;
  const wanted = container !== undefined || previous ? init : init.filter(recent);
  return [...wanted, ...(pod.status?.containerStatuses ?? [])]
    .filter(({ name }) => container === undefined || name === container)
    .filter(({ state, lastState }) =>
      previous ? lastState?.terminated : (state?.running ?? state?.terminated ?? lastState?.terminated),
    )
    .map(({ name, state, restartCount }) => ({
      workload,
      namespace: workload.namespace,
      pod: pod.metadata.name,
      container: name,
      running: state?.running !== undefined,
      restarts: restartCount,
    }));
}
