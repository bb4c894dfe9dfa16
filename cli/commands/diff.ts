import { styleText } from 'node:util';
import type { Command } from 'commander';
import { refText } from '../cluster/cluster';
import { restartWorkloads } from '../cluster/restarting';
import { differences, type Difference } from '../cluster/comparing';
import { outputOption, print, type OutputOptions } from '../output';
import { exitCodes, Refusal } from '../refusal';
import { clusterCommand, clusterOf, confirmed, platformOf } from '../target';
import type { World } from '../world';
import { up, withUpOptions, type UpOptions } from './up';

/** `diff`: what applying would change. */
export const diffCommand = (world: World): Command =>
  clusterCommand('diff', 'show what up would change in the cluster, and what is there but no longer in the platform')
    .addOption(outputOption())
    .option('--exit-code', `end with ${exitCodes.notReady} where anything differs`)
    .action(async (name: string, options: OutputOptions & { readonly context?: string; readonly exitCode?: boolean }) => {
      const platform = platformOf(world, name);
      const cluster = await clusterOf(world, platform, options.context);
      world.err(cluster.title);
      const found = await differences(cluster, platform);
      const json = found.map(({ change, object, ...rest }) => ({ change, ...object, ...rest }));
      print(world, options, json, () => report(world, found));
      if (options.exitCode && found.length > 0) world.exitCode = exitCodes.notReady;
    });

/** `update`: the difference first, then the same as `up`. */
export const updateCommand = (world: World): Command =>
  withUpOptions(
    clusterCommand('update', 'show what would change, ask, then apply it; images without a fixed tag are pulled anew'),
  )
    .option('--yes', 'do not ask')
    .action(async (name: string, options: UpOptions & { readonly yes?: boolean }) => {
      const platform = platformOf(world, name);
      const cluster = await clusterOf(world, platform, options.context);
      world.out(cluster.title);
      const found = await differences(cluster, platform);
      const pulled = platform.graph.workloads.filter((workload) => workload.replicas > 0 && workload.floatingImages.length > 0);
      report(world, found).forEach((line) => world.out(line));
      for (const workload of pulled)
        world.out(`restarts, to pull its image anew: ${workload.name} (${workload.floatingImages.join(', ')})`);
      if (found.some(({ change }) => change === 'refused'))
        throw new Refusal('The cluster refuses what is named above. Nothing was changed.');
      if (found.length + pulled.length === 0) return;
      await confirmed(world, `Apply this to ${cluster.title}?`, options.yes);
      await up(world, cluster, platform, options);
      if (pulled.length > 0) await restartWorkloads(world, cluster, pulled, options);
    });

function report(world: World, found: readonly Difference[]): string[] {
  if (found.length === 0) return ['Nothing differs.'];
  const count = (change: Difference['change']) => found.filter((difference) => difference.change === change).length;
  const details = found.flatMap(({ change, object, diff, reason }) => {
    if (change === 'refused') return `refused: ${refText(object)}: ${reason}`.split('\n');
    if (change !== 'changed') return [`${change}: ${refText(object)}`];
    const lines = diff.trimEnd().split('\n');
    return lines.map((line) => colour(world, line));
  });
  const refused = count('refused') > 0 ? `, ${count('refused')} refused` : '';
  return [
    ...details,
    `${count('new')} new, ${count('changed')} changed${refused}, ${count('leftover')} no longer in the platform`,
  ];
}

function colour(world: World, line: string): string {
  if (!world.terminal) return line;
  if (line.startsWith('+')) return styleText('green', line);
  return line.startsWith('-') ? styleText('red', line) : line;
}
