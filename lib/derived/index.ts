import type { Platform } from '../core/platform';
import { argoCd } from './argo-cd';
import { clusterWide } from './cluster-wide';
import { refuseConflicts, refuseSameObjects } from './conflicts';
import { externalSecrets } from './external-secrets';
import { networkPolicies } from './network-policies';
import { refuseUndeclaredEdges } from './undeclared-edges';

/** Creates all Kubernetes objects of a platform whose graph is complete. */
export function derive(platform: Platform): void {
  refuseConflicts(platform);
  const { routes, workloads, configFiles } = platform.graph;
  for (const element of [...configFiles, ...workloads, ...routes]) element.render();
  refuseUndeclaredEdges(platform);
  networkPolicies(platform);
  // After everything that may use a credential.
  externalSecrets(platform);
  clusterWide(platform);
  argoCd(platform);
  refuseSameObjects(platform);
}
