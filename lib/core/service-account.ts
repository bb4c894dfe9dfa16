import { k8s } from 'cdk8s-plus-28';
import type { Workload } from './workload';

/** Rights at the Kubernetes API, granted namespace by namespace. */
export interface KubernetesAccess {
  /** One sentence for the list of exceptions. */
  readonly why: string;
  /** Where the rights hold; a function where it follows from the finished graph. */
  readonly namespaces: string[] | (() => string[]);
  readonly rules: k8s.PolicyRule[];
}

/** A ServiceAccount with a Role and RoleBinding in each namespace; never a ClusterRole. */
export function renderServiceAccount(workload: Workload, access: KubernetesAccess): void {
  const { name } = workload;
  const serviceAccount = new k8s.KubeServiceAccount(workload, 'service-account', {
    metadata: { name, labels: workload.selector },
    automountServiceAccountToken: false,
  });
  const namespaces = typeof access.namespaces === 'function' ? access.namespaces() : access.namespaces;
  for (const namespace of namespaces) {
    const metadata = { name: `${workload.component.tier.namespace}-${name}`, namespace, labels: workload.selector };
    new k8s.KubeRole(workload, `role-${namespace}`, { metadata, rules: access.rules });
    new k8s.KubeRoleBinding(workload, `role-binding-${namespace}`, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: serviceAccount.name, namespace: workload.namespace }],
    });
  }
}
