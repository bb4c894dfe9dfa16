import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import type { Network, Probe } from '../cluster/support/network';
import { all, objectsOf } from '../support/objects';

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly ipBlock?: { readonly cidr: string };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
}
/** A NetworkPolicy, as far as hearth writes them. */
export interface Policy {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly podSelector: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly policyTypes: readonly string[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}
interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The address of an API server. */
export const apiServer = '192.0.2.1:6443';

const matches = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>> = {}) =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** What the policies of a platform say, without a cluster: https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
export class PolicyNetwork implements Network {
  private readonly pods = new Map<string, Pod>();
  private policies: readonly Policy[];

  /** @param damage changes the policies of the platform */
  constructor(platform: Platform, damage: (policies: readonly Policy[]) => readonly Policy[] = (policies) => policies) {
    this.policies = damage(all(objectsOf(platform), 'NetworkPolicy') as unknown as Policy[]);
  }

  start(probes: readonly Probe[]): Promise<void> {
    for (const { name, namespace, labels, open } of probes) {
      this.pods.set(`${namespace}/${name}`, { namespace, labels: open ? { ...labels, open: 'yes' } : labels });
      if (!open) continue;
      const spec = {
        podSelector: { matchLabels: { open: 'yes' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{}],
        egress: [{}],
      };
      this.policies = [...this.policies, { metadata: { name: 'open', namespace }, spec }];
    }
    return Promise.resolve();
  }

  addressOf(pod: Probe | Workload): Promise<string> {
    const address = `${pod.namespace}/${pod.name}`;
    if ('selector' in pod) this.pods.set(address, { namespace: pod.namespace, labels: pod.selector });
    return Promise.resolve(address);
  }

  reachable({ namespace, name }: Probe, targets: string[]): Promise<Set<string>> {
    const from = this.pods.get(`${namespace}/${name}`);
    const reached = targets.filter((target) => {
      const [address = '', port] = target.split(':');
      const to = this.pods.get(address);
      if (!from || !(to || target === apiServer)) throw new Error(`no pod ${namespace}/${name} or ${target}`);
      // What a pod says to itself does not leave it.
      if (from === to) return true;
      return this.allows('Egress', from, to, Number(port)) && (!to || this.allows('Ingress', to, from, Number(port)));
    });
    return Promise.resolve(new Set(reached));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** Whether the policies of a pod let it talk to another one, or to the API server. @param port of who is connected to */
  private allows(type: 'Ingress' | 'Egress', pod: Pod, other: Pod | undefined, port: number): boolean {
    const selecting = this.policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.namespace &&
        spec.policyTypes.includes(type) &&
        matches(pod.labels, spec.podSelector.matchLabels),
    );
    const rules = selecting.flatMap(({ spec }) => (type === 'Ingress' ? spec.ingress : spec.egress) ?? []);
    const lets = ({ from, to, ports }: Rule) => {
      const peers = type === 'Ingress' ? from : to;
      const onPort = !ports || ports.some((known) => known.port === port && known.protocol === 'TCP');
      return onPort && (!peers || peers.some((peer) => isPeer(peer, pod.namespace, other)));
    };
    return selecting.length === 0 || rules.some(lets);
  }
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, own: string, pod: Pod | undefined): boolean {
  if (!pod || ipBlock) return !pod && ['0.0.0.0/0', '192.0.2.1/32'].includes(ipBlock?.cidr ?? '');
  const inNamespace = namespaceSelector
    ? matches({ 'kubernetes.io/metadata.name': pod.namespace }, namespaceSelector.matchLabels)
    : pod.namespace === own;
  return inNamespace && matches(pod.labels, podSelector?.matchLabels);
}
