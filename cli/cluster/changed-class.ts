import type { KubernetesObject } from './cluster';
import type { Claim, StatefulSet } from './kinds';

interface Claimed {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Claim['spec'];
}

/** What to do where a stateful set wants volumes of another class than they have. @default undefined where it does not */
export function classMendOfSet(live: StatefulSet, manifest: StatefulSet): string | undefined {
  const { name } = manifest.metadata;
  const old = new Map(live.spec?.volumeClaimTemplates?.map((template) => [template.metadata?.name, template]));
  const changed = (manifest.spec?.volumeClaimTemplates ?? []).filter((template) => {
    const before = old.get(template.metadata?.name);
    return before !== undefined && before.spec?.storageClassName !== template.spec?.storageClassName;
  });
  const count = Math.max(live.spec?.replicas ?? 1, manifest.spec?.replicas ?? 1);
  const claims = changed.flatMap((template) =>
    Array.from({ length: count }, (_, replica) => `${template.metadata?.name}-${name}-${replica}`),
  );
  return claims.length > 0 ? mend(manifest, { kind: 'statefulset', name, claims, kept: changed.some(isKept) }) : undefined;
}

/** The same for the claim of a deployment. */
export function classMendOfClaim(live: Claim, manifest: Claim): string | undefined {
  const [before, after] = [live.spec, manifest.spec];
  const sameSize = before?.resources?.requests?.['storage'] === after?.resources?.requests?.['storage'];
  // Without a class in the manifest the cluster fills in its own, which then stands in the claim alone.
  const same = after?.storageClassName === undefined ? !sameSize : after.storageClassName === before?.storageClassName;
  if (same) return undefined;
  const { name, labels } = manifest.metadata;
  const deployment = labels?.['app.kubernetes.io/instance'] ?? '<deployment>';
  return mend(manifest, { kind: 'deployment', name: deployment, claims: [name], kept: isKept(manifest) });
}

const isKept = ({ metadata }: Claimed): boolean => metadata?.labels?.['hearth/backup-priority'] !== 'none';

interface Moved {
  /** Of what has the volumes. */
  readonly kind: 'statefulset' | 'deployment';
  readonly name: string;
  readonly claims: readonly string[];
  /** Whether a backup holds what is on them. */
  readonly kept: boolean;
}

function mend({ metadata: { namespace = '', labels = {} } }: KubernetesObject, { kind, name, claims, kept }: Moved): string {
  const platform = labels['app.kubernetes.io/part-of'] ?? '<platform>';
  const service = labels['app.kubernetes.io/name'] ?? '<service>';
  const beginning = kept
    ? 'begin with new volumes and bring the data over'
    : 'begin with new volumes, since what is on them is made again';
  return [
    `A volume keeps its class: set it back, or ${beginning}:`,
    ...(kept ? [`npx hearth backup ${platform} ${service}`] : []),
    `kubectl -n ${namespace} delete ${kind} ${name}`,
    `kubectl -n ${namespace} delete pvc ${claims.join(' ')}`,
    `npx hearth up ${platform}`,
    ...(kept ? [`npx hearth restore ${platform} ${service}`] : []),
  ].join('\n  ');
}
