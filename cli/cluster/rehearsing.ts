import type { Wave } from '../../lib/derived/applied-objects';
import { exitCodes, Refusal } from '../refusal';
import { refOf, refText, type Cluster, type KubernetesObject } from './cluster';
import { mendOf } from './refused-change';

/** What applying one object would do, as the API server itself tells: it fills in defaults and runs admission. */
export interface Rehearsal {
  readonly manifest: KubernetesObject;
  /** The object as it is. @default there is none */
  readonly live?: KubernetesObject;
  /** The object as it would be. */
  readonly next: KubernetesObject;
  /** Why the API server does not allow it, and the mend. @default it does */
  readonly refused?: string;
}

/** Rehearses every object, and changes nothing. What does not exist yet is taken as allowed. */
export async function rehearse(cluster: Cluster, model: readonly Wave[], force: boolean): Promise<Rehearsal[]> {
  const definitions: Rehearsal[] = [];
  const one = async (manifest: KubernetesObject): Promise<Rehearsal> => {
    const live = await cluster.read(refOf(manifest));
    // What does not exist cannot be rehearsed: its namespace or its kind may be missing as well.
    if (!live) return { manifest, next: manifest };
    try {
      return { manifest, live, next: await cluster.apply(manifest, { dryRun: true, force }) };
    } catch (error) {
      if (!(error instanceof Refusal) || error.exitCode === exitCodes.unreachable) throw error;
      // Nothing is known then: an admission webhook cannot rehearse, or the definition of the kind changes as well.
      const unknown = /does not support dry run/.test(error.message) || definitions.some((each) => redefines(each, manifest));
      if (unknown) return { manifest, live, next: manifest };
      const reason = error.message.replace(`${cluster.title}: `, '');
      const mend = mendOf(live, manifest, reason);
      return { manifest, live, next: live, refused: mend === undefined ? reason : `${reason}\n${mend}` };
    }
  };
  const found: Rehearsal[] = [];
  for (const { objects } of model) {
    const wave = await Promise.all(objects.map(one));
    definitions.push(...wave.filter(({ manifest }) => manifest.kind === 'CustomResourceDefinition'));
    found.push(...wave);
  }
  return found;
}

/** Refuses before anything is changed where the cluster would refuse one of the objects halfway. */
export async function refuseImpossible(cluster: Cluster, model: readonly Wave[], force: boolean): Promise<void> {
  const refused = (await rehearse(cluster, model, force)).flatMap(({ manifest, refused: reason }) =>
    reason === undefined ? [] : [`${refText(refOf(manifest))}: ${reason}`],
  );
  if (refused.length > 0) {
    throw new Refusal(`${cluster.title}: the cluster would refuse a part of this, so nothing was changed\n${refused.join('\n')}`);
  }
}

interface Definition extends KubernetesObject {
  readonly spec?: { readonly group?: string; readonly names?: { readonly kind?: string } };
}

/** True for a changed definition of the object's kind. */
function redefines({ live, next }: Rehearsal, { apiVersion, kind }: KubernetesObject): boolean {
  const { spec } = next as Definition;
  const same = spec?.group === apiVersion.split('/')[0] && spec?.names?.kind === kind;
  return same && JSON.stringify((live as Definition | undefined)?.spec) !== JSON.stringify(spec);
}
