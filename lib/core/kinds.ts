/** A kind of objects, as the API of a cluster names it. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Its objects belong to no namespace. @default they belong to one */
  readonly clusterScoped?: true;
}

const of = (apiVersion: string, ...names: string[]): Kind[] => names.map((kind) => ({ apiVersion, kind }));
const clusterWide = (apiVersion: string, kind: string): Kind => ({ apiVersion, kind, clusterScoped: true });

/**
 * Every kind of object that hearth makes, in the order in which they are applied within a file: what others need comes first.
 * Kinds that components from outside bring come last. Those of Argo CD are none of a platform: they are about it.
 */
export const kinds: readonly Kind[] = [
  clusterWide('v1', 'Namespace'),
  clusterWide('scheduling.k8s.io/v1', 'PriorityClass'),
  clusterWide('storage.k8s.io/v1', 'StorageClass'),
  clusterWide('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
  ...of('networking.k8s.io/v1', 'NetworkPolicy'),
  ...of('v1', 'LimitRange', 'ServiceAccount'),
  ...of('rbac.authorization.k8s.io/v1', 'Role', 'RoleBinding'),
  ...of('v1', 'Secret'),
  ...of('external-secrets.io/v1', 'SecretStore', 'ExternalSecret'),
  ...of('v1', 'ConfigMap', 'PersistentVolumeClaim', 'Service'),
  ...of('policy/v1', 'PodDisruptionBudget'),
  ...of('apps/v1', 'Deployment', 'StatefulSet', 'DaemonSet'),
  ...of('batch/v1', 'Job', 'CronJob'),
  ...of('cert-manager.io/v1', 'Certificate'),
  ...of('helm.cattle.io/v1', 'HelmChartConfig'),
  ...of('traefik.io/v1alpha1', 'IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP', 'Middleware'),
  ...of('traefik.io/v1alpha1', 'ServersTransport', 'ServersTransportTCP', 'TLSOption', 'TLSStore'),
];
