import type { Workload } from '../../../lib/core/workload';
import { kubectl, kubectlJson } from './kubectl';
import { apply } from './pod';
import { reachable, startProbe } from './probe';

/** A pod of the tests that opens connections. */
export interface Probe {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  /** TCP port. @default it listens on none */
  readonly listens?: number;
  /**
   * A policy of its own lets everybody in and itself out to everybody: what it cannot reach, and who cannot reach it, is kept
   * off by the other side. @default false
   */
  readonly open?: boolean;
}

/** The network between pods, as it is seen by probes. */
export interface Network {
  /** Starts probes, and waits until they run. */
  start(probes: readonly Probe[]): Promise<void>;
  /** IP address of a probe, or of a pod of a workload. */
  addressOf(pod: Probe | Workload): Promise<string>;
  /** Which of these `address:port` a probe can connect to. */
  reachable(probe: Probe, targets: string[]): Promise<Set<string>>;
  /** Removes what it made there. */
  stop(namespaces: readonly string[]): Promise<void>;
}

const openLabels = { 'hearth-test/open': 'true' };

/** That of the cluster of `KUBECONFIG`. */
export const clusterNetwork: Network = {
  async start(probes) {
    await Promise.all(
      probes.map(({ name, namespace, labels, listens, open }) =>
        startProbe(name, namespace, open ? { ...labels, ...openLabels } : labels, listens),
      ),
    );
    const policies = probes.filter(({ open }) => open).map(({ namespace }) => openPolicy(namespace));
    if (policies.length > 0) await apply(...policies);
    for (const { name, namespace } of probes) {
      await kubectl([
        'wait',
        '--for=jsonpath={.status.phase}=Running',
        `pod/${name}`,
        `--namespace=${namespace}`,
        '--timeout=120s',
      ]);
    }
  },

  async addressOf(pod) {
    const which =
      'selector' in pod ? `--selector=${labelsOf(pod)},!hearth-test/probe` : `--field-selector=metadata.name=${pod.name}`;
    const { items } = await kubectlJson<{ items: { status: { phase: string; podIP?: string } }[] }>([
      'get',
      'pods',
      `--namespace=${pod.namespace}`,
      which,
    ]);
    const ip = items.find(({ status }) => status.phase === 'Running')?.status.podIP;
    if (!ip) throw new Error(`no pod of ${pod.name} runs`);
    return ip;
  },

  reachable: ({ name, namespace }, targets) => reachable(name, namespace, targets),

  async stop(namespaces) {
    await Promise.all(
      namespaces.map((namespace) =>
        kubectl(['delete', 'pods,networkpolicies', '--selector=hearth-test/probe', `--namespace=${namespace}`, '--timeout=60s']),
      ),
    );
  },
};

const openPolicy = (namespace: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'probe-open', namespace, labels: { 'hearth-test/probe': 'true' } },
  spec: {
    podSelector: { matchLabels: openLabels },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{}],
    egress: [{}],
  },
});

const labelsOf = ({ selector }: Workload) =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join();
