import type { Platform } from '../../../lib/core/platform';
import { kubectl } from './kubectl';

/** Waits until every workload of a platform is ready and every job complete. @param seconds to wait at most */
export async function ready({ graph }: Platform, seconds: number): Promise<void> {
  const timeout = `--timeout=${seconds}s`;
  await Promise.all(
    graph.workloads.map(({ kind, name, namespace, selector }) => {
      const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
      const here = `--namespace=${namespace}`;
      if (kind === 'CronJob') return '';
      return kind === 'Job'
        ? kubectl(['wait', '--for=condition=Complete', 'job', `--selector=${labels.join()}`, here, timeout])
        : kubectl(['rollout', 'status', `${kind.toLowerCase()}/${name}`, here, timeout]);
    }),
  );
}
