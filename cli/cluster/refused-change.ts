import { quantityValue } from '../../lib/core/resources';
import { classMendOfClaim, classMendOfSet } from './changed-class';
import type { KubernetesObject } from './cluster';
import type { Claim, StatefulSet } from './kinds';

type Template = NonNullable<NonNullable<StatefulSet['spec']>['volumeClaimTemplates']>[number];

/** Kinds that can be made anew without a loss of data. */
const replaceable = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Service',
  'StorageClass',
  'PriorityClass',
  'RoleBinding',
];

/** What to do about a change that Kubernetes does not allow. @default undefined where the reason says all */
export function mendOf(live: KubernetesObject, manifest: KubernetesObject, reason: string): string | undefined {
  const { kind } = manifest;
  if (kind === 'StatefulSet') {
    const [before, after] = [live as StatefulSet, manifest as StatefulSet];
    const mend = classMendOfSet(before, after) ?? claimMend(before, after);
    if (mend !== undefined) return mend;
  }
  if (kind === 'PersistentVolumeClaim') {
    return (
      classMendOfClaim(live as Claim, manifest as Claim) ??
      'Set it back: a claim only ever grows, and only where its StorageClass has allowVolumeExpansion'
    );
  }
  if (!/immutable|updates to|may not (be )?change|cannot change/i.test(reason)) return undefined;
  if (!replaceable.includes(kind)) return 'Kubernetes does not allow this change: set it back';
  return `Kubernetes does not allow this change: set it back, or let up make the object anew:\n  ${deletion(manifest)}`;
}

const deletion = ({ kind, metadata: { namespace, name } }: KubernetesObject): string =>
  `kubectl ${namespace === undefined ? '' : `-n ${namespace} `}delete ${kind.toLowerCase()} ${name}`;

/** The mend where the claim templates differ, which are immutable; the claims themselves can grow. */
function claimMend(live: StatefulSet, manifest: StatefulSet): string | undefined {
  const { name, namespace = '' } = manifest.metadata;
  const old = new Map(live.spec?.volumeClaimTemplates?.map((template) => [template.metadata?.name, template]));
  const templates = manifest.spec?.volumeClaimTemplates ?? [];
  if (templates.every((template) => covers(old.get(template.metadata?.name), template))) return undefined;
  const sizes = templates.map((template) => ({
    claim: template.metadata?.name ?? '',
    from: sizeOf(old.get(template.metadata?.name)),
    to: sizeOf(template),
  }));
  if (sizes.some(({ from, to }) => bytes(to) < bytes(from))) return 'A volume cannot shrink: set the size back';
  const count = Math.max(live.spec?.replicas ?? 1, manifest.spec?.replicas ?? 1);
  const patches = sizes
    .filter(({ from, to }) => bytes(to) > bytes(from))
    .flatMap(({ claim, to }) =>
      Array.from({ length: count }, (_, replica) => patch(namespace, `${claim}-${name}-${replica}`, to)),
    );
  const enlarge = patches.length > 0 ? ', after its claims were enlarged, where their StorageClass has allowVolumeExpansion' : '';
  return [
    `Kubernetes does not change claim templates: set them back, or let up make the stateful set anew, while its pods run on${enlarge}:`,
    ...patches,
    `${deletion(manifest)} --cascade=orphan`,
    `npx hearth up ${manifest.metadata.labels?.['app.kubernetes.io/part-of'] ?? '<platform>'}`,
  ].join('\n  ');
}

const patch = (namespace: string, claim: string, storage: string): string =>
  `kubectl -n ${namespace} patch pvc ${claim} -p '${JSON.stringify({ spec: { resources: { requests: { storage } } } })}'`;

const sizeOf = (template: Template | undefined): string => String(template?.spec?.resources?.requests?.storage ?? '');

const bytes = (size: string): number => quantityValue(size) ?? 0;

/** True where everything in `part` is in `whole` too; the API server adds defaults. */
function covers(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null) return false;
  return Object.entries(part).every(([key, value]) => covers((whole as Record<string, unknown>)[key], value));
}
