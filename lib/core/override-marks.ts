import type { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import { publicPorts } from './service';
import type { Workload } from './workload';

/** Labels and annotations for others than hearth: a load balancer, a service mesh, whoever sums up costs. */
export interface Marks {
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default none */
  readonly annotations?: Readonly<Record<string, string>>;
}

type Marked = 'pods' | 'publicServices';

/** Metadata with what the platform file adds to it. */
export function withMarks({ component }: Workload, of: Marked, own: k8s.ObjectMeta): k8s.ObjectMeta {
  const { labels, annotations } = component.overrides[of] ?? {};
  return {
    ...own,
    ...(labels ? { labels: { ...labels, ...own.labels } } : {}),
    ...(annotations ? { annotations: { ...annotations, ...own.annotations } } : {}),
  };
}

/** By these hearth finds its objects, and knows when a pod must start anew. */
const hearthsOwn = /^(app\.kubernetes\.io\/(name|instance|part-of|managed-by)|hearth\/.*)$/;
const metricsOwn = /^prometheus\.io\/(scrape|port|path|scheme)$/;

/** Refuses labels and annotations that hearth sets itself, and those of what the service does not have. */
export function refuseMarks(component: Component): void {
  const workloads = component.platform.graph.workloadsOf(component);
  const hasMetrics = workloads.some(({ props }) => props.metrics !== undefined);
  const missing: Readonly<Record<Marked, string | undefined>> = {
    pods: workloads.length > 0 ? undefined : 'has no effect, since this service has no pods of its own; remove it',
    publicServices: workloads.some((workload) => publicPorts(workload).length > 0)
      ? undefined
      : 'has no effect, since the world reaches this service through the gateway alone; remove it',
  };
  for (const of of ['pods', 'publicServices'] as const) {
    const marks = component.overrides[of];
    if (marks === undefined) continue;
    if (missing[of] !== undefined) component.refuse([of], missing[of]);
    for (const kind of ['labels', 'annotations'] as const) {
      const isOwn = (name: string) => hearthsOwn.test(name) || (of === 'pods' && hasMetrics && metricsOwn.test(name));
      for (const name of Object.keys(marks[kind] ?? {}).filter(isOwn)) {
        component.refuse([of, kind, name], 'is set by hearth itself; remove it');
      }
    }
  }
}
