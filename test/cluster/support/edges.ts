import { eventually } from './kubectl';
import { clusterNetwork } from './network';
import { ReachabilityCheck } from './reachability';
import type { Workspace } from './workspace';

/**
 * Every declared edge of a platform works, and no other one does: between all its workloads, strangers in each namespace, all
 * ports that are offered, and the Kubernetes API.
 * @param seconds until then, since policies follow a change by moments
 * @returns the declared ones: `namespace/probe → workload:port`
 */
export async function expectDeclaredEdges(
  { platform, apiServer }: Pick<Workspace, 'platform' | 'apiServer'>,
  network = clusterNetwork,
  seconds = 90,
): Promise<string[]> {
  const servers = platform.graph.workloads.filter((workload) => workload.ports.some((port) => port.offered));
  const check = await ReachabilityCheck.start(platform, servers, { apiServer }, network);
  try {
    const declared = check.declared();
    // Each is kept from something.
    const probes = (lines: string[]) => new Set(lines.map((line) => line.replace(/ → .*/, '')));
    const free = [...probes(check.pairs())].filter((probe) => !probes(without(check.pairs(), declared)).has(probe));
    if (free.length > 0) throw new Error(`may reach everything, so that no policy can be seen: ${free.join(', ')}`);
    await eventually(async () => {
      const open = await check.open();
      const wrong = [
        ...without(declared, open).map((line) => `declared, but not open: ${line}`),
        ...without(open, declared).map((line) => `open, but not declared: ${line}`),
      ];
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    }, seconds);
    return declared;
  } finally {
    await check.stop();
  }
}

const without = (lines: string[], others: string[]) => lines.filter((line) => !others.includes(line));
