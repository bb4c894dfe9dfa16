import { CronJob } from '../../lib/core/controllers';
import type { Workload } from '../../lib/core/workload';
import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';
import type { Cluster } from './cluster';
import { controllerRef, type Deployment } from './kinds';
import { persistently } from './persistence';
import { statesOf } from './readiness';
import { waitForWorkloads } from './waiting';

/** A label that no node has. */
const nowhere = 'hearth/stopped';

/** What of its controller says whether a workload runs: nothing else of it changes. */
function running(workload: Workload, runs: boolean): object {
  if (workload instanceof CronJob) return { suspend: runs ? workload.suspended : true };
  if (workload.kind === 'DaemonSet') {
    return { template: { spec: { nodeSelector: { [nowhere]: runs ? null : 'true' } } } };
  }
  return { replicas: runs ? workload.replicas : 0 };
}

/** Those that exist and are not scaled to zero. */
export async function runningAmong(cluster: Cluster, workloads: readonly Workload[]): Promise<Workload[]> {
  const found = await Promise.all(
    workloads.map(async (workload) => {
      const object = await cluster.read<Deployment>(controllerRef(workload));
      return object && object.spec?.replicas !== 0 ? [workload] : [];
    }),
  );
  return found.flat();
}

/** Stops workloads at once, and waits until their pods are gone. What does not exist is left alone. */
export async function stop(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  timeoutSeconds: number,
): Promise<void> {
  const end = async (say: (what: string) => void) => {
    for (const workload of workloads) {
      const ref = controllerRef(workload);
      if (await cluster.read(ref)) await cluster.patch(ref, { spec: running(workload, false) });
    }
    // What runs for a schedule ends by itself.
    await untilGone(
      world,
      cluster,
      workloads.filter(({ kind }) => kind !== 'CronJob'),
      timeoutSeconds,
      say,
    );
    return 'stopped';
  };
  await world.progress([{ title: workloads.map(({ name }) => name).join(', '), run: end }]);
}

async function untilGone(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  timeoutSeconds: number,
  say: (what: string) => void,
): Promise<void> {
  for (let seconds = 0; ; seconds++) {
    const states = await persistently(world, () => statesOf(cluster, workloads, world.now()));
    const left = states.flatMap(({ pods }) => pods.flatMap(({ name, ended }) => (ended ? [] : name))).join(', ');
    if (left === '') return;
    if (seconds >= timeoutSeconds) {
      throw new Refusal(`still there after ${timeoutSeconds} s: ${left}; kubectl describe pod says why`, exitCodes.notReady);
    }
    say(`waits for the end of ${left}`);
    await world.sleep(1000);
  }
}

/** Runs as many pods again as the model says, and waits until they are up. */
export async function start(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  timeoutSeconds: number,
): Promise<void> {
  const found = await Promise.all(workloads.map((workload) => cluster.read(controllerRef(workload))));
  const missing = workloads.filter((_, i) => !found[i]).map(({ name }) => name);
  if (missing.length > 0) {
    const platform = workloads[0]?.component.platform.config.name ?? '';
    throw new Refusal(`not in the cluster: ${missing.join(', ')}; npx hearth up ${platform} makes it`);
  }
  for (const workload of workloads) await cluster.patch(controllerRef(workload), { spec: running(workload, true) });
  await waitForWorkloads(world, cluster, workloads, timeoutSeconds);
}
