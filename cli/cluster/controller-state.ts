import { ApiObject } from 'cdk8s';
import type { Workload } from '../../lib/core/workload';
import {
  isOwnedBy,
  newestFirst,
  type CronJob,
  type DaemonSet,
  type Deployment,
  type Job,
  type Pod,
  type StatefulSet,
} from './kinds';
import { runLabel } from './leftovers';
import { containerStatuses, isEnding, isFailing, isReady, refusedPod } from './pod-reason';

export type State = 'ready' | 'starting' | 'stopped' | 'missing' | 'failed' | 'complete' | 'scheduled';

/** What the object that controls the pods of a workload says. */
export interface Verdict {
  readonly state: State;
  readonly ready: number;
  readonly wanted: number;
  /** Why it is not ready. @default the pods are asked */
  readonly because?: string;
  /** Why it is not ready, where the pods do not know. @default '' */
  readonly otherwise?: string;
  /** What stands before the reason that the pods tell. @default '' */
  readonly hint?: string;
  /** The pods that know why it is not ready, the most telling first. */
  readonly witnesses?: readonly Pod[];
  /** Of a CronJob: when a run last ended well. */
  readonly lastSuccess?: string;
}

export type Controller = Deployment | StatefulSet | DaemonSet | Job | CronJob;

/** The object of the model that controls the pods: its exact name, and what it says. */
export function controllerOf(workload: Workload): ApiObject {
  const found = workload.node.findAll().find((node) => node instanceof ApiObject && node.kind === workload.kind);
  if (!(found instanceof ApiObject)) throw new Error(`${workload.name} has no ${workload.kind}`);
  return found;
}

/** @param pods those of the workload @param jobs those of its namespace */
export function verdictOf(
  workload: Workload,
  controller: Controller | undefined,
  pods: readonly Pod[],
  jobs: readonly Job[],
): Verdict {
  if (!controller) return { state: 'missing', ready: 0, wanted: wantedOf(workload), because: 'not in the cluster' };
  switch (workload.kind) {
    case 'Deployment':
      return deployment(workload, controller as Deployment, pods);
    case 'StatefulSet':
      return statefulSet(workload, controller as StatefulSet, pods);
    case 'DaemonSet':
      return daemonSet(workload, controller as DaemonSet, pods);
    case 'CronJob':
      return cronJob(workload, controller as CronJob, pods, jobs);
    default:
      return job(controller as Job, pods);
  }
}

const wantedOf = ({ kind, replicas }: Workload): number => (kind === 'CronJob' ? 0 : kind === 'Job' ? 1 : replicas);

/** True where the controller has seen the latest change of its object. */
export const isObserved = ({ metadata, status }: Deployment | StatefulSet | DaemonSet): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);

/** Pods that should become ready, the newest first: they are what a change is about. */
export const unready = (pods: readonly Pod[]): Pod[] =>
  pods
    .filter((pod) => !isReady(pod) && !isEnding(pod) && !['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''))
    .sort(newestFirst);

function deployment(workload: Workload, found: Deployment, pods: readonly Pod[]): Verdict {
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0, conditions = [] } = found.status ?? {};
  const refused = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const wanted = found.spec?.replicas ?? 1;
  return replicated(workload, found, pods, {
    wanted,
    ready: readyReplicas,
    updated: updatedReplicas,
    current: updatedReplicas === wanted && replicas === updatedReplicas,
    because: refused && refusedPod(refused.message),
  });
}

function statefulSet(workload: Workload, found: StatefulSet, pods: readonly Pod[]): Verdict {
  const { readyReplicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = found.status ?? {};
  const wanted = found.spec?.replicas ?? 1;
  const current = currentRevision === updateRevision || updatedReplicas === wanted;
  const verdict = replicated(workload, found, pods, {
    wanted,
    ready: readyReplicas,
    updated: updatedReplicas,
    current,
  });
  const [stuck] = current || found.spec?.podManagementPolicy === 'Parallel' ? [] : brokenPods(pods, currentRevision);
  if (!stuck) return verdict;
  return {
    ...verdict,
    hint: `holds the change up (kubectl -n ${workload.namespace} delete pod ${stuck.metadata.name}): `,
  };
}

/** Pods of an old revision that will not become ready; the controller waits for them: https://github.com/kubernetes/kubernetes/issues/67250 */
function brokenPods(pods: readonly Pod[], revision: string | undefined): Pod[] {
  return unready(pods).filter(
    (pod) =>
      pod.metadata.labels?.['controller-revision-hash'] === revision &&
      (isFailing(pod) || containerStatuses(pod).some(({ restartCount }) => restartCount > 0)),
  );
}

interface Rollout {
  readonly wanted: number;
  readonly ready: number;
  readonly updated: number;
  /** Every pod is of the newest revision. */
  readonly current: boolean;
  readonly because?: string;
}

function replicated(
  workload: Workload,
  found: Deployment | StatefulSet | DaemonSet,
  pods: readonly Pod[],
  { wanted, ready, updated, current, because }: Rollout,
): Verdict {
  const model = workload.kind === 'DaemonSet' ? wanted : workload.replicas;
  if (wanted === 0 && model > 0) return { state: 'stopped', ready, wanted: model, because: 'scaled to 0' };
  const observed = isObserved(found);
  if (observed && current && ready >= wanted && wanted >= model) return { state: 'ready', ready, wanted };
  const ending = pods.find(isEnding);
  const otherwise = () => {
    if (!observed) return 'the cluster has not taken up the change yet';
    if (pods.length === 0) return 'no pod has been made yet';
    if (ending) return `waits until ${ending.metadata.name} has ended`;
    if (wanted < model) return `scaled to ${wanted}, the platform file says ${model}`;
    return current ? 'its pods start' : `${updated} of ${wanted} pods are of the newest revision`;
  };
  return { state: 'starting', ready, wanted: Math.max(wanted, model), because, witnesses: unready(pods), otherwise: otherwise() };
}

function daemonSet(workload: Workload, found: DaemonSet, pods: readonly Pod[]): Verdict {
  const { desiredNumberScheduled: wanted = 0, numberReady = 0, updatedNumberScheduled = 0 } = found.status ?? {};
  const model = (controllerOf(workload).toJson() as DaemonSet).spec?.template.spec?.nodeSelector ?? {};
  const chosen = Object.keys(found.spec?.template.spec?.nodeSelector ?? {});
  if (wanted === 0 && chosen.some((label) => model[label] === undefined)) {
    return {
      state: 'stopped',
      ready: numberReady,
      wanted: workload.replicas,
      because: `no node has the label ${chosen.join()}`,
    };
  }
  const current = updatedNumberScheduled === wanted;
  const verdict = replicated(workload, found, pods, { wanted, ready: numberReady, updated: updatedNumberScheduled, current });
  return wanted > 0 || verdict.state !== 'ready' ? verdict : { ...verdict, state: 'starting', because: 'no node takes its pods' };
}

function job(found: Job, pods: readonly Pod[]): Verdict {
  const { name } = found.metadata;
  const [ready, wanted] = [found.status?.succeeded ?? 0, found.spec?.completions ?? 1];
  // Pods of another Job with the same labels are of an earlier model, or of a run by hand.
  const own = pods.filter((pod) => !pod.metadata.ownerReferences?.length || isOwnedBy(pod, 'Job', name));
  const end = endOf(found);
  if (end === undefined && found.spec?.suspend) return { state: 'stopped', ready, wanted, because: 'suspended' };
  if (end === 'Complete') return { state: 'complete', ready, wanted };
  if (end === 'Failed') return { state: 'failed', ready, wanted, witnesses: failedPods(own), otherwise: failure(found) };
  return {
    state: 'starting',
    ready,
    wanted,
    witnesses: unready(own),
    otherwise: own.length > 0 ? 'runs' : 'its pod is being made',
  };
}

function cronJob(workload: Workload, found: CronJob, pods: readonly Pod[], jobs: readonly Job[]): Verdict {
  const lastSuccess = found.status?.lastSuccessfulTime;
  const counts = { ready: 0, wanted: 0, lastSuccess };
  const model = controllerOf(workload).toJson() as CronJob;
  if (model.spec?.suspend) return { state: 'scheduled', ...counts };
  if (found.spec?.suspend) return { state: 'stopped', ...counts, because: 'suspended' };
  const [newest] = jobs
    .filter((run) => isOwnedBy(run, 'CronJob', workload.name) && run.metadata.labels?.[runLabel] === undefined)
    .sort(newestFirst);
  if (!newest || endOf(newest) !== 'Failed') return { state: 'scheduled', ...counts };
  const witnesses = failedPods(pods.filter((pod) => isOwnedBy(pod, 'Job', newest.metadata.name)));
  return { state: 'failed', ...counts, witnesses, otherwise: failure(newest) };
}

const failedPods = (pods: readonly Pod[]): Pod[] => pods.filter(({ status }) => status?.phase !== 'Succeeded').sort(newestFirst);

/** How a Job ended; undefined while it runs. */
export const endOf = ({ status }: Job): 'Complete' | 'Failed' | undefined => {
  const is = (kind: string) => status?.conditions?.some((condition) => condition.type === kind && condition.status === 'True');
  return is('Complete') ? 'Complete' : is('Failed') ? 'Failed' : undefined;
};

/** The Job's own words for its failure. */
export function failure({ status }: Job): string {
  const said = status?.conditions?.find(({ type }) => type === 'Failed');
  return said?.message ?? said?.reason ?? 'failed';
}
