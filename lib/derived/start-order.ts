import type { Platform } from '../core/platform';
import { tiers } from '../core/tier';
import type { Workload } from '../core/workload';

/**
 * The workloads that keep running, in levels: each needs only workloads of earlier levels. Where some need each other in
 * a circle, those of the lowest tier come first.
 */
export function startOrder({ graph }: Platform): Workload[][] {
  const waiting = new Set(graph.workloads.filter(({ replicas }) => replicas > 0));
  const needs = new Map(
    [...waiting].map((workload) => [
      workload,
      graph.connections.flatMap(({ from, to }) => (from === workload && to.workload !== workload ? to.workload : [])),
    ]),
  );
  const levels: Workload[][] = [];
  while (waiting.size > 0) {
    const free = [...waiting].filter((workload) => !needs.get(workload)?.some((needed) => waiting.has(needed)));
    const level = free.length > 0 ? free : lowestTier([...waiting]);
    level.forEach((workload) => waiting.delete(workload));
    levels.push(level);
  }
  return levels;
}

function lowestTier(workloads: readonly Workload[]): Workload[] {
  const number = ({ component }: Workload) => tiers[component.tier.name].number;
  const lowest = Math.min(...workloads.map(number));
  return workloads.filter((workload) => number(workload) === lowest);
}
