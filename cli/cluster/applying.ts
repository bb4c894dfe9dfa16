import type { Wave } from '../../lib/derived/applied-objects';
import { Refusal } from '../refusal';
import type { Step, World } from '../world';
import { refOf, refText, type Cluster, type KubernetesObject } from './cluster';
import type { Job } from './kinds';

/** A step for each wave of the platform: server-side apply of its objects, one after the other. */
export function applySteps(cluster: Cluster, world: World, model: readonly Wave[], force: boolean): Step[] {
  return model.map(({ folder, objects }) => ({
    title: folder,
    async run(say) {
      const before = await Promise.all(objects.map((manifest) => cluster.read(refOf(manifest))));
      const versions = before.map(versionOf);
      const failed = before.filter((object): object is KubernetesObject => object !== undefined && hasFailed(object));
      for (const job of failed) await remove(cluster, world, job, say);
      let changed = 0;
      for (const [i, manifest] of objects.entries()) {
        say(refText(refOf(manifest)));
        const version = versionOf(await cluster.apply(manifest, { force }));
        if (version === undefined || version !== versions[i]) changed += 1;
      }
      await untilKnown(cluster, world, objects, say);
      const again = failed.map((job) => `; ${nameOf(job)} failed before: runs it again`);
      return `${changed} made or changed, ${objects.length - changed} unchanged${again.join('')}`;
    },
  }));
}

const versionOf = (object: KubernetesObject | undefined) => object?.metadata.resourceVersion;

/** A job whose retries are used up: it would stay as it is for ever. */
const hasFailed = (object: KubernetesObject): boolean =>
  object.kind === 'Job' &&
  ((object as Job).status?.conditions ?? []).some(({ type, status }) => type === 'Failed' && status === 'True');

/** Of a job without the hash of its work. */
const nameOf = ({ metadata }: KubernetesObject): string => metadata.labels?.['app.kubernetes.io/instance'] ?? metadata.name;

/** Deletes an object, and waits until its name is free. */
async function remove(cluster: Cluster, world: World, object: KubernetesObject, say: (what: string) => void) {
  const ref = refOf(object);
  say(`deletes ${refText(ref)}, which failed`);
  await cluster.delete(ref);
  for (let tries = 0; (await cluster.read(ref)) !== undefined; tries++) {
    if (tries === 120)
      throw new Refusal(`${refText(ref)} failed before, and is not gone a minute after its deletion; look at its finalizers`);
    await world.sleep(500);
  }
}

interface Definition extends KubernetesObject {
  readonly status?: { readonly conditions?: { readonly type: string; readonly status: string }[] };
}

/** The API server serves a new kind a moment after its definition was made. */
async function untilKnown(cluster: Cluster, world: World, objects: readonly KubernetesObject[], say: (what: string) => void) {
  for (const definition of objects.filter(({ kind }) => kind === 'CustomResourceDefinition')) {
    for (let tries = 0; ; tries++) {
      const found = await cluster.read<Definition>(refOf(definition));
      if (found?.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) break;
      if (tries === 120)
        throw new Refusal(
          `${definition.metadata.name} was not accepted within a minute; kubectl describe crd ${definition.metadata.name} says why`,
        );
      say(`waits for ${definition.metadata.name}`);
      await world.sleep(500);
    }
  }
}
