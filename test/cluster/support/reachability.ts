import type { Platform } from '../../../lib/core/platform';
import type { Workload } from '../../../lib/core/workload';
import { clusterNetwork, type Network, type Probe } from './network';

/** A probe that the policies take for a workload, or for nobody. */
interface Caller extends Probe {
  readonly workload?: Workload;
}

interface Target {
  readonly label: string;
  /** `address:port` */
  readonly address: string;
  /** The probe that listens there: no policy is between a pod and itself. @default none does */
  readonly probe?: Caller;
  /** Whether somebody may go there. */
  allows(caller: Caller): boolean;
}

/** Where pods of the tests listen; nothing of a platform does. */
const ownPort = 18080;

/**
 * Who reaches the TCP ports of some workloads: by probes that the policies take for each workload, and two in each namespace
 * that belong to nobody. A stranger has the policy of the tier alone, and reaches nothing. An open pod has one of its own that
 * keeps it from nothing: it finds each port whose own policy is too open, and is found by whoever is let out too far.
 */
export class ReachabilityCheck {
  private readonly callers: readonly Caller[];
  private readonly targets: Target[] = [];

  private constructor(
    private readonly platform: Platform,
    private readonly network: Network,
  ) {
    const { workloads } = platform.graph;
    const nobody = platform.tiers.flatMap(({ namespace }) => [
      { name: 'probe-stranger', namespace, labels: {}, listens: ownPort },
      { name: 'probe-open', namespace, labels: {}, listens: ownPort, open: true },
    ]);
    this.callers = [
      ...workloads.map((workload) => {
        const { name, namespace, selector: labels } = workload;
        return { name: `probe-${name}`, namespace, labels, workload };
      }),
      ...nobody,
    ];
  }

  /**
   * @param outside also looks at what is not of the platform: pods of nobody, and the Kubernetes API at that address and port, to be
   *   reached by those that say so
   */
  static async start(
    platform: Platform,
    servers: readonly Workload[],
    outside?: { readonly apiServer: string },
    network = clusterNetwork,
  ): Promise<ReachabilityCheck> {
    const check = new ReachabilityCheck(platform, network);
    await network.start(check.callers);
    for (const server of servers) await check.addTargets(server);
    if (outside) await check.addOutside(outside.apiServer);
    return check;
  }

  private async addTargets(server: Workload): Promise<void> {
    const address = await this.network.addressOf(server);
    for (const port of server.ports) {
      if (port.protocol !== 'TCP') continue;
      const users = usersOf(this.platform, server, port.name);
      const allows = ({ workload, open }: Caller) =>
        workload ? users.has(workload) : open === true && port.public !== undefined;
      this.targets.push({ label: `${server.name}:${port.name}`, address: `${address}:${port.port}`, allows });
    }
  }

  private async addOutside(apiServer: string): Promise<void> {
    const mayAsk = ({ workload, open }: Caller) => workload?.props.kubernetes !== undefined || open === true;
    this.targets.push({ label: 'Kubernetes API', address: apiServer, allows: mayAsk });
    for (const nobody of this.callers.filter(({ listens }) => listens !== undefined)) {
      const address = `${await this.network.addressOf(nobody)}:${ownPort}`;
      const label = `${nobody.name.replace('probe-', '')} in ${nobody.namespace}`;
      const allows = ({ open }: Caller) => open === true && nobody.open === true;
      this.targets.push({ label, address, probe: nobody, allows });
    }
  }

  /** What the platform declares: `namespace/probe → workload:port`. */
  declared(): string[] {
    return this.lines((caller, target) => target.allows(caller));
  }

  /** Every probe with every port, in the same form. */
  pairs(): string[] {
    return this.lines(() => true);
  }

  /** What opens a connection now. */
  async open(): Promise<string[]> {
    const addresses = this.targets.map(({ address }) => address);
    const found = new Map<Caller, Set<string>>();
    await Promise.all(this.callers.map(async (caller) => found.set(caller, await this.network.reachable(caller, addresses))));
    return this.lines((caller, { address }) => found.get(caller)?.has(address) === true);
  }

  private lines(holds: (caller: Caller, target: Target) => boolean): string[] {
    return this.callers.flatMap((caller) =>
      this.targets
        .filter((target) => target.probe !== caller && holds(caller, target))
        .map(({ label }) => `${caller.namespace}/${caller.name} → ${label}`),
    );
  }

  async stop(): Promise<void> {
    await this.network.stop([...new Set(this.callers.map(({ namespace }) => namespace))]);
  }
}

/** Who declares that it goes to that port, and the gateway where a route leads there: what the policies are made from. */
function usersOf({ graph }: Platform, server: Workload, port: string): Set<Workload> {
  const leadsThere = (to: { workload: Workload; port: { name: string } } | undefined) =>
    to !== undefined && to.workload === server && to.port.name === port;
  const connected = graph.connections.filter(({ to }) => leadsThere(to)).map(({ from }) => from);
  const routed = graph.routes.some(({ to }) => leadsThere(to));
  const gateways = graph.workloads.filter(
    ({ component, replicas }) => replicas > 0 && 'gateway' in component.definition.provides,
  );
  return new Set([...connected, ...(routed ? gateways : [])]);
}
