import type { Component } from './component';

/** What a platform file says of one volume. */
export interface VolumeOverride {
  /** Kubernetes quantity. @default that of the component */
  readonly size?: string;
  /** StorageClass. @default that of the platform */
  readonly class?: string;
}

/** Refuses a class of a volume that the service does not have with its other settings: nothing would be of that class. */
export function refuseStorage(component: Component): void {
  for (const [volume, { class: storageClass }] of Object.entries(component.overrides.storage ?? {})) {
    if (storageClass === undefined || component.madeVolumes.has(volume)) continue;
    component.refuse(
      ['storage'],
      `the class ${storageClass} has no effect, since with these settings the service has no volume ${volume}; remove it`,
    );
  }
}
