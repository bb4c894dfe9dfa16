import { quantityValue, type Resources } from '../core/resources';
import type { Volume } from '../core/volume';
import type { Workload } from '../core/workload';

/** CPU in cores, memory in bytes. */
export interface Amounts {
  readonly cpu: number;
  readonly memory: number;
}

/** What a set of workloads asks of a cluster. */
export interface Footprint {
  readonly pods: number;
  readonly requests: Amounts;
  readonly limits: Amounts;
  /** Bytes of all claims. */
  readonly storage: number;
}

const nothing: Amounts = { cpu: 0, memory: 0 };
const plus = (a: Amounts, b: Amounts): Amounts => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory });
const most = (a: Amounts, b: Amounts): Amounts => ({
  cpu: Math.max(a.cpu, b.cpu),
  memory: Math.max(a.memory, b.memory),
});
const times = ({ cpu, memory }: Amounts, factor: number): Amounts => ({ cpu: cpu * factor, memory: memory * factor });

/**
 * Of one pod, as the scheduler counts it: its containers together, or its largest init container where that is more.
 * https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
export function podAmounts(workload: Workload, which: keyof Resources): Amounts {
  const amounts = workload.containers.map(({ init, props }) => {
    const { cpu, memory } = props.resources[which];
    return { init, amount: { cpu: quantityValue(cpu) ?? 0, memory: quantityValue(memory) ?? 0 } };
  });
  const of = (init: boolean) => amounts.filter((entry) => entry.init === init).map(({ amount }) => amount);
  return most(of(false).reduce(plus, nothing), of(true).reduce(most, nothing));
}

/** Requests of the largest pod: the most CPU and the most memory, be they of one pod or of two. */
export const largest = (workloads: readonly Workload[]): Amounts =>
  workloads.map((workload) => podAmounts(workload, 'requests')).reduce(most, nothing);

/**
 * Bytes of the claims of a workload: each replica of a stateful set has its own.
 * @param counts which volumes are meant @default all
 */
export function storageOf(workload: Workload, counts: (volume: Volume) => boolean = () => true): number {
  return workload.volumes
    .filter(counts)
    .reduce((sum, volume) => sum + volume.claimNames(workload).length * (quantityValue(volume.props.size) ?? 0), 0);
}

/** The sum over workloads; a job counts as one pod, a daemon set as one node's. */
export function footprint(workloads: readonly Workload[]): Footprint {
  const pods = (workload: Workload) => Math.max(1, workload.replicas);
  const sum = (which: keyof Resources) =>
    workloads.map((workload) => times(podAmounts(workload, which), pods(workload))).reduce(plus, nothing);
  return {
    pods: workloads.reduce((count, workload) => count + pods(workload), 0),
    requests: sum('requests'),
    limits: sum('limits'),
    storage: workloads.reduce((bytes, workload) => bytes + storageOf(workload), 0),
  };
}

/** `0.25` → `250m`, `2` → `2`. */
export function cpuText(cores: number): string {
  const milli = Math.round(cores * 1000);
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

/** Bytes in Mi, or in Gi with at most two decimals. */
export function bytesText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${Number(mebibytes.toFixed(2))} Mi` : `${Number((mebibytes / 1024).toFixed(2))} Gi`;
}
