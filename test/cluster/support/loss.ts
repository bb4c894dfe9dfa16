import type { Platform } from '../../../lib/core/platform';
import type { Workload } from '../../../lib/core/workload';
import type { Cluster, PodState } from './cluster';
import { eventually } from './kubectl';

/** What of a service runs all the time. */
const running = ({ graph }: Platform, service: string): Workload[] =>
  graph.workloads.filter(({ component, replicas }) => component.name === service && replicas > 0);

/**
 * Deletes all pods of a service at once, without telling their programs, and waits until as many other ones are ready.
 * @param seconds to wait at most
 */
export async function deletePods(cluster: Cluster, platform: Platform, service: string, seconds: number): Promise<void> {
  const workloads = running(platform, service);
  if (workloads.length === 0) throw new Error(`nothing of ${service} runs all the time: there is no pod to delete`);
  await Promise.all(
    workloads.map(async (workload) => {
      const before = await cluster.pods(workload);
      await cluster.deletePods(workload);
      await replaced(cluster, workload, before, seconds);
    }),
  );
}

/**
 * Deletes the volumes of a service with all that is on them, and waits until its programs run on new ones.
 * @param seconds to wait at most
 */
export async function loseVolumes(cluster: Cluster, platform: Platform, service: string, seconds: number): Promise<void> {
  const kept = running(platform, service).filter(({ volumes }) => volumes.length > 0);
  if (kept.length === 0) throw new Error(`${service} has no volume that could be lost`);
  await Promise.all(
    kept.map(async (workload) => {
      if (!workload.claimTemplates) throw new Error(`nobody makes the claim of ${workload.name} again`);
      const [claims, pods] = [await cluster.claims(workload), await cluster.pods(workload)];
      if (claims.length === 0) throw new Error(`${workload.name} has no volume that could be lost`);
      await cluster.deleteClaims(workload);
      await cluster.deletePods(workload);
      await eventually(async () => {
        const now = await cluster.claims(workload);
        const old = now.filter(({ uid }) => claims.some((claim) => claim.uid === uid));
        if (old.length > 0) throw new Error(`still the volume of before, which was to be lost: ${namesOf(old)}`);
        if (now.length < claims.length) throw new Error(`no new volume: ${namesOf(claims)}`);
      }, seconds);
      await replaced(cluster, workload, pods, seconds);
    }),
  );
}

/** Waits until none of the pods of before is there, and as many others are ready. */
async function replaced(cluster: Cluster, workload: Workload, before: PodState[], seconds: number): Promise<void> {
  if (before.length === 0) throw new Error(`${workload.name} had no pod that could be deleted`);
  await eventually(async () => {
    const now = await cluster.pods(workload);
    const old = now.filter(({ uid }) => before.some((pod) => pod.uid === uid));
    if (old.length > 0) throw new Error(`still the pod of before, which was to be deleted: ${namesOf(old)}`);
    const ready = now.filter((pod) => pod.ready);
    if (ready.length < before.length) {
      throw new Error(`${workload.name} has ${ready.length} ready pods after the deletion, not ${before.length} as before`);
    }
  }, seconds);
}

const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(', ');
