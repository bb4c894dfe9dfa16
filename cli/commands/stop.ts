import type { Command } from 'commander';
import type { Component } from '../../lib/core/component';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { startOrder } from '../../lib/derived/start-order';
import { wholeNumber } from '../arguments';
import { refuseUnderArgoCd } from '../cluster/argo-cd';
import type { Cluster } from '../cluster/cluster';
import { start, stop } from '../cluster/scaling';
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
      await run({ cluster, platform, components, timeout, given: [platformName, ...names].join(' ') });
    });

/** `stop`: no pod runs any more; data, Secrets and addresses stay. */
export const stopCommand = (world: World): Command => {
  const description = 'scale to zero, consumers before what they use; nothing is deleted';
  return scaleCommand(world, 'stop', description, async ({ cluster, platform, components, timeout, given }) => {
    await stopComponents(world, cluster, platform, components, timeout);
    const users = usersOf(platform, components);
    if (users.length > 0) world.err(`note: still running, and in need of them: ${users.join(', ')}`);
    world.out(`Start again: npx hearth start ${given}`);
  });
};

/** `start`: as many pods again as the platform file says. */
export const startCommand = (world: World): Command => {
  const description = 'scale back to what the platform file says, providers before their users';
  return scaleCommand(world, 'start', description, async ({ cluster, platform, components, timeout }) => {
    await startComponents(world, cluster, platform, components, timeout);
  });
};

/** The levels of the start order, cut down to some components. */
function levelsOf(platform: Platform, components: readonly Component[]): Workload[][] {
  const levels = startOrder(platform).map((level) => level.filter(({ component }) => components.includes(component)));
  return levels.filter((level) => level.length > 0);
}

const scheduled = (platform: Platform, components: readonly Component[]) =>
  platform.graph.workloads.filter(({ kind, component }) => kind === 'CronJob' && components.includes(component));

/** Stops components, the last to start first. */
export async function stopComponents(
  world: World,
  cluster: Cluster,
  platform: Platform,
  components: readonly Component[],
  timeout: number,
): Promise<void> {
  for (const level of [scheduled(platform, components), ...levelsOf(platform, components).reverse()]) {
    if (level.length > 0) await stop(world, cluster, platform, level, timeout);
  }
}

/** Starts components, each level once the one before it is up. */
export async function startComponents(
  world: World,
  cluster: Cluster,
  platform: Platform,
  components: readonly Component[],
  timeout: number,
): Promise<void> {
  for (const level of [...levelsOf(platform, components), scheduled(platform, components)]) {
    if (level.length > 0) await start(world, cluster, platform, level, timeout);
  }
}

/** Names of running components that need one of these. */
function usersOf(platform: Platform, components: readonly Component[]): string[] {
  const users = platform.graph.connections
    .filter(({ from, to }) => components.includes(to.workload.component) && from.replicas > 0)
    .map(({ from }) => from.component)
    .filter((component) => !components.includes(component));
  return [...new Set(users.map((component) => component.name))];
}
