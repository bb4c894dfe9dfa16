import type { Component } from './component';
import { mainWorkloads, refuseWithoutPods } from './overrides';
import { suggest } from './problem';
import type { Workload, WorkloadContainer } from './workload';

/** The containers of a workload with the images that the platform file wants instead of those of the components. */
export function withImages(workload: Workload, containers: readonly WorkloadContainer[]): WorkloadContainer[] {
  return containers.map((container) => {
    const image = imageOf(ownerOf(workload, container), container.props.image);
    return image === container.props.image ? container : { ...container, props: { ...container.props, image } };
  });
}

/** Whose image it is: a container that waits for another service runs a client of that one, of its version. */
function ownerOf({ component, props: { uses = [] } }: Workload, { props }: WorkloadContainer): Component {
  return uses.find(({ wait }) => wait === props)?.endpoint.workload.component ?? component;
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
      .filter((container) => ownerOf(workload, container) === component)
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
