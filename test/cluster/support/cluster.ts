import type { Credential } from '../../../lib/core/credential';
import type { Workload } from '../../../lib/core/workload';
import { versionsOf } from './applied-state';
import { kubectl, kubectlJson } from './kubectl';

/** A pod that is not told to end. */
export interface PodState {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
}

/** A claim that has its volume and is not told to end. */
export interface ClaimState {
  readonly name: string;
  readonly uid: string;
}

/** What the ladder sees of a cluster, and destroys there. */
export interface Cluster {
  pods(workload: Workload): Promise<PodState[]>;
  /** Without telling their programs, and without waiting for other ones. */
  deletePods(workload: Workload): Promise<void>;
  claims(workload: Workload): Promise<ClaimState[]>;
  /** They go once no pod uses them any more. */
  deleteClaims(workload: Workload): Promise<void>;
  /** The values of a credential: key → value. */
  values(credential: Credential): Promise<Record<string, string>>;
  /** What changes when an object of a platform is written: object → version. */
  versions(platform: string): Promise<Record<string, string>>;
}

interface Metadata {
  readonly name: string;
  readonly uid: string;
  readonly deletionTimestamp?: string;
}

/** That of `KUBECONFIG`. */
export const clusterAtHand: Cluster = {
  versions: versionsOf,

  async pods({ selector, namespace }) {
    const { items } = await kubectlJson<{
      items: { metadata: Metadata; status: { conditions?: { type: string; status: string }[] } }[];
    }>(['get', 'pods', `--selector=${labels(selector)},!hearth-test/probe`, `--namespace=${namespace}`]);
    return items.flatMap(({ metadata: { name, uid, deletionTimestamp }, status: { conditions = [] } }) =>
      deletionTimestamp === undefined
        ? [{ name, uid, ready: conditions.some(({ type, status }) => type === 'Ready' && status === 'True') }]
        : [],
    );
  },

  async deletePods({ selector, namespace }) {
    const which = [`--selector=${labels(selector)}`, `--namespace=${namespace}`];
    await kubectl(['delete', 'pod', ...which, '--grace-period=0', '--force', '--ignore-not-found']);
  },

  async claims(workload) {
    const { items } = await kubectlJson<{ items: { metadata: Metadata; status: { phase: string } }[] }>([
      'get',
      'pvc',
      `--namespace=${workload.namespace}`,
    ]);
    const names = claimNames(workload);
    return items.flatMap(({ metadata: { name, uid, deletionTimestamp }, status }) =>
      names.includes(name) && deletionTimestamp === undefined && status.phase === 'Bound' ? [{ name, uid }] : [],
    );
  },

  async deleteClaims(workload) {
    await kubectl(['delete', 'pvc', ...claimNames(workload), `--namespace=${workload.namespace}`, '--wait=false']);
    // A pod that has ended protects its claim as well: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
    for (const phase of ['Succeeded', 'Failed']) {
      await kubectl(['delete', 'pods', `--namespace=${workload.namespace}`, `--field-selector=status.phase=${phase}`]);
    }
  },

  async values({ name, owner, keys }) {
    const { data } = await kubectlJson<{ data: Record<string, string> }>([
      'get',
      'secret',
      name,
      `--namespace=${owner.tier.namespace}`,
    ]);
    return Object.fromEntries(Object.keys(keys).map((key) => [key, Buffer.from(data[key] ?? '', 'base64').toString()]));
  },
};

const claimNames = (workload: Workload) => workload.volumes.flatMap((volume) => volume.claimNames(workload));

const labels = (selector: Readonly<Record<string, string>>) =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join();
