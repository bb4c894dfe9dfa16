import type { Platform } from '../../lib/core/platform';
import { Refusal } from '../refusal';
import { refText, type Cluster } from './cluster';
import { controllerRef, type StatefulSet } from './kinds';

/**
 * Refuses where a running service would lose some of its pods with volumes: data that only they hold would be out of reach,
 * and those that stay may be no majority.
 */
export async function refuseFewerMembers(cluster: Cluster, platform: Platform): Promise<void> {
  const lines: string[] = [];
  for (const workload of platform.graph.workloads.filter(({ claimTemplates }) => claimTemplates)) {
    const ref = controllerRef(workload);
    const now = (await cluster.read<StatefulSet>(ref))?.spec?.replicas ?? 0;
    if (now <= workload.replicas) continue;
    const pods = `${workload.replicas} ${workload.replicas === 1 ? 'pod' : 'pods'}`;
    lines.push(`services.${workload.component.name}: ${refText(ref)} has ${now} pods, and would have ${pods}`);
  }
  if (lines.length === 0) return;
  const { name } = platform.config;
  throw new Refusal(
    [
      ...lines,
      `What only the others hold would be out of reach. Write as many as before; or make a backup (npx hearth backup ${name}), and once those that stay hold everything, npx hearth up ${name} --fewer-members.`,
      'Nothing was changed.',
    ].join('\n'),
  );
}
