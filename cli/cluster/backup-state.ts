import type { BackedUp } from '../../lib/core/backup';
import type { Cluster } from './cluster';
import { endOf } from './controller-state';
import { hasLabels, isOwnedBy, type CronJob, type Job } from './kinds';
import { runLabel } from './leftovers';

/** How the runs of a backup ended. */
export interface BackupState {
  readonly name: string;
  readonly component: string;
  /** The one whose data it holds. */
  readonly workload: string;
  /** Times of the API. @default never, as far as the cluster remembers */
  readonly lastSuccess?: string;
  readonly lastFailure?: string;
}

/** The backups by schedule and by hand. */
export async function backupStates(cluster: Cluster, backups: readonly BackedUp[]): Promise<BackupState[]> {
  const namespaces = [...new Set(backups.map(({ backup }) => backup.namespace))];
  const all = async <T extends Job | CronJob>(kind: string) =>
    (await Promise.all(namespaces.map((namespace) => cluster.list<T>({ apiVersion: 'batch/v1', kind }, { namespace })))).flat();
  const [jobs, cronJobs] = [await all<Job>('Job'), await all<CronJob>('CronJob')];
  return backups.map(({ name, component, workload, backup }): BackupState => {
    const runs = jobs.filter((job) => job.metadata.namespace === backup.namespace && isRunOf(job, backup));
    const scheduled = cronJobs.find(({ metadata }) => metadata.namespace === backup.namespace && metadata.name === backup.name);
    const ends = (how: 'Complete' | 'Failed') => runs.filter((run) => endOf(run) === how).map(timeOfEnd);
    return {
      name,
      component: component.name,
      workload: workload.name,
      lastSuccess: latest([scheduled?.status?.lastSuccessfulTime, ...ends('Complete')]),
      lastFailure: latest(ends('Failed')),
    };
  });
}

function isRunOf(job: Job, { name, selector }: BackedUp['backup']): boolean {
  const byHand = job.metadata.labels?.[runLabel] !== undefined && hasLabels(job, selector);
  return byHand || isOwnedBy(job, 'CronJob', name);
}

const timeOfEnd = ({ status, metadata }: Job): string | undefined =>
  status?.completionTime ??
  status?.conditions?.find(({ type }) => type === 'Failed')?.lastTransitionTime ??
  metadata.creationTimestamp;

const latest = (times: readonly (string | undefined)[]): string | undefined =>
  times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
