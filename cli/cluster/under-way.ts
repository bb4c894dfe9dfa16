import type { BackedUp } from '../../lib/core/backup';
import type { Platform } from '../../lib/core/platform';
import { Refusal } from '../refusal';
import type { Cluster } from './cluster';
import { isRunning } from './running';

/** Refuses while a backup or a restore has stopped something: a pod that writes meanwhile would spoil it. */
export async function refuseUnderWay(cluster: Cluster, platform: Platform): Promise<void> {
  const reasons = await Promise.all(platform.graph.backups.map((set) => underWay(cluster, platform, set)));
  const found = reasons.flat();
  if (found.length > 0) throw new Refusal(`${cluster.title}: nothing was changed\n${found.join('\n')}`);
}

async function underWay(cluster: Cluster, { graph }: Platform, set: BackedUp): Promise<string[]> {
  const { name, workload, volume, component } = set;
  // A dump is loaded into the running program, while those who connect to it are stopped.
  const stopped = (volume.archived ? [workload] : graph.usersOf([component])).map((each) => each.name);
  const why = (what: string, { namespace }: { readonly namespace: string }) => {
    const effect = stopped.length > 0 ? ` and has stopped ${stopped.join(', ')}` : '';
    return `the ${what} of ${name} is under way${effect}; wait until it is done: kubectl -n ${namespace} get jobs`;
  };
  const [backup, restore] = await Promise.all([
    volume.archived && isRunning(cluster, set.backup),
    isRunning(cluster, set.restore),
  ]);
  return [...(backup ? [why('backup', set.backup)] : []), ...(restore ? [why('restore', set.restore)] : [])];
}
