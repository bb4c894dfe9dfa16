import { kubectl } from './kubectl';

/** Runs a cron job now, to its good end; fails with what it said. @param seconds to wait at most */
export async function runNow(cronJob: string, namespace: string, seconds: number): Promise<void> {
  const here = `--namespace=${namespace}`;
  const job = `${cronJob}-now`;
  await kubectl(['delete', 'job', job, here, '--ignore-not-found', '--wait=true']);
  await kubectl(['create', 'job', job, `--from=cronjob/${cronJob}`, here]);
  try {
    await kubectl(['wait', '--for=condition=Complete', `job/${job}`, here, `--timeout=${seconds}s`]);
  } catch (error) {
    const said = await kubectl(['logs', `--selector=job-name=${job}`, here, '--tail=50', '--prefix']).catch(String);
    throw new Error(`${String(error)}\n${said}`);
  }
}
