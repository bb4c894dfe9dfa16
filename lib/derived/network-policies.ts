import { k8s } from 'cdk8s-plus-28';
import { directPorts } from '../core/egress';
import { renderPeer, type Peer } from '../core/peer';
import type { Platform } from '../core/platform';
import { privateRanges } from '../core/private-ranges';
import { proxyPorts } from '../core/proxy';
import type { Port } from '../core/endpoint';
import { gateway } from '../core/gateway';
import type { Route } from '../core/route';
import { publicPorts } from '../core/service';
import type { Settings } from '../core/settings';
import type { Workload } from '../core/workload';

/** Cluster DNS, on k3s, kind and every cluster that keeps the usual labels. */
const dns: Peer = { namespace: 'kube-system', podLabels: { 'k8s-app': 'kube-dns' } };

/** Whether a pod may reach another one's port, and why. */
export interface Edge {
  readonly from: Peer;
  /** The consumer, where it is one of the platform's own workloads. */
  readonly workload?: Workload;
  readonly to: Workload;
  readonly port: Port;
  readonly why: string;
  /** The route that it follows from. @default a connection was declared */
  readonly route?: Route;
}

const peerOf = (workload: Workload): Peer => ({ namespace: workload.namespace, podLabels: workload.selector });

/** Every declared connection and every route of the gateway as one list. */
export function edges(platform: Platform): Edge[] {
  const { connections, routes, workloads } = platform.graph;
  const connected = connections.map(({ from, to, why }) => ({
    from: peerOf(from),
    workload: from,
    to: to.workload,
    port: to.port,
    why,
  }));
  if (routes.every(({ to }) => !to)) return connected;
  const { peer } = platform.provider(gateway);
  const pods = workloads.find(
    (workload) => workload.namespace === peer.namespace && workload.name === peer.podLabels['app.kubernetes.io/instance'],
  );
  const routed = routes.flatMap((route) => {
    const { to, hosts } = route;
    const why = `route ${hosts.join(', ')}`;
    return to ? [{ from: peer, workload: pods, to: to.workload, port: to.port, why, route }] : [];
  });
  return [...connected, ...routed];
}

/**
 * One policy a workload, with exactly what was declared: who may come in, where it may go. Everything else is denied by
 * the policy of the tier. https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function networkPolicies(platform: Platform): void {
  const all = edges(platform);
  const incoming = groupBy(all, ({ to }) => to);
  const outgoing = groupBy(all, ({ workload }) => workload);
  const connecting = new Set(platform.graph.connections.map(({ from }) => from));
  for (const workload of platform.graph.workloads) {
    const ingress = [
      ...mergePorts([
        ...(incoming.get(workload) ?? []).map((edge) => ({ peer: edge.from, port: edge.port })),
        ...admitted(platform, workload),
      ]).map(({ peer, ports }) => ({ from: [renderPeer(peer, workload.namespace)], ports })),
      ...worldRule(workload),
    ];
    const egress = egressRules(workload, outgoing.get(workload) ?? [], connecting.has(workload), platform.config);
    if (ingress.length + egress.length === 0) continue;
    new k8s.KubeNetworkPolicy(workload, 'network-policy', {
      metadata: { name: workload.name, labels: workload.selector },
      spec: {
        podSelector: { matchLabels: workload.selector },
        policyTypes: ['Ingress', 'Egress'],
        ...(ingress.length > 0 ? { ingress } : {}),
        ...(egress.length > 0 ? { egress } : {}),
      },
    });
  }
}

/** Pods outside the platform that the platform file lets in. */
const admitted = ({ graph }: Platform, workload: Workload) =>
  graph.admissions.flatMap(({ from, to }) => (to.workload === workload ? [{ peer: from, port: to.port }] : []));

function worldRule(workload: Workload): k8s.NetworkPolicyIngressRule[] {
  const ports = publicPorts(workload).map(({ port }) => policyPort(port));
  return ports.length > 0 ? [{ ports }] : [];
}

/** @param byName whether it looks up host names of other workloads; the gateway finds pods by their addresses */
function egressRules(
  workload: Workload,
  own: Edge[],
  byName: boolean,
  { network, proxy }: Settings,
): k8s.NetworkPolicyEgressRule[] {
  const targets = mergePorts(own.map((edge) => ({ peer: peerOf(edge.to), port: edge.port })));
  const rules: k8s.NetworkPolicyEgressRule[] = targets.map(({ peer, ports }) => ({
    to: [renderPeer(peer, workload.namespace)],
    ports,
  }));
  const { internet, kubernetes } = workload.props;
  const tcpPort = (port: number) => ({ port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' });
  if (kubernetes) {
    // Policies see the address behind the Service: a node, on the API server's own port.
    rules.push({ to: network.apiServer.map((cidr) => ({ ipBlock: { cidr } })), ports: [tcpPort(6443), tcpPort(443)] });
  }
  if (internet && proxy) {
    // A policy knows no host names: the proxy may be anywhere, unless the platform file says where.
    const to = (proxy.addresses ?? ['0.0.0.0/0']).map((cidr) => ({ ipBlock: { cidr } }));
    rules.push({ to, ports: proxyPorts(proxy).map(tcpPort) });
  }
  const direct = directPorts(workload);
  if (internet && direct.length > 0) {
    const except = internet.privateToo ? {} : { except: privateRanges };
    rules.push({ to: [{ ipBlock: { cidr: '0.0.0.0/0', ...except } }], ports: direct.map(tcpPort) });
  }
  if (byName || internet) {
    rules.unshift({
      to: [renderPeer(dns, workload.namespace)],
      ports: [
        { port: k8s.IntOrString.fromNumber(53), protocol: 'UDP' },
        { port: k8s.IntOrString.fromNumber(53), protocol: 'TCP' },
      ],
    });
  }
  return rules;
}

function groupBy<Key, Item>(items: readonly Item[], key: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** Ports of the same peer under one rule. */
function mergePorts(pairs: { peer: Peer; port: Port }[]): { peer: Peer; ports: k8s.NetworkPolicyPort[] }[] {
  const merged = new Map<string, { peer: Peer; ports: Map<string, k8s.NetworkPolicyPort> }>();
  for (const { peer, port } of pairs) {
    const key = JSON.stringify(peer);
    const entry = merged.get(key) ?? { peer, ports: new Map() };
    entry.ports.set(`${port.protocol}/${port.port}`, policyPort(port));
    merged.set(key, entry);
  }
  return [...merged.values()].map(({ peer, ports }) => ({ peer, ports: [...ports.values()] }));
}

function policyPort(port: Port): k8s.NetworkPolicyPort {
  return { port: k8s.IntOrString.fromNumber(port.port), protocol: port.protocol };
}
