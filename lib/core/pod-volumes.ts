import { k8s } from 'cdk8s-plus-28';
import type { MountSource } from './mount';
import { quantityValue } from './resources';
import type { Workload } from './workload';

/** The volumes of a pod, each once. */
export function podVolumes(workload: Workload, mounts: readonly MountSource[]): k8s.Volume[] {
  const volumes = new Map<string, k8s.Volume>();
  for (const mount of mounts) {
    const volume = mount.volume(workload);
    if (volume === undefined) continue;
    const known = volumes.get(mount.name);
    const both = known ? roomForBoth(known, volume) : volume;
    if (!both) throw new Error(`${workload.name} mounts two volumes ${mount.name}; give one of them another name`);
    volumes.set(mount.name, both);
  }
  return [...volumes.values()];
}

/** The volume that two of the same name become: equal ones, or temporary space for whoever needs more. */
function roomForBoth(one: k8s.Volume, other: k8s.Volume): k8s.Volume | undefined {
  if (JSON.stringify(one) === JSON.stringify(other)) return one;
  if (!one.emptyDir || !other.emptyDir || one.emptyDir.medium !== other.emptyDir.medium) return undefined;
  const size = ({ emptyDir }: k8s.Volume) => quantityValue(String(emptyDir?.sizeLimit?.value)) ?? Infinity;
  return size(one) >= size(other) ? one : other;
}
