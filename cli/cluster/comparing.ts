import { isDeepStrictEqual } from 'node:util';
import { createTwoFilesPatch } from 'diff';
import * as YAML from 'yaml';
import type { Platform } from '../../lib/core/platform';
import { waves } from '../../lib/derived/applied-objects';
import { refOf, refText, type Cluster, type KubernetesObject, type ObjectRef } from './cluster';
import { leftovers, ownedObjects } from './leftovers';
import { rehearse, type Rehearsal } from './rehearsing';

/** How an object of the cluster differs from the model. */
export interface Difference {
  /**
   * new: would be made; changed: would become another; refused: would have to become another, which the cluster does not
   * allow; leftover: no longer in the model.
   */
  readonly change: 'new' | 'changed' | 'refused' | 'leftover';
  readonly object: ObjectRef;
  /** Unified diff from the cluster to the model, as YAML. */
  readonly diff: string;
  /** Why the cluster refuses it, and the mend. */
  readonly reason?: string;
}

/**
 * What applying the platform would change, as the API server itself tells: it fills in defaults and runs admission, and
 * keeps nothing.
 */
export async function differences(cluster: Cluster, platform: Platform): Promise<Difference[]> {
  const model = waves(platform);
  const found = (await rehearse(cluster, model, true)).flatMap(differenceOf);
  const left = leftovers(await ownedObjects(cluster, platform), model);
  return [
    ...found,
    ...left.map((object): Difference => {
      const diff = difference(refText(refOf(object)), object, undefined) ?? '';
      return { change: 'leftover', object: refOf(object), diff };
    }),
  ];
}

function differenceOf({ manifest, live, next, refused }: Rehearsal): Difference[] {
  const object = refOf(manifest);
  if (refused !== undefined) return [{ change: 'refused', object, diff: '', reason: refused }];
  const diff = difference(refText(object), live, next);
  return diff === undefined ? [] : [{ change: live ? 'changed' : 'new', object, diff }];
}

function difference(title: string, from?: KubernetesObject, to?: KubernetesObject): string | undefined {
  const objects = [from, to].map((object) => object && essence(object));
  // Most objects are as they were, and to write them down takes longer.
  if (isDeepStrictEqual(objects[0], objects[1])) return undefined;
  const [before, after] = objects.map((object) => (object ? YAML.stringify(object, { lineWidth: 0, sortMapEntries: true }) : ''));
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
