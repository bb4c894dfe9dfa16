import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import type { Volume } from '../../lib/core/volume';
import { Refusal } from '../refusal';
import type { Cluster } from './cluster';
import type { Claim } from './kinds';

/**
 * Refuses where a service would begin with empty volumes beside those that it had: its volumes got other names, as when
 * one server becomes a cluster.
 */
export async function refuseMovedData(cluster: Cluster, platform: Platform): Promise<void> {
  const { name } = platform.config;
  const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  const lines: string[] = [];
  for (const component of platform.tiers.flatMap(({ components }) => components)) {
    const { namespace } = component.tier;
    const kept = platform.graph
      .workloadsOf(component)
      .filter(({ replicas }) => replicas > 0)
      .flatMap((workload) => workload.volumes.flatMap((volume) => (isKept(volume) ? [{ workload, volume }] : [])));
    if (kept.length === 0) continue;
    const labels = { 'app.kubernetes.io/name': component.name };
    const found = await cluster.list<Claim>(kind, { namespace, labels });
    const names = new Set(found.map(({ metadata }) => metadata.name));
    const missing = kept.flatMap(({ workload, volume }) => volume.claimNames(workload)).filter((claim) => !names.has(claim));
    const had = found
      .filter(({ metadata }) => metadata.labels?.['hearth/backup-priority'] !== 'none')
      .map(({ metadata }) => metadata.name)
      .filter((claim) => !kept.some(({ workload, volume }) => isOf(claim, workload, volume)));
    if (missing.length === 0 || had.length === 0) continue;
    lines.push(
      `${component.name} would begin with empty volumes (${missing.join(', ')}), and what it had is in ${had.join(', ')} of ${namespace}`,
    );
  }
  if (lines.length === 0) return;
  throw new Refusal(
    [
      ...lines,
      `To bring the data over: go back to the file as it was, npx hearth backup ${name}; then the new file, npx hearth up ${name} --new-data, npx hearth restore ${name}.`,
      'The old volumes are kept. Nothing was changed.',
    ].join('\n'),
  );
}

const isKept = ({ props }: Volume): boolean => props.backup !== 'none';

/** Whether a claim belongs to the volume, also where its replica is no longer wanted. */
function isOf(claim: string, workload: Workload, volume: Volume): boolean {
  if (!workload.claimTemplates) return claim === volume.claimName(workload);
  const prefix = volume.claimName(workload, 0).replace(/0$/, '');
  return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
}
