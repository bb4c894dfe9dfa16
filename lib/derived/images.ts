import type { Platform } from '../core/platform';

/** An image of a platform. */
export interface PulledImage {
  /** The name by which nodes pull it. */
  readonly image: string;
  /** The same without mirrors: where a mirror gets it from. */
  readonly original: string;
  /** The services that run it, by name. */
  readonly services: readonly string[];
}

/** Every image of a platform once, sorted by name. */
export function imagesOf({ graph }: Platform): PulledImage[] {
  const found = new Map<string, { original: string; services: Set<string> }>();
  for (const workload of graph.workloads) {
    for (const { props, original } of workload.containers) {
      const known = found.get(props.image) ?? { original, services: new Set() };
      known.services.add(workload.component.name);
      found.set(props.image, known);
    }
  }
  return [...found]
    .map(([image, { original, services }]) => ({ image, original, services: [...services].sort() }))
    .sort((a, b) => (a.image < b.image ? -1 : 1));
}
