import type { Workload } from '../../lib/core/workload';
import type { Cluster, KubernetesObject } from './cluster';
import { controllerOf, verdictOf, type Controller, type State, type Verdict } from './controller-state';
import { apiVersions, hasLabels, secondsSince, type Event, type Job, type Pod } from './kinds';
import { isEnding, isReady, oneLine, podReason, refusedPod, timeOf, type EventsOf } from './pod-reason';

export interface PodState {
  readonly name: string;
  /** Its phase, or what is in its way, as kubectl shows it: Running, Pending, CrashLoopBackOff, Terminating … */
  readonly status: string;
  readonly ready: boolean;
  /** Its containers have ended for good: of a job that is done, or evicted. */
  readonly ended: boolean;
  readonly restarts: number;
  /** Seconds. */
  readonly age: number;
  readonly node?: string;
  /** Of the main container. */
  readonly image: string;
}

export interface WorkloadState {
  readonly workload: Workload;
  /**
   * ready: as the model says, all pods ready and of the newest revision; starting: not yet; stopped: scaled to 0 or
   * suspended although the model wants it to run; missing: no such object in the cluster; failed: a Job, or the newest run
   * of a CronJob, failed; complete: a Job is done; scheduled: a CronJob
   */
  readonly state: State;
  readonly ready: number;
  readonly wanted: number;
  readonly restarts: number;
  /** Seconds since the oldest pod was made; of jobs, since the object was. @default there is neither */
  readonly age?: number;
  /** One line: why it is not ready, from the pods and their events; '' where all is well. */
  readonly reason: string;
  readonly pods: readonly PodState[];
  /** Of a CronJob: when a run last ended well. */
  readonly lastSuccess?: string;
}

export const isUp = ({ state }: WorkloadState): boolean => state === 'ready' || state === 'complete' || state === 'scheduled';

/** Nothing to wait for: it is up, or a run of a CronJob failed, and the next one is due by its schedule. */
export const isInPlace = (state: WorkloadState): boolean =>
  isUp(state) || (state.state === 'failed' && state.workload.kind === 'CronJob');

/** The state of workloads: one list of each kind in each of their namespaces, and of events where something is wrong. */
export async function statesOf(cluster: Cluster, workloads: readonly Workload[], now = new Date()): Promise<WorkloadState[]> {
  const lists = new Lists(cluster);
  return Promise.all(
    workloads.map(async (workload) => {
      const { kind, namespace } = workload;
      const { name } = controllerOf(workload);
      const controllers = await lists.of<Controller>(apiVersions[kind] ?? '', kind, namespace);
      const controller = controllers.find(({ metadata }) => metadata.name === name);
      const pods = podsAmong(await lists.of<Pod>('v1', 'Pod', namespace), workload);
      const jobs = kind === 'CronJob' ? await lists.of<Job>('batch/v1', 'Job', namespace) : [];
      const verdict = verdictOf(workload, controller, pods, jobs);
      const { state, ready, wanted, lastSuccess } = verdict;
      const needsEvents = (state === 'starting' || state === 'failed') && verdict.because === undefined;
      const events = needsEvents ? await lists.of<Event>('v1', 'Event', namespace) : [];
      const shown = pods.map((pod) => podState(pod, now));
      const started = shown.length > 0 && workload.replicas > 0 ? Math.max(...shown.map(({ age }) => age)) : undefined;
      const created = controller && secondsSince(controller.metadata.creationTimestamp, now);
      return {
        workload,
        state,
        ready,
        wanted,
        lastSuccess,
        pods: shown,
        age: started ?? created,
        restarts: shown.reduce((sum, { restarts }) => sum + restarts, 0),
        reason: oneLine(reasonOf(workload, name, verdict, pods, events, now)),
      };
    }),
  );
}

/** The pods of a workload, also those that are ending, or of jobs that are done. */
export const podsAmong = (pods: readonly Pod[], { namespace, selector }: Workload): Pod[] =>
  pods.filter((pod) => pod.metadata.namespace === namespace && hasLabels(pod, selector));

/** Lists each kind in each namespace once. */
class Lists {
  private readonly asked = new Map<string, Promise<KubernetesObject[]>>();

  constructor(private readonly cluster: Cluster) {}

  of<T extends KubernetesObject>(apiVersion: string, kind: string, namespace: string): Promise<T[]> {
    const key = `${namespace} ${kind}`;
    const list = this.asked.get(key) ?? this.cluster.list({ apiVersion, kind }, { namespace });
    this.asked.set(key, list);
    return list as Promise<T[]>;
  }
}

function reasonOf(
  workload: Workload,
  name: string,
  { state, because, otherwise = '', hint = '', witnesses = [] }: Verdict,
  pods: readonly Pod[],
  events: readonly Event[],
  now: Date,
): string {
  if (because !== undefined) return because;
  if (state !== 'starting' && state !== 'failed') return '';
  const newest = [...events].sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
  const eventsOf: EventsOf = (kind, of) =>
    newest.filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === of);
  const refused = state === 'starting' ? refusal(eventsOf(workload.kind, name), pods) : undefined;
  if (refused !== undefined) return refused;
  for (const pod of witnesses) {
    const reason = podReason(pod, eventsOf, now);
    if (reason !== '') return `${pods.length > 1 ? `${pod.metadata.name}: ` : ''}${hint}${reason}`;
  }
  return otherwise;
}

/** The controller tried in vain to make a pod, and has made none since. */
function refusal(events: readonly Event[], pods: readonly Pod[]): string | undefined {
  const failed = events.find(({ reason }) => reason === 'FailedCreate' || reason === 'SuccessfulCreate');
  const last =
    pods
      .map(({ metadata }) => metadata.creationTimestamp ?? '')
      .sort()
      .at(-1) ?? '';
  return failed?.reason === 'FailedCreate' && timeOf(failed) >= last ? refusedPod(failed.message) : undefined;
}

function podState(pod: Pod, now: Date): PodState {
  const { metadata, spec, status } = pod;
  const [init, main] = [status?.initContainerStatuses ?? [], status?.containerStatuses ?? []];
  const initializing = init.some(({ state }) => state?.terminated?.exitCode !== 0);
  const waiting = (initializing ? init : main).find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting;
  return {
    name: metadata.name,
    status: isEnding(pod) ? 'Terminating' : (waiting?.reason ?? status?.reason ?? status?.phase ?? 'Unknown'),
    ready: isReady(pod),
    ended: status?.phase === 'Succeeded' || status?.phase === 'Failed',
    restarts: (initializing ? init : main).reduce((sum, { restartCount }) => sum + restartCount, 0),
    age: secondsSince(metadata.creationTimestamp, now),
    node: spec?.nodeName,
    image: spec?.containers[0]?.image ?? '',
  };
}
