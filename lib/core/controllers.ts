import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import { startingDeadline } from './cron';
import { PodEndpoint } from './endpoint';
import { servicePort } from './service';
import { Workload, type WorkloadProps } from './workload';

export interface ReplicatedProps extends WorkloadProps {
  /** @default 1 */
  readonly replicas?: number;
}

/** Interchangeable pods. With a volume, the old pod ends before the new one starts, since both want the claim. */
export class Deployment extends Workload {
  readonly kind = 'Deployment';
  readonly replicas: number;

  constructor(component: Component, name: string, props: ReplicatedProps) {
    super(component, name, props);
    this.replicas = props.replicas ?? 1;
  }

  protected renderController(): void {
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: this.metadata,
      spec: {
        replicas: this.replicas,
        revisionHistoryLimit: 3,
        selector: { matchLabels: this.selector },
        strategy:
          this.volumes.length > 0
            ? { type: 'Recreate' }
            : {
                type: 'RollingUpdate',
                rollingUpdate: {
                  maxSurge: k8s.IntOrString.fromNumber(1),
                  maxUnavailable: k8s.IntOrString.fromNumber(0),
                },
              },
        template: this.podTemplate(),
      },
    });
  }
}

/** Domain of the own names of a stateful set's pods, for example `etcd-peers.hy-home-data.svc.cluster.local`. */
export function peerDomain({ platform, tier }: Component, name: string): string {
  return `${name}-peers.${tier.namespace}.svc.${platform.config.network.clusterDomain}`;
}

/**
 * Host names of a stateful set's pods, complete, since some programs search no domains. Known before it is made, for
 * programs that must be told of each other.
 */
export function peerHosts(component: Component, name: string, replicas: number): string[] {
  const domain = peerDomain(component, name);
  return Array.from({ length: replicas }, (_, replica) => `${name}-${replica}.${domain}`);
}

export interface StatefulSetProps extends ReplicatedProps {
  /** Start all pods at once rather than one after the other; for peers that find each other. @default false */
  readonly parallel?: boolean;
}

/** Pods with names and claims of their own. Peers find each other by {@link peerHosts}, also before they are ready. */
export class StatefulSet extends Workload {
  readonly kind = 'StatefulSet';
  override readonly claimTemplates = true;
  readonly replicas: number;
  private readonly parallel: boolean;

  constructor(component: Component, name: string, props: StatefulSetProps) {
    super(component, name, props);
    this.replicas = props.replicas ?? 1;
    this.parallel = props.parallel ?? false;
  }

  /** Host names of all pods, see {@link peerHosts}. */
  override get peerHosts(): string[] {
    return peerHosts(this.component, this.name, this.replicas);
  }

  protected renderController(): void {
    const serviceName = `${this.name}-peers`;
    new k8s.KubeService(this, 'peers', {
      metadata: { name: serviceName, labels: this.selector },
      spec: {
        clusterIp: 'None',
        publishNotReadyAddresses: true,
        selector: this.selector,
        ports: this.ports.map((port) => servicePort(port, port.port)),
      },
    });
    this.renderPodServices();
    new TypedClaimTemplates(this, 'stateful-set', {
      metadata: this.metadata,
      spec: {
        serviceName,
        replicas: this.replicas,
        revisionHistoryLimit: 3,
        podManagementPolicy: this.parallel ? 'Parallel' : 'OrderedReady',
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        selector: { matchLabels: this.selector },
        template: this.podTemplate(),
        volumeClaimTemplates: this.volumes.map((volume) => volume.claim(this)),
      },
    });
  }

  /** A Service for each pod that routes lead to alone. */
  private renderPodServices(): void {
    const routed = this.component.platform.graph.routes.flatMap(({ to }) =>
      to instanceof PodEndpoint && to.workload === this ? to : [],
    );
    for (const name of new Set(routed.map(({ service }) => service))) {
      const ports = new Map(routed.flatMap(({ service, port }) => (service === name ? [[port.name, port]] : [])));
      new k8s.KubeService(this, `service-${name}`, {
        metadata: { name, labels: this.selector },
        spec: {
          type: 'ClusterIP',
          selector: { ...this.selector, 'statefulset.kubernetes.io/pod-name': name },
          ports: [...ports.values()].map((port) => servicePort(port, port.service)),
        },
      });
    }
  }
}

/**
 * Its claim templates carry `apiVersion` and `kind`, which the generated class drops, also from a JSON patch. Without them
 * Argo CD sees a difference after every server-side apply: https://github.com/argoproj/argo-cd/issues/11143
 */
class TypedClaimTemplates extends k8s.KubeStatefulSet {
  override toJson(): unknown {
    const manifest = super.toJson() as { spec: { volumeClaimTemplates?: object[] } };
    const volumeClaimTemplates = manifest.spec.volumeClaimTemplates?.map((template) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      ...template,
    }));
    return { ...manifest, spec: { ...manifest.spec, ...(volumeClaimTemplates ? { volumeClaimTemplates } : {}) } };
  }
}

/** One pod on every node. */
export class DaemonSet extends Workload {
  readonly kind = 'DaemonSet';
  readonly replicas = 1;

  protected renderController(): void {
    new k8s.KubeDaemonSet(this, 'daemon-set', {
      metadata: this.metadata,
      spec: { revisionHistoryLimit: 3, selector: { matchLabels: this.selector }, template: this.podTemplate() },
    });
  }
}

/** Work done once. Jobs are immutable, so its name ends in a hash of its spec: a change is a new job. */
export class Job extends Workload {
  readonly kind: string = 'Job';
  readonly replicas = 0;

  protected renderController(): void {
    const spec = this.jobSpec();
    const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 8);
    new k8s.KubeJob(this, 'job', { metadata: { ...this.metadata, name: `${this.name}-${hash}` }, spec });
  }

  /** Retries: what it needs, and the policies that open the way there, may come later. */
  protected jobSpec(): k8s.JobSpec {
    return { backoffLimit: 20, template: this.podTemplate('OnFailure') };
  }
}

export interface CronJobProps extends WorkloadProps {
  /** Five fields, in the platform's time zone. */
  readonly schedule: string;
  /** Never runs by itself: its jobs are made by hand, from its template. @default false */
  readonly suspend?: boolean;
  /** How often a failed run is tried again. @default 2 */
  readonly retries?: number;
  /** `Never` makes a new pod for each retry, so that the failed one and its logs stay. @default 'OnFailure' */
  readonly restartPolicy?: 'OnFailure' | 'Never';
  /** Seconds after which a run is ended as failed. @default none */
  readonly deadlineSeconds?: number;
}

/** Work done again and again, never two at a time. */
export class CronJob extends Job {
  override readonly kind = 'CronJob';

  constructor(
    component: Component,
    name: string,
    private readonly cron: CronJobProps,
  ) {
    super(component, name, cron);
  }

  get schedule(): string {
    return this.cron.schedule;
  }

  get suspended(): boolean {
    return this.cron.suspend ?? false;
  }

  protected override jobSpec(): k8s.JobSpec {
    const { retries = 2, restartPolicy = 'OnFailure', deadlineSeconds } = this.cron;
    return {
      ...(deadlineSeconds === undefined ? {} : { activeDeadlineSeconds: deadlineSeconds }),
      backoffLimit: retries,
      template: this.podTemplate(restartPolicy),
    };
  }

  protected override renderController(): void {
    new k8s.KubeCronJob(this, 'cron-job', {
      metadata: this.metadata,
      spec: {
        schedule: this.schedule,
        // Said in any case, so that applying it again resumes what somebody suspended.
        suspend: this.suspended,
        timeZone: this.component.platform.config.timeZone,
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: startingDeadline(this.schedule),
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: { spec: this.jobSpec() },
      },
    });
  }
}
