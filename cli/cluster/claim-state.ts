import type { Platform } from '../../lib/core/platform';
import type { Cluster } from './cluster';
import type { Claim } from './kinds';

export interface ClaimState {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
  readonly workload: string;
  readonly state: 'bound' | 'pending' | 'lost' | 'missing';
  /** As it is in the cluster; as the platform file says, where it is not bound. */
  readonly size: string;
}

/** The claims of every volume of a platform. */
export async function claimStates(cluster: Cluster, { graph }: Platform): Promise<ClaimState[]> {
  const withVolumes = graph.workloads.filter(({ replicas, volumes }) => replicas > 0 && volumes.length > 0);
  const namespaces = [...new Set(withVolumes.map(({ namespace }) => namespace))];
  const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  const claims = (await Promise.all(namespaces.map((namespace) => cluster.list<Claim>(kind, { namespace })))).flat();
  return withVolumes.flatMap((workload) =>
    workload.volumes.flatMap((volume) =>
      volume.claimNames(workload).map((name): ClaimState => {
        const { namespace } = workload;
        const found = claims.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
        const size = found?.status?.capacity?.['storage'] ?? volume.props.size;
        return { name, namespace, component: workload.component.name, workload: workload.name, state: stateOf(found), size };
      }),
    ),
  );
}

function stateOf(claim: Claim | undefined): ClaimState['state'] {
  if (!claim) return 'missing';
  if (claim.status?.phase === 'Bound') return 'bound';
  return claim.status?.phase === 'Lost' ? 'lost' : 'pending';
}
