import type { ForeignClient } from './clients';
import type { Component } from './component';
import type { HostsOverride } from './override-hosts';
import type { Marks } from './override-marks';
import type { PlacementOverride } from './override-placement';
import type { ResourcesOverride } from './override-resources';
import type { VolumeOverride } from './override-storage';
import type { Workload } from './workload';

/** One key of a Secret that is in the namespace already, whoever made it. */
export interface SecretReference {
  /** Name of the Secret. */
  readonly secret: string;
  readonly key: string;
}

/**
 * What a platform file may say of any service, whatever its component is: the same words for all of them, which no
 * component has to know.
 */
export interface Overrides {
  /** In place of the main container's image, wherever the service uses that one. @default the component's */
  readonly image?: string;
  /** The same for its other images: their names without registry, path and tag → image. @default none */
  readonly images?: Readonly<Record<string, string>>;
  /** Further environment variables of the main container. @default none */
  readonly env?: Readonly<Record<string, string | SecretReference>>;
  /** Volume, as its definition calls it → its size and class. @default those of the component and the platform */
  readonly storage?: Readonly<Record<string, VolumeOverride>>;
  /** CPU and memory of its programs. @default those of the component */
  readonly resources?: ResourcesOverride;
  /** Number of pods of its main program. @default as its definition says */
  readonly replicas?: number;
  /** Pods outside the platform that may come in. @default none */
  readonly clients?: Readonly<Record<string, ForeignClient>>;
  /** Other host names for its routes. @default those of the component */
  readonly hosts?: HostsOverride;
  /** Where its pods run. @default as hearth spreads them */
  readonly placement?: PlacementOverride;
  /** Of all its pods, those of jobs included. */
  readonly pods?: Marks;
  /** Of the Services by which the world reaches it beside the gateway; the gateway's own one is such a Service, too. */
  readonly publicServices?: Marks;
}

/**
 * The workloads whose first container is the service's main program: those that run all the time and whose container bears
 * the name of the service; among several of these, the one that bears it, too. Complete once every component is built.
 */
export function mainWorkloads(component: Component): Workload[] {
  const { platform, name } = component;
  const running = platform.graph.workloadsOf(component).filter(({ replicas }) => replicas > 0);
  const narrowed = (workloads: Workload[], is: (workload: Workload) => boolean) =>
    workloads.some(is) ? workloads.filter(is) : workloads;
  return narrowed(
    narrowed(running, ({ mainContainer }) => mainContainer === name),
    (workload) => workload.name === name,
  );
}

/** Refuses a word that speaks of pods where the service has none that run all the time. @returns whether it did */
export function refuseWithoutPods(component: Component, word: keyof Overrides): boolean {
  const without = component.overrides[word] !== undefined && mainWorkloads(component).length === 0;
  if (without) component.refuse([word], 'has no effect, since this service has no pods that run all the time; remove it');
  return without;
}
