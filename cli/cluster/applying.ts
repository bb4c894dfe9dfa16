import type { Wave } from '../../lib/derived/applied-objects';
import { Refusal } from '../refusal';
import type { Step, World } from '../world';
import { refOf, refText, type Cluster, type KubernetesObject } from './cluster';

/** A step for each wave of the platform: server-side apply of its objects, one after the other. */
export function applySteps(cluster: Cluster, world: World, model: readonly Wave[], force: boolean): Step[] {
  return model.map(({ folder, objects }) => ({
    title: folder,
    async run(say) {
      const versions = await Promise.all(
        objects.map(async (manifest) => versionOf(await cluster.read(refOf(manifest)))),
      );
      let changed = 0;
      for (const [i, manifest] of objects.entries()) {
        say(refText(refOf(manifest)));
        const version = versionOf(await cluster.apply(manifest, { force }));
        if (version === undefined || version !== versions[i]) changed += 1;
      }
      await untilKnown(cluster, world, objects, say);
      return `${changed} made or changed, ${objects.length - changed} unchanged`;
    },
  }));
}

const versionOf = (object: KubernetesObject | undefined) => object?.metadata.resourceVersion;

interface Definition extends KubernetesObject {
  readonly status?: { readonly conditions?: { readonly type: string; readonly status: string }[] };
}

/** The API server serves a new kind a moment after its definition was made. */
async function untilKnown(
  cluster: Cluster,
  world: World,
  objects: readonly KubernetesObject[],
  say: (what: string) => void,
) {
  for (const definition of objects.filter(({ kind }) => kind === 'CustomResourceDefinition')) {
    for (let tries = 0; ; tries++) {
      const found = await cluster.read<Definition>(refOf(definition));
      if (found?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) break;
      if (tries === 120) throw new Refusal(`${definition.metadata.name} was not accepted within a minute; kubectl describe crd ${definition.metadata.name} says why`); // prettier-ignore
      say(`waits for ${definition.metadata.name}`);
      await world.sleep(500);
    }
  }
}
