import { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import { ManifestFile } from './manifest-file';
import type { Platform } from './platform';

/**
 * The tiers in the order in which a platform starts. The number leads the folder name in `dist/`
 * and is the Argo CD sync wave; `foundation` tiers keep running when a node is short of memory.
 */
export const tiers = {
  gateway: { number: 1, title: 'Gateway', foundation: true },
  auth: { number: 2, title: 'Authentication', foundation: true },
  security: { number: 3, title: 'Security', foundation: true },
  data: { number: 4, title: 'Data', foundation: true },
  messaging: { number: 5, title: 'Messaging', foundation: true },
  observability: { number: 6, title: 'Observability', foundation: false },
  workflow: { number: 7, title: 'Workflow', foundation: false },
  ai: { number: 8, title: 'AI', foundation: false },
  tooling: { number: 9, title: 'Tooling', foundation: false },
  communication: { number: 10, title: 'Communication', foundation: false },
  apps: { number: 11, title: 'Apps', foundation: false },
} as const;

/** Name of a tier, also the end of its namespace. */
export type TierName = keyof typeof tiers;

/**
 * A tier is one namespace with its guard rails: the `restricted` Pod Security Standard, a default-deny
 * NetworkPolicy in both directions, and a LimitRange for pods that an operator starts by hand.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export class Tier {
  readonly namespace: string;
  readonly title: string;
  /** Name with its number, for example `04-data`. */
  readonly numbered: string;
  /** Folder below `dist/`, for example `geoai/04-data`. */
  readonly folder: string;
  /** PriorityClass of every pod of the tier. */
  readonly priorityClass: string;
  readonly components: Component[] = [];
  /** What belongs to the tier rather than to one component. */
  readonly file: ManifestFile;

  constructor(
    platform: Platform,
    readonly name: TierName,
  ) {
    const { number, title, foundation } = tiers[name];
    this.namespace = `${platform.config.namespacePrefix}-${name}`;
    this.title = title;
    this.numbered = `${String(number).padStart(2, '0')}-${name}`;
    this.folder = `${platform.config.name}/${this.numbered}`;
    this.priorityClass = `${platform.config.namespacePrefix}-${foundation ? 'foundation' : 'service'}`;
    this.file = new ManifestFile(platform, this.numbered, {
      folder: this.folder,
      file: 'tier',
      namespace: this.namespace,
    });
    this.guardRails();
  }

  private guardRails(): void {
    new k8s.KubeNetworkPolicy(this.file, 'default-deny', {
      metadata: { name: 'default-deny' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    const quantities = (cpu: string, memory: string) => ({
      cpu: k8s.Quantity.fromString(cpu),
      memory: k8s.Quantity.fromString(memory),
    });
    new k8s.KubeLimitRange(this.file, 'limits', {
      metadata: { name: 'container-defaults' },
      spec: {
        limits: [{ type: 'Container', defaultRequest: quantities('50m', '64Mi'), default: quantities('500m', '256Mi') }],
      },
    });
  }
}
