import { kinds } from '../../lib/core/kinds';
import type { Platform } from '../../lib/core/platform';
import { waves, type Wave } from '../../lib/derived/applied-objects';
import { refOf, refText, type Cluster, type KubernetesObject, type ObjectKind } from './cluster';

/** Kept in any case: they hold data, or other platforms use them. */
const kept = ['CustomResourceDefinition', 'PersistentVolumeClaim', 'Secret'];

/** The kinds of hearth, and what components from outside bring besides; consumers before what they use. */
function kindsOf(model: readonly Wave[]): ObjectKind[] {
  const known = new Set(kinds.map(({ kind }) => kind));
  const further = model.flatMap(({ objects }) => objects).filter(({ kind }) => !known.has(kind));
  const brought = new Map(further.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, { apiVersion, kind }]));
  return [...brought.values(), ...kinds.toReversed()].filter(({ kind }) => !kept.includes(kind));
}

/** What made an object that is not in the model: a command, as a run of its own. */
export const runLabel = 'hearth/run';

/** Everything in the cluster that carries the name of the platform, but for claims and Secrets; consumers before what they use. */
export async function ownedObjects(cluster: Cluster, platform: Platform): Promise<KubernetesObject[]> {
  const labels = { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': platform.config.name };
  return (await Promise.all(kindsOf(waves(platform)).map((kind) => cluster.list(kind, { labels })))).flat();
}

/** What the platform left behind in the cluster: no longer in the model, and not a run of a command. */
export function leftovers(owned: readonly KubernetesObject[], model: readonly Wave[]): KubernetesObject[] {
  const wanted = new Set(model.flatMap(({ objects }) => objects.map((manifest) => identity(manifest))));
  return owned.filter((object) => !wanted.has(identity(object)) && object.metadata.labels?.[runLabel] === undefined);
}

/** A job of an earlier model: another one with the same work has taken its place. */
export const isSuperseded = ({ kind }: KubernetesObject): boolean => kind === 'Job';

function identity(object: KubernetesObject): string {
  const [group] = object.apiVersion.split('/');
  return `${group} ${refText(refOf(object))}`;
}
