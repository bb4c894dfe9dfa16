import type { Command } from 'commander';
import type { Component } from '../../lib/core/component';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { startOrder } from '../../lib/derived/start-order';
import { wholeNumber } from '../arguments';
import { refuseUnderArgoCd } from '../cluster/argo-cd';
import type { Cluster } from '../cluster/cluster';
import { start, stop } from '../cluster/scaling';
import { refuseUnderWay } from '../cluster/under-way';
import { clusterCommand, clusterOf, componentsOf, platformOf } from '../target';
import type { World } from '../world';

interface ScaleOptions {
  readonly context?: string;
  readonly timeout: number;
}

/** What a command is about, once its arguments are understood. */
interface Scope {
  readonly cluster: Cluster;
  readonly platform: Platform;
  readonly components: readonly Component[];
  readonly timeout: number;
  /** The arguments as they were given. */
  readonly given: string;
}

const scaleCommand = (world: World, name: string, description: string, run: (scope: Scope) => Promise<void>): Command =>
  clusterCommand(name, description)
    .argument('[component...]', 'these alone; by default all')
    .option('--timeout <seconds>', 'how long each step may take', wholeNumber, 300)
    .action(async (platformName: string, names: string[], { context, timeout }: ScaleOptions) => {
      const platform = platformOf(world, platformName);
      const components = componentsOf(platform, names);
      const cluster = await clusterOf(world, platform, context);
      world.out(cluster.title);
      await refuseUnderArgoCd(cluster, platform, `the ${name}`);
      await refuseUnderWay(cluster, platform);
      await run({ cluster, platform, components, timeout, given: [platformName, ...names].join(' ') });
    });

/** `stop`: no pod runs any more; data, Secrets and addresses stay. */
export const stopCommand = (world: World): Command => {
  const description = 'scale to zero, consumers before what they use; nothing is deleted';
  return scaleCommand(world, 'stop', description, async ({ cluster, platform, components, timeout, given }) => {
    await stopInOrder(world, cluster, platform, workloadsOf(platform, components), timeout);
    const users = [...new Set(platform.graph.usersOf(components).map(({ component }) => component.name))];
    if (users.length > 0) world.err(`note: still running, and in need of them: ${users.join(', ')}`);
    world.out(`Start again: npx hearth start ${given}`);
  });
};

/** `start`: as many pods again as the platform file says. */
export const startCommand = (world: World): Command => {
  const description = 'scale back to what the platform file says, providers before their users';
  return scaleCommand(world, 'start', description, async ({ cluster, platform, components, timeout }) => {
    await startInOrder(world, cluster, platform, workloadsOf(platform, components), timeout);
  });
};

/** Everything of these components that runs, or is scheduled. */
const workloadsOf = (platform: Platform, components: readonly Component[]): Workload[] =>
  platform.graph.workloads.filter(({ component, kind }) => components.includes(component) && kind !== 'Job');

/** Levels of the start order, with what is scheduled last. */
function levelsOf(platform: Platform, workloads: readonly Workload[]): Workload[][] {
  const scheduled = workloads.filter(({ kind }) => kind === 'CronJob');
  const levels = startOrder(platform).map((level) => level.filter((workload) => workloads.includes(workload)));
  return [...levels, scheduled].filter((level) => level.length > 0);
}

/** Stops workloads, the last to start first. */
export async function stopInOrder(
  world: World,
  cluster: Cluster,
  platform: Platform,
  workloads: readonly Workload[],
  timeout: number,
): Promise<void> {
  for (const level of levelsOf(platform, workloads).reverse()) await stop(world, cluster, level, timeout);
}

/** Starts workloads, each level once the one before it is up. */
export async function startInOrder(
  world: World,
  cluster: Cluster,
  platform: Platform,
  workloads: readonly Workload[],
  timeout: number,
): Promise<void> {
  for (const level of levelsOf(platform, workloads)) await start(world, cluster, level, timeout);
}
