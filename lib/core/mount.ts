import { k8s } from 'cdk8s-plus-28';
import type { Binding } from './binding';
import type { ConfigFiles } from './config-files';
import type { Credential } from './credential';
import type { Workload } from './workload';

/** Something that can stand at a path of a container: a volume, config files, secret files, temporary space. */
export interface MountSource {
  /** Name of the pod's volume, see {@link Workload.volumeName}; equal names share one volume. */
  readonly name: string;
  readonly readOnly: boolean;
  /** Only this file or folder of the volume. @default the whole volume */
  readonly subPath?: string;
  /** The configuration that it carries: its hash goes onto the pods, unless their programs reload it. */
  readonly config?: ConfigFiles;
  /** The credential whose values it carries. */
  readonly credential?: Credential;
  /** What a workload uses by mounting it. */
  readonly binding?: Binding;
  /** The pod's volume, or undefined where a claim template provides it. */
  volume(workload: Workload): k8s.Volume | undefined;
}

/**
 * Writable space that is gone with the pod.
 * @param size upper bound, for example `64Mi`; the pod is evicted above it
 * @param medium `memory` counts against the memory limit
 */
export function temporary(name: string, size: string, medium?: 'memory'): MountSource {
  return {
    name,
    readOnly: false,
    volume: () => ({
      name,
      emptyDir: { sizeLimit: k8s.Quantity.fromString(size), ...(medium ? { medium: 'Memory' } : {}) },
    }),
  };
}
