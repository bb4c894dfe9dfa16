import type { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import type { Workload } from './workload';

/** A taint that its pods bear, in the terms of Kubernetes. */
export interface Toleration {
  /** @default every taint, with operator Exists */
  readonly key?: string;
  /** @default 'Equal' */
  readonly operator?: 'Equal' | 'Exists';
  readonly value?: string;
  /** @default every effect */
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** Seconds for which it bears NoExecute. @default for ever */
  readonly tolerationSeconds?: number;
}

/** Where all pods of a service run, its jobs included. */
export interface PlacementOverride {
  /** Labels that a node must have. @default any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** @default none */
  readonly tolerations?: readonly Toleration[];
  /** Label of nodes that says their zone: several pods spread over the zones as well. @default over nodes alone */
  readonly zones?: string;
}

/** What the platform file says of the nodes. */
export function chosenNodes({ component }: Workload): Pick<k8s.PodSpec, 'nodeSelector' | 'tolerations'> {
  const { nodeSelector, tolerations } = component.overrides.placement ?? {};
  return {
    ...(nodeSelector ? { nodeSelector: { ...nodeSelector } } : {}),
    ...(tolerations ? { tolerations: [...tolerations] } : {}),
  };
}

/** The spread over nodes, and the same one over zones where the platform file names them. */
export function withZones({ component }: Workload, overNodes: k8s.TopologySpreadConstraint): k8s.TopologySpreadConstraint[] {
  const { zones } = component.overrides.placement ?? {};
  return zones === undefined ? [overNodes] : [overNodes, { ...overNodes, topologyKey: zones }];
}

/** Refuses a placement of pods that there are not. */
export function refusePlacement(component: Component): void {
  const { placement } = component.overrides;
  if (placement === undefined) return;
  const workloads = component.platform.graph.workloadsOf(component);
  if (workloads.length === 0) {
    component.refuse(['placement'], 'has no effect, since this service has no pods of its own; remove it');
  } else if (placement.zones !== undefined && workloads.every(({ replicas }) => replicas < 2)) {
    component.refuse(['placement', 'zones'], 'has no effect on a single pod; remove it, or run several (availability: high)');
  }
}
