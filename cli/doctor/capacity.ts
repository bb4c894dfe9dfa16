import type { Platform } from '../../lib/core/platform';
import { quantityValue } from '../../lib/core/resources';
import { bytesText, cpuText, footprint, largest, podAmounts, storageOf, type Amounts } from '../../lib/derived/footprint';
import type { Workload } from '../../lib/core/workload';
import type { Cluster } from '../cluster/cluster';
import type { Node, Pod } from '../cluster/kinds';
import { ok, problem, warning, type Finding } from './finding';

/** What a node has for the pods of a platform. */
export interface Room {
  readonly node: string;
  /** Allocatable, without what pods of others ask for. */
  readonly free: Amounts;
  /** Bytes of its disk that pods may use. */
  readonly disk: number;
}

/** The nodes that take pods, with what they have for the platform: what it runs already counts as free. */
export async function roomsOf(cluster: Cluster, platform: Platform): Promise<Room[]> {
  const [nodes, pods] = await Promise.all([
    cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }),
    cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }),
  ]);
  const own = platform.tiers.map((tier) => tier.namespace);
  const ended = ['Succeeded', 'Failed'];
  const others = pods.filter(
    ({ metadata, status }) => !own.includes(metadata.namespace ?? '') && !ended.includes(status?.phase ?? ''),
  );
  return nodes.filter(takesPods).map(({ metadata: { name }, status }) => {
    const amount = (key: string) => quantityValue(status?.allocatable?.[key] ?? '') ?? 0;
    const used = others.filter(({ spec }) => spec?.nodeName === name).map(requestsOf);
    const free = used.reduce(minus, { cpu: amount('cpu'), memory: amount('memory') });
    return { node: name, free, disk: amount('ephemeral-storage') };
  });
}

/** Pods of a platform tolerate nothing. */
const takesPods = ({ spec }: Node): boolean =>
  !spec?.unschedulable && !spec?.taints?.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');

/** Of one pod, as the scheduler counts it. */
function requestsOf({ spec }: Pod): Amounts {
  const { containers = [], initContainers = [], overhead } = spec ?? {};
  const of = (key: 'cpu' | 'memory') => {
    const request = ({ resources }: (typeof containers)[number]) => quantityValue(resources?.requests?.[key] ?? '') ?? 0;
    const sum = (list: readonly (typeof containers)[number][]) => list.map(request).reduce((a, b) => a + b, 0);
    const [sidecars, first] = [true, false].map((stays) =>
      initContainers.filter(({ restartPolicy }) => (restartPolicy === 'Always') === stays),
    );
    const running = sum(containers) + sum(sidecars ?? []);
    const starting = Math.max(0, ...(first ?? []).map(request)) + sum(sidecars ?? []);
    return Math.max(running, starting) + (quantityValue(overhead?.[key] ?? '') ?? 0);
  };
  return { cpu: of('cpu'), memory: of('memory') };
}

const minus = (a: Amounts, b: Amounts): Amounts => ({ cpu: a.cpu - b.cpu, memory: a.memory - b.memory });
const amountsText = ({ cpu, memory }: Amounts) => `${cpuText(cpu)} CPU and ${bytesText(memory)}`;
const fits = (want: Amounts, have: Amounts) => want.cpu <= have.cpu && want.memory <= have.memory;

/** Requests of everything that runs at the same time: all pods, and the largest job. */
export function neededBy({ graph: { workloads } }: Platform): Amounts {
  const { requests } = footprint(workloads.filter(({ replicas }) => replicas > 0));
  const job = largest(workloads.filter(({ replicas }) => replicas === 0));
  return { cpu: requests.cpu + job.cpu, memory: requests.memory + job.memory };
}

/** Whether the nodes have room for a platform. */
export function capacityFindings(platform: Platform, rooms: readonly Room[]): Finding[] {
  if (rooms.length === 0)
    return [problem('no node takes pods', 'kubectl get nodes shows why; kubectl uncordon <node>, or remove its taints')];
  const lower = 'add a node, or lower services.<name>.resources.requests in the platform file';
  const need = neededBy(platform);
  const free = rooms.reduce(
    (sum, room) => ({ cpu: sum.cpu + Math.max(0, room.free.cpu), memory: sum.memory + Math.max(0, room.free.memory) }),
    { cpu: 0, memory: 0 },
  );
  const nodes = rooms.length === 1 ? 'the node has' : `${rooms.length} nodes have`;
  const what = `it asks for ${amountsText(need)}; ${nodes} ${amountsText(free)} for it`;
  const tooLarge = platform.graph.workloads.filter((workload) => {
    const pod = podAmounts(workload, 'requests');
    return !rooms.some((room) => fits(pod, room.free));
  });
  return [
    fits(need, free) ? ok(what) : problem(what, lower),
    ...tooLarge.map((workload) =>
      problem(
        `a pod of ${workload.name} (${workload.component.name}) asks for ${amountsText(podAmounts(workload, 'requests'))}, for which no node has room`,
        lower,
      ),
    ),
  ];
}

/**
 * Whether the disks could take volumes that lie on the nodes themselves.
 * @param onNodes which StorageClasses make such volumes @default all
 */
export function diskFindings(
  { graph: { workloads } }: Platform,
  rooms: readonly Room[],
  onNodes: (storageClass: string | undefined) => boolean = () => true,
): Finding[] {
  const bytesOf = (workload: Workload) => storageOf(workload, (volume) => onNodes(volume.storageClass(workload)));
  const storage = workloads.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0);
  const disk = rooms.reduce((sum, room) => sum + room.disk, 0);
  if (disk === 0 || storage === 0) return [];
  if (storage <= disk) return [ok(`volumes may grow to ${bytesText(storage)}; the disks of the nodes have ${bytesText(disk)}`)];
  const what = `volumes may grow to ${bytesText(storage)}, the disks of the nodes have ${bytesText(disk)}, and local-path lets them grow until the disk is full`;
  return [warning(what, 'add disk, or lower services.<name>.storage in the platform file')];
}
