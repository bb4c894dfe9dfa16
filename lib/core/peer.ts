import { k8s } from 'cdk8s-plus-28';

/** A group of pods, as a NetworkPolicy names it. */
export interface Peer {
  readonly namespace: string;
  readonly podLabels: Record<string, string>;
}

/** The peer as seen from a policy in `from`. */
export function renderPeer(peer: Peer, from: string): k8s.NetworkPolicyPeer {
  return {
    ...(peer.namespace === from ? {} : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': peer.namespace } } }),
    // The API server drops labels that are none, and would see a change at each apply.
    podSelector: Object.keys(peer.podLabels).length > 0 ? { matchLabels: peer.podLabels } : {},
  };
}
