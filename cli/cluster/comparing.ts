import { createTwoFilesPatch } from 'diff';
import * as YAML from 'yaml';
import type { Platform } from '../../lib/core/platform';
import { waves } from '../../lib/derived/applied-objects';
import { refOf, refText, type Cluster, type KubernetesObject, type ObjectRef } from './cluster';
import { leftovers, ownedObjects } from './leftovers';

/** How an object of the cluster differs from the model. */
export interface Difference {
  /** new: would be made; changed: would become another; leftover: no longer in the model. */
  readonly change: 'new' | 'changed' | 'leftover';
  readonly object: ObjectRef;
  /** Unified diff from the cluster to the model, as YAML. */
  readonly diff: string;
}

/**
 * What applying the platform would change, as the API server itself tells: it fills in defaults and runs admission, and
 * keeps nothing.
 */
export async function differences(cluster: Cluster, platform: Platform): Promise<Difference[]> {
  const model = waves(platform);
  const compare = async (manifest: KubernetesObject): Promise<Difference[]> => {
    const live = await cluster.read(refOf(manifest));
    // What does not exist cannot be rehearsed: its namespace or its kind may be missing as well.
    const next = live ? await cluster.apply(manifest, { dryRun: true, force: true }) : manifest;
    const diff = difference(refText(refOf(manifest)), live, next);
    return diff === undefined ? [] : [{ change: live ? 'changed' : 'new', object: refOf(manifest), diff }];
  };
  const found: Difference[] = [];
  for (const { objects } of model) found.push(...(await Promise.all(objects.map(compare))).flat());
  const left = leftovers(await ownedObjects(cluster, platform), model);
  return [
    ...found,
    ...left.map((object): Difference => {
      const diff = difference(refText(refOf(object)), object, undefined) ?? '';
      return { change: 'leftover', object: refOf(object), diff };
    }),
  ];
}

function difference(title: string, from?: KubernetesObject, to?: KubernetesObject): string | undefined {
  const [before, after] = [from, to].map((object) =>
    object ? YAML.stringify(essence(object), { lineWidth: 0, sortMapEntries: true }) : '',
  );
  if (before === after) return undefined;
  return createTwoFilesPatch(title, title, before ?? '', after ?? '', 'cluster', 'platform', { context: 3 })
    .split('\n')
    .slice(1)
    .join('\n');
}

/** What the API server notes for itself. */
const notes = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp'];

/** What a person decides of an object. */
function essence(object: KubernetesObject): object {
  const without = (whole: object, keys: readonly string[]) =>
    Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key)));
  return { ...without(object, ['status']), metadata: without(object.metadata, notes) };
}
