import type { Command } from 'commander';
import type { Workload } from '../../lib/core/workload';
import { wholeNumber } from '../arguments';
import type { Cluster } from '../cluster/cluster';
import { statesOf } from '../cluster/readiness';
import { restartWorkloads } from '../cluster/restarting';
import { Refusal } from '../refusal';
import { clusterCommand, clusterOf, componentsOf, confirmed, platformOf } from '../target';
import type { World } from '../world';

interface RestartOptions {
  readonly context?: string;
  readonly wait: boolean;
  readonly timeout: number;
  readonly yes?: boolean;
}

/** `restart`: new pods for the same work. */
export const restartCommand = (world: World): Command =>
  clusterCommand('restart', 'replace the pods of a platform by new ones; what is stopped stays stopped')
    .argument('[component...]', 'these alone; by default all, after a question')
    .option('--no-wait', 'end once the restart is under way')
    .option('--timeout <seconds>', 'how long to wait until everything is ready', wholeNumber, 600)
    .option('--yes', 'do not ask')
    .action(async (name: string, names: string[], options: RestartOptions) => {
      const platform = platformOf(world, name);
      const components = componentsOf(platform, names);
      const workloads = platform.graph.workloads.filter(
        ({ component, replicas }) => replicas > 0 && components.includes(component),
      );
      if (workloads.length === 0) throw new Refusal(`${names.join(', ')} has nothing that keeps running`);
      const cluster = await clusterOf(world, platform, options.context);
      world.out(cluster.title);
      const running = await runningOf(world, cluster, workloads);
      if (names.length === 0) await confirmed(world, `Restart all of ${name}?`, options.yes);
      await restartWorkloads(world, cluster, running, options);
    });

/** The workloads that are not stopped. Refuses where one is missing. */
async function runningOf(world: World, cluster: Cluster, workloads: readonly Workload[]): Promise<Workload[]> {
  const states = await statesOf(cluster, workloads, world.now());
  const named = (wanted: string) =>
    states
      .filter(({ state }) => state === wanted)
      .map(({ workload }) => workload.name)
      .join(', ');
  const { name } = workloads[0]?.component.platform.config ?? { name: '' };
  if (named('missing') !== '')
    throw new Refusal(`not in the cluster: ${named('missing')}; npx hearth up ${name} makes it. Nothing was changed.`);
  if (named('stopped') !== '') world.err(`note: stopped, and left so: ${named('stopped')}; npx hearth start ${name} starts it`);
  return states.filter(({ state }) => state !== 'stopped').map(({ workload }) => workload);
}
