import type { KubernetesObject } from '../cluster/cluster';
import { ok, problem, warning, type Check, type Finding, type OnCluster } from './finding';
import { isAtLeast, minorOf } from './versions';

/**
 * The API that the manifests are written against. Of what they use, the claim retention of stateful sets and the eviction
 * policy of disruption budgets came last; an older API server refuses or forgets them.
 */
export const oldestKubernetes = '1.28';

/** The version of the API server, once it has answered. */
export function serverFinding(title: string, version: string): Finding {
  if (isAtLeast(version, oldestKubernetes)) return ok(`API server ${version}, ${title}`);
  return problem(`API server ${version} is too old, ${title}`, `update the cluster to Kubernetes ${oldestKubernetes} or newer`);
}

/** kubectl, which hearth itself does not need. */
export const kubectl =
  (server: string | undefined): Check<Pick<OnCluster, 'world'>> =>
  async ({ world }) => {
    const result = await world.program('kubectl', ['version', '--client', '-o', 'json']);
    if (result?.code !== 0) {
      return [
        warning(
          'kubectl is not installed; hearth works without it, what you look up yourself does not',
          'install it: https://kubernetes.io/docs/tasks/tools/',
        ),
      ];
    }
    const version = clientVersion(result.stdout);
    if (server === undefined || version === undefined || Math.abs(minorOf(version) - minorOf(server)) <= 1) {
      return [ok(`kubectl ${version ?? ''}`.trim())];
    }
    const wanted = server.replace(/^v?(\d+\.\d+).*/, '$1');
    return [
      warning(`kubectl ${version} and API server ${server} are more than one minor version apart`, `install kubectl ${wanted}`),
    ];
  };

function clientVersion(json: string): string | undefined {
  try {
    return (JSON.parse(json) as { clientVersion?: { gitVersion?: string } }).clientVersion?.gitVersion;
  } catch {
    return undefined;
  }
}

interface AccessReview extends KubernetesObject {
  readonly spec: { readonly resourceAttributes: Readonly<Record<string, string>> };
  readonly status?: { readonly allowed?: boolean };
}

/** What hearth makes; the rest comes with the same roles. */
const made = [
  { group: '', resource: 'namespaces' },
  { group: '', resource: 'secrets' },
  { group: 'apps', resource: 'statefulsets' },
  { group: 'networking.k8s.io', resource: 'networkpolicies' },
  { group: 'rbac.authorization.k8s.io', resource: 'roles' },
  { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
];

/** Server-side apply of something new needs both. */
const verbs = ['create', 'patch'];

/** https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
const rights: Check<OnCluster> = async ({ cluster }) => {
  const asked = made.flatMap((what) => verbs.map((verb) => ({ ...what, verb })));
  const answers = await Promise.all(
    asked.map(async (resourceAttributes) => {
      const review: AccessReview = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        metadata: { name: '' },
        spec: { resourceAttributes },
      };
      const answer: KubernetesObject & Pick<AccessReview, 'status'> = await cluster.create(review);
      return answer.status?.allowed === true;
    }),
  );
  const missing = new Set(asked.filter((_, i) => !answers[i]).map(({ resource }) => resource));
  if (missing.size === 0) return [ok('you may create what a platform needs')];
  return [
    problem(
      `you may not create ${[...missing].join(', ')} in all namespaces`,
      'use a kubeconfig with the ClusterRole cluster-admin, or ask for these rights',
    ),
  ];
};

export const clusterChecks: readonly Check<OnCluster>[] = [rights];
