import { Cron } from 'croner';

/** A Monday, so that a schedule means the same at every synth. */
const start = new Date('2024-01-01T00:00:00Z');

/** The first times at which the five fields of cron come true, in UTC; none where they never do. */
export function firstRuns(schedule: string, count: number): Date[] {
  return new Cron(schedule, { utcOffset: 0, mode: '5-part' }).nextRuns(count, start);
}

/** Kubernetes gives up on a schedule that missed 100 times: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#job-creation */
const mostMissed = 90;

/**
 * For how many seconds a run that was missed is made up: until the next one is due, so that a machine that was off at
 * night makes its backup in the morning.
 */
export function startingDeadline(schedule: string): number {
  const runs = firstRuns(schedule, mostMissed + 10).map((run) => run.getTime() / 1000);
  const spans = (of: number) => runs.slice(of).map((run, i) => run - (runs[i] ?? run));
  const gaps = spans(1);
  // A schedule may come true once in these years.
  const longest = gaps.length > 0 ? Math.max(...gaps) : 366 * 86_400;
  return Math.min(longest, ...spans(mostMissed));
}
