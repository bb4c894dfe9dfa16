import type { Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import { bytesText, cpuText, footprint, type Footprint } from '../../lib/derived/footprint';
import { capacityFindings, diskFindings, roomsOf } from '../doctor/capacity';
import type { Finding } from '../doctor/finding';
import { findingLines } from '../doctor/lines';
import { outputOption, print, table, type OutputOptions } from '../output';
import { exitCodes } from '../refusal';
import { clusterCommand, clusterOf, platformOf } from '../target';
import type { World } from '../world';

interface Options extends OutputOptions {
  readonly context?: string;
  readonly nodes?: boolean;
}

interface Named extends Footprint {
  readonly name: string;
}

/** What a platform asks of a cluster: CPU in cores, memory and storage in bytes. */
export interface PlatformFootprint {
  readonly tiers: readonly (Named & { readonly components: readonly Named[] })[];
  /** Of everything that always runs. */
  readonly total: Footprint;
  /** While they run, in addition. */
  readonly jobs: Footprint & { readonly components: readonly Named[] };
}

/** The footprint by tier and component, its jobs apart. */
export function footprintOf({ tiers, graph: { workloads } }: Platform): PlatformFootprint {
  const running = workloads.filter(({ replicas }) => replicas > 0);
  const jobs = workloads.filter(({ replicas }) => replicas === 0);
  const components = tiers.flatMap((tier) => tier.components);
  const named = (component: (typeof components)[number], among: typeof workloads): Named => ({
    name: component.name,
    ...footprint(among.filter((workload) => workload.component === component)),
  });
  return {
    tiers: tiers.map((tier) => ({
      name: tier.name,
      ...footprint(running.filter(({ component }) => component.tier === tier)),
      components: tier.components.map((component) => named(component, running)),
    })),
    total: footprint(running),
    jobs: {
      ...footprint(jobs),
      components: components.map((component) => named(component, jobs)).filter(({ pods }) => pods > 0),
    },
  };
}

/** `footprint`: what a platform asks of a cluster. */
export const footprintCommand = (world: World): Command =>
  clusterCommand('footprint', 'sum up the CPU, memory and storage of a platform')
    .option('--nodes', 'compare them with what the nodes of the cluster have')
    .addOption(outputOption())
    .action(async (name: string, options: Options) => {
      const platform = platformOf(world, name);
      const sums = footprintOf(platform);
      const findings = options.nodes ? await compared(world, platform, options) : undefined;
      if (findings?.some(({ level }) => level === 'problem')) world.exitCode = exitCodes.notReady;
      print(world, options, { ...sums, ...(findings ? { nodes: findings } : {}) }, () => [
        ...footprintTable(sums),
        ...(findings ? ['', ...findingLines(findings)] : []),
      ]);
    });

async function compared(world: World, platform: Platform, { context, output }: Options): Promise<Finding[]> {
  const cluster = await clusterOf(world, platform, context);
  if (output === 'json') world.err(cluster.title);
  else world.out(cluster.title);
  const rooms = await roomsOf(cluster, platform);
  return [...capacityFindings(platform, rooms), ...(rooms.length > 0 ? diskFindings(platform, rooms) : [])];
}

function footprintTable({ tiers, total, jobs }: PlatformFootprint): string[] {
  const head = ['', 'PODS', 'CPU', 'MEMORY', 'CPU LIMIT', 'MEMORY LIMIT', 'STORAGE'];
  const inner = (part: Named) => row(`  ${part.name}`, part);
  return table(head, [
    ...tiers.flatMap((tier) => [row(tier.name, tier), ...tier.components.map(inner)]),
    row('total', total),
    ...(jobs.pods > 0 ? [row('while jobs run, in addition', jobs), ...jobs.components.map(inner)] : []),
  ]);
}

const row = (title: string, { pods, requests, limits, storage }: Footprint): string[] => [
  title,
  String(pods),
  cpuText(requests.cpu),
  bytesText(requests.memory),
  cpuText(limits.cpu),
  bytesText(limits.memory),
  storage > 0 ? bytesText(storage) : '',
];
