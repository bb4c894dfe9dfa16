import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { waves } from '../../lib/derived/applied-objects';
import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';
import type { Cluster, KubernetesObject, ObjectRef } from './cluster';
import { hasLabels, isOwnedBy, newestFirst, type CronJob, type Job, type Pod } from './kinds';
import { runLabel } from './leftovers';
import { persistently } from './persistence';
import { podReason } from './pod-reason';

export type PodSpec = NonNullable<NonNullable<Job['spec']>['template']['spec']>;
export type Container = PodSpec['containers'][number];
type JobSpec = NonNullable<Job['spec']>;

export interface RunOptions {
  /** What the run is for, a label of it: `backup`, `restore`, `rotation`. */
  readonly purpose: string;
  /** Changes the pod before it runs. @default as the model says */
  readonly adapt?: (spec: PodSpec) => PodSpec;
  /** How long it may take, in seconds. */
  readonly timeout: number;
  /** Deletes the job once it is done: nobody wants to look at it. */
  readonly forget?: boolean;
  readonly say: (what: string) => void;
}

/** The purpose of runs that change nothing. */
export const listing = 'list';

/** How long the job of a run stays, for a look at what went wrong. */
const dayInSeconds = 86_400;

/**
 * Runs a job of the model, or one from the template of a cron job, once more and to its end. Throws a Refusal with what
 * the failing container said.
 * @returns the log of its main container
 */
export async function runOnce(
  world: World,
  cluster: Cluster,
  platform: Platform,
  workload: Workload,
  { purpose, adapt = (spec) => spec, timeout, forget, say }: RunOptions,
): Promise<string> {
  const { namespace, selector } = workload;
  const spec = jobSpecOf(platform, workload);
  const pod = adapt(spec.template.spec ?? { containers: [] });
  const what = workload.name.endsWith(`-${purpose}`) ? workload.name : `${workload.name}-${purpose}`;
  const name = `${what.slice(0, 56)}-${randomBytes(3).toString('hex')}`;
  const labels = {
    ...selector,
    'app.kubernetes.io/managed-by': 'hearth',
    'app.kubernetes.io/part-of': platform.config.name,
    [runLabel]: purpose,
  };
  const batch = { apiVersion: 'batch/v1', kind: 'Job' };
  const template = { ...spec.template, spec: pod };
  const manifest = {
    metadata: { name, namespace, labels },
    spec: { ...spec, ttlSecondsAfterFinished: dayInSeconds, template },
  };
  await cluster.create({ ...batch, ...manifest });
  const job = { ...batch, namespace, name };
  try {
    const main = pod.containers[0]?.name ?? '';
    return await logOf(cluster, await untilComplete(world, cluster, job, { timeout, say, kept: !forget }), main);
  } finally {
    if (forget) await cluster.delete(job);
  }
}

interface Waiting extends Pick<RunOptions, 'timeout' | 'say'> {
  /** Whether the job stays, to be looked at. */
  readonly kept: boolean;
}

/** @returns the pod that did the work */
async function untilComplete(
  world: World,
  cluster: Cluster,
  job: ObjectRef & { readonly namespace: string },
  { timeout, say, kept }: Waiting,
): Promise<Pod | undefined> {
  const { namespace, name } = job;
  const look = kept ? `\nIts log: kubectl -n ${namespace} logs job/${name} --all-containers` : '';
  const labels = { 'batch.kubernetes.io/job-name': name };
  for (let seconds = 0; ; seconds++) {
    const found = await persistently(world, () => cluster.read<Job>(job));
    const pods = await persistently(world, () => cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels }));
    const ended = (type: string) => found?.status?.conditions?.find((is) => is.type === type && is.status === 'True');
    const newest = [...pods].sort(newestFirst)[0];
    if (ended('Complete')) return newest;
    const reason = newest ? podReason(newest, () => [], world.now()) : '';
    const failure = ended('Failed');
    if (!found || failure) {
      const why = reason || failure?.message || 'somebody deleted the job';
      throw new Refusal(`${namespace}/${name} failed: ${why}${look}`, exitCodes.notReady);
    }
    if (seconds >= timeout) {
      const state = kept ? ', and goes on' : '';
      throw new Refusal(`${namespace}/${name} is not done after ${timeout} s${state}: ${reason}${look}`, exitCodes.notReady);
    }
    say(reason || (newest ? 'is running' : 'waits for its pod'));
    await world.sleep(1000);
  }
}

/** Whether a run of the workload, by schedule or by hand, is under way; one that only lists does not count. */
export async function isRunning(cluster: Cluster, { selector, namespace, name }: Workload): Promise<boolean> {
  const jobs = await cluster.list<Job>({ apiVersion: 'batch/v1', kind: 'Job' }, { namespace });
  const own = jobs.filter((job) => isOwnedBy(job, 'CronJob', name) || hasLabels(job, selector));
  return own.some(({ metadata, status }) => (status?.active ?? 0) > 0 && metadata.labels?.[runLabel] !== listing);
}

function jobSpecOf(platform: Platform, workload: Workload): JobSpec {
  const all: readonly KubernetesObject[] = waves(platform).flatMap(({ objects }) => objects);
  const found = all.find(
    ({ kind, metadata }) =>
      kind === workload.kind &&
      metadata.namespace === workload.namespace &&
      metadata.labels?.['app.kubernetes.io/instance'] === workload.name,
  ) as Job | CronJob | undefined;
  const spec = found?.spec && ('jobTemplate' in found.spec ? found.spec.jobTemplate.spec : found.spec);
  if (!spec) throw new Error(`${workload.name} has no object`);
  return spec;
}

async function logOf(cluster: Cluster, pod: Pod | undefined, container: string): Promise<string> {
  if (!pod) return '';
  const sink = new PassThrough();
  const said = text(sink);
  await cluster.logs({ namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name, container }, {}, sink);
  sink.end();
  return said;
}
