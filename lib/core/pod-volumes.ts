import type { k8s } from 'cdk8s-plus-28';
import type { MountSource } from './mount';
import { quantityValue } from './resources';
import type { Workload } from './workload';

/**
 * Name of the pod's volume that a mount stands for: its own one. Those of a ConfigMap and of a Secret may be that of the
 * service, which may be called `data` or `tmp`: where something else has that name, they get another one.
 * @param mounts all of the pod
 */
export function volumeName(mounts: readonly MountSource[], { name, config, credential }: MountSource): string {
  if (!config && !credential) return name;
  const others = mounts.filter((other) => other.config !== config || other.credential !== credential);
  return others.some((other) => other.name === name) ? `${name}-${config ? 'config' : 'secret'}` : name;
}

/** The volumes of a pod that come from no claim template. @param mounts all of it */
export function podVolumes(workload: Workload, mounts: readonly MountSource[]): k8s.Volume[] {
  const templates = new Set(workload.claimTemplates ? workload.volumes.map(({ name }) => name) : []);
  const volumes = new Map<string, k8s.Volume>();
  for (const mount of mounts) {
    const volume = mount.volume(workload);
    if (volume === undefined) continue;
    const name = volumeName(mounts, mount);
    const other = volumes.get(name);
    const both = other ? roomForBoth(other, { ...volume, name }) : { ...volume, name };
    if (!both || templates.has(name)) {
      throw new Error(`${workload.name} mounts two volumes ${name}; give one of them another name`);
    }
    volumes.set(name, both);
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
