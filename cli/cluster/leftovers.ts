import type { Platform } from '../../lib/core/platform';
import type { Wave } from '../../lib/derived/applied-objects';
import { refOf, refText, type Cluster, type KubernetesObject, type ObjectKind } from './cluster';

const core = (kind: string): ObjectKind => ({ apiVersion: 'v1', kind });
const traefik = (kind: string): ObjectKind => ({ apiVersion: 'traefik.io/v1alpha1', kind });

/** Every kind that hearth makes beside claims, Secrets and CustomResourceDefinitions; those with data come last. */
const kinds: readonly ObjectKind[] = [
  ...[
    'IngressRoute',
    'IngressRouteTCP',
    'IngressRouteUDP',
    'Middleware',
    'ServersTransport',
    'TLSOption',
    'TLSStore',
  ].map(traefik),
  ...['CronJob', 'Job'].map((kind) => ({ apiVersion: 'batch/v1', kind })),
  ...['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => ({ apiVersion: 'apps/v1', kind })),
  { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  ...['Service', 'ConfigMap', 'ServiceAccount', 'LimitRange'].map(core),
  ...['RoleBinding', 'Role'].map((kind) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind })),
  { apiVersion: 'cert-manager.io/v1', kind: 'Certificate' },
  ...['ExternalSecret', 'SecretStore'].map((kind) => ({ apiVersion: 'external-secrets.io/v1', kind })),
  { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' },
  core('Namespace'),
];

/** What made an object that is not in the model: a command, as a run of its own. */
export const runLabel = 'hearth/run';

/** Everything in the cluster that carries the name of the platform, but for claims and Secrets; consumers before what they use. */
export async function ownedObjects(cluster: Cluster, { config }: Platform): Promise<KubernetesObject[]> {
  const labels = { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': config.name };
  return (await Promise.all(kinds.map((kind) => cluster.list(kind, { labels })))).flat();
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
