import type { Component } from './component';
import { programOf } from './override-images';
import { mainWorkloads, refuseWithoutPods } from './overrides';
import { suggest } from './problem';
import { sized, type ResourceOverrides } from './resources';
import type { Workload, WorkloadContainer } from './workload';

/** CPU and memory of the main program, and of further ones: names of their images without registry, path and tag → sizes. */
export interface ResourcesOverride {
  readonly main: ResourceOverrides;
  readonly programs: Readonly<Record<string, ResourceOverrides>>;
}

/** The containers of a workload with the CPU and the memory that the platform file wants. */
export function withResources(workload: Workload, containers: readonly WorkloadContainer[]): readonly WorkloadContainer[] {
  const { component, mainContainer } = workload;
  const { resources } = component.overrides;
  if (resources === undefined) return containers;
  const isMain = mainWorkloads(component).includes(workload);
  return containers.map((container) => {
    const { name, init, owner, props } = container;
    const wanted = isMain && !init && name === mainContainer ? resources.main : resources.programs[programOf(props.image)];
    if (wanted === undefined || owner !== undefined) return container;
    return { ...container, props: { ...props, resources: sized(props.resources, wanted) } };
  });
}

/** Refuses resources of programs that the service does not have. */
export function refuseResources(component: Component): void {
  const { resources } = component.overrides;
  if (resources === undefined || refuseWithoutPods(component, 'resources')) return;
  const main = mainWorkloads(component).map(({ props }) => programOf(props.image));
  const used = component.platform.graph
    .workloadsOf(component)
    .flatMap(({ declaredContainers }) => declaredContainers)
    .flatMap(({ owner, props }) => (owner === undefined ? [programOf(props.image)] : []));
  const known = [...new Set(used)].filter((program) => !main.includes(program));
  for (const program of Object.keys(resources.programs).filter((name) => !known.includes(name))) {
    component.refuse(
      ['resources', program],
      main.includes(program)
        ? 'is the main program; write its requests and limits without its name'
        : `is no program of this service; ${suggest(program, known)}`,
    );
  }
}
