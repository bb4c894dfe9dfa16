import type { Platform } from '../../../lib/core/platform';
import type { Workload } from '../../../lib/core/workload';
import { eventually, kubectl, kubectlJson } from './kubectl';

/** What of a service runs all the time. */
const running = ({ graph }: Platform, service: string): Workload[] =>
  graph.workloads.filter(({ component, replicas }) => component.name === service && replicas > 0);

/** Deletes all pods of a service at once, without telling their programs, and waits until each workload is ready again. */
export async function deletePods(platform: Platform, service: string, seconds: number): Promise<void> {
  const workloads = running(platform, service);
  await Promise.all(workloads.map(deletePodsOf));
  await Promise.all(workloads.map((workload) => ready(workload, seconds)));
}

/**
 * Deletes the volumes of a service with all that is on them, and waits until its programs run on new ones.
 * @returns names of the claims
 */
export async function loseVolumes(platform: Platform, service: string, seconds: number): Promise<string[]> {
  const kept = running(platform, service).filter(({ volumes }) => volumes.length > 0);
  const lost = await Promise.all(
    kept.map(async (workload) => {
      const claims = workload.volumes.flatMap((volume) => volume.claimNames(workload));
      if (!workload.claimTemplates) throw new Error(`nobody makes the claim of ${workload.name} again`);
      const old = await Promise.all(claims.map((claim) => uidOf(claim, workload.namespace)));
      await kubectl(['delete', 'pvc', ...claims, `--namespace=${workload.namespace}`, '--wait=false']);
      await deletePodsOf(workload);
      for (const claim of claims) {
        await eventually(async () => expect(old).not.toContain(await uidOf(claim, workload.namespace)), seconds);
      }
      await ready(workload, seconds);
      return claims;
    }),
  );
  return lost.flat();
}

/** Of a claim that has its volume, and keeps it. */
async function uidOf(claim: string, namespace: string): Promise<string> {
  const { metadata, status } = await kubectlJson<{
    metadata: { uid: string; deletionTimestamp?: string };
    status: { phase: string };
  }>(['get', 'pvc', claim, `--namespace=${namespace}`]);
  expect(status.phase).toBe('Bound');
  expect(metadata.deletionTimestamp).toBeUndefined();
  return metadata.uid;
}

async function deletePodsOf({ selector, namespace }: Workload): Promise<void> {
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
  const which = [`--selector=${labels.join()}`, `--namespace=${namespace}`];
  await kubectl(['delete', 'pod', ...which, '--grace-period=0', '--force', '--ignore-not-found']);
}

/** Whether its pods are the new ones and ready. */
const ready = ({ kind, name, namespace }: Workload, seconds: number) =>
  kubectl(['rollout', 'status', `${kind.toLowerCase()}/${name}`, `--namespace=${namespace}`, `--timeout=${seconds}s`]);
