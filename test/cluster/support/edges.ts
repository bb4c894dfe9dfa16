import { edges } from '../../../lib/derived/network-policies';
import type { Platform } from '../../../lib/core/platform';
import type { Workload } from '../../../lib/core/workload';
import { reachable, startProbe } from './client';
import { eventually, kubectl, kubectlJson } from './kubectl';
import type { Workspace } from './workspace';

interface Target {
  readonly label: string;
  /** `address:port` */
  readonly address: string;
  /** Whether the platform declares that a workload goes there; strangers go nowhere. */
  allows(workload: Workload): boolean;
}

/** Who reaches the TCP ports of some workloads: by probes that the policies take for each workload, and for strangers. */
export class ReachabilityCheck {
  private readonly probes: { name: string; namespace: string; workload?: Workload }[];
  private readonly targets: Target[] = [];

  private constructor(private readonly platform: Platform) {
    const { workloads } = platform.graph;
    this.probes = [
      ...workloads.map((workload) => ({ name: `probe-${workload.name}`, namespace: workload.namespace, workload })),
      ...platform.tiers.map(({ namespace }) => ({ name: 'probe-stranger', namespace })),
    ];
  }

  /** @param apiServer address and port of the Kubernetes API, to be reached by those that say so */
  static async start(platform: Platform, servers: readonly Workload[], apiServer?: string): Promise<ReachabilityCheck> {
    const check = new ReachabilityCheck(platform);
    await Promise.all(
      check.probes.map((probe) => startProbe(probe.name, probe.namespace, probe.workload?.selector ?? {})),
    );
    for (const { name, namespace } of check.probes) {
      await kubectl(['wait', '--for=jsonpath={.status.phase}=Running', `pod/${name}`, `--namespace=${namespace}`, '--timeout=120s']); // prettier-ignore
    }
    for (const server of servers) await check.addTargets(server);
    if (apiServer !== undefined) {
      const allows = ({ props }: Workload) => props.kubernetes !== undefined;
      check.targets.push({ label: 'Kubernetes API', address: apiServer, allows });
    }
    return check;
  }

  private async addTargets(server: Workload): Promise<void> {
    const labels = Object.entries(server.selector).map(([key, value]) => `${key}=${value}`);
    const { items } = await kubectlJson<{ items: { status: { podIP?: string } }[] }>([
      'get', 'pods', `--namespace=${server.namespace}`, `--selector=${labels.join()},!hearth-test/probe`, '--field-selector=status.phase=Running',
    ]); // prettier-ignore
    const ip = items[0]?.status.podIP;
    if (!ip) throw new Error(`no pod of ${server.name} runs`);
    const all = edges(this.platform).filter(({ to }) => to === server);
    for (const { name, port, protocol } of server.ports) {
      if (protocol !== 'TCP') continue;
      const allows = (workload: Workload) => all.some((edge) => edge.port.name === name && edge.workload === workload);
      this.targets.push({ label: `${server.name}:${name}`, address: `${ip}:${port}`, allows });
    }
  }

  /** What the platform declares: `namespace/probe → workload:port`. */
  declared(): string[] {
    return this.lines(({ workload }, target) => workload !== undefined && target.allows(workload));
  }

  /** Every probe with every port, in the same form. */
  pairs(): string[] {
    return this.lines(() => true);
  }

  /** What opens a connection now. */
  async open(): Promise<string[]> {
    const addresses = this.targets.map(({ address }) => address);
    const found = new Map<object, Set<string>>();
    await Promise.all(
      this.probes.map(async (probe) => found.set(probe, await reachable(probe.name, probe.namespace, addresses))),
    );
    return this.lines((probe, { address }) => found.get(probe)?.has(address) === true);
  }

  private lines(holds: (probe: (typeof this.probes)[number], target: Target) => boolean): string[] {
    return this.probes.flatMap((probe) =>
      this.targets
        .filter((target) => holds(probe, target))
        .map(({ label }) => `${probe.namespace}/${probe.name} → ${label}`),
    );
  }

  async stop(): Promise<void> {
    const namespaces = new Set(this.probes.map(({ namespace }) => namespace));
    await Promise.all(
      [...namespaces].map((namespace) =>
        kubectl(['delete', 'pod', '--selector=hearth-test/probe', `--namespace=${namespace}`, '--timeout=60s']),
      ),
    );
  }
}

/**
 * Every declared edge of a platform works, and no other one does: between all its workloads, strangers in each namespace, all
 * ports that are offered, and the Kubernetes API.
 * @returns the declared ones: `namespace/probe → workload:port`
 */
export async function expectDeclaredEdges({ platform, apiServer }: Workspace): Promise<string[]> {
  const servers = platform.graph.workloads.filter((workload) => workload.ports.some((port) => port.offered));
  const check = await ReachabilityCheck.start(platform, servers, apiServer);
  try {
    const declared = check.declared();
    expect(declared.length).toBeGreaterThan(0);
    expect(declared.filter((line) => line.includes('stranger'))).toEqual([]);
    await eventually(async () => expect(await check.open()).toEqual(declared), 90);
    // Each is kept from something.
    const probes = (lines: string[]) => new Set(lines.map((line) => line.replace(/ → .*/, '')));
    expect(probes(check.pairs().filter((line) => !declared.includes(line)))).toEqual(probes(check.pairs()));
    return declared;
  } finally {
    await check.stop();
  }
}
