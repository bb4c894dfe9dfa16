import type { Component } from './component';
import { pulledImage } from './image-sources';
import { mainWorkloads, refuseWithoutPods } from './overrides';
import { suggest } from './problem';
import type { Workload, WorkloadContainer } from './workload';

/** A container as it runs. */
export interface RunningContainer extends WorkloadContainer {
  /** Its image before a mirror takes its place. */
  readonly original: string;
}

/** The containers of a workload with the images that the platform file wants instead of those of the components. */
export function withImages(workload: Workload, containers: readonly WorkloadContainer[]): RunningContainer[] {
  return containers.map((container) => {
    const original = imageOf(container.owner ?? workload.component, container.props.image);
    const image = pulledImage(workload.component.platform.config, original);
    const { props } = container;
    return { ...container, original, props: image === props.image ? props : { ...props, image } };
  });
}

function imageOf(owner: Component, image: string): string {
  const { image: main, images = {} } = owner.overrides;
  if (main !== undefined && mainImages(owner).includes(image)) return main;
  return images[programOf(image)] ?? image;
}

const mainImages = (component: Component) => mainWorkloads(component).map(({ props }) => props.image);

/** `etcd` of `quay.io/coreos/etcd:v3.6.7`. */
export function programOf(image: string): string {
  const [name = ''] = image.split('@');
  return name.split('/').at(-1)?.split(':')[0] ?? '';
}

/** Refuses images that the service does not have. */
export function refuseImages(component: Component): void {
  const { images = {} } = component.overrides;
  refuseWithoutPods(component, 'image');
  const main = mainImages(component).map(programOf);
  const used = component.platform.graph.workloads.flatMap((workload) =>
    workload.declaredContainers
      .filter((container) => (container.owner ?? workload.component) === component)
      .map(({ props }) => programOf(props.image)),
  );
  const known = [...new Set(used)].filter((program) => !main.includes(program));
  for (const program of Object.keys(images).filter((name) => !known.includes(name))) {
    component.refuse(
      ['images', program],
      main.includes(program)
        ? 'is the main image; write it under image, beside images'
        : `is no image of this service; ${suggest(program, known)}`,
    );
  }
}
