import { Construct } from 'constructs';
import { k8s } from 'cdk8s-plus-28';
import type { Binding } from './binding';
import { caMount } from './ca-certificates';
import type { Component } from './component';
import { envOf, type ContainerProps } from './container';
import { withEgress } from './egress';
import { Endpoint, portsOf, type Port } from './endpoint';
import type { Credential } from './credential';
import { ordinal, secretKeysIn, type EnvValue } from './env';
import { isFloating } from './image-sources';
import { known, Late, type OrLate } from './late';
import type { MountSource } from './mount';
import { withImages, type RunningContainer } from './override-images';
import { withResources } from './override-resources';
import { renderPodTemplate } from './pod-template';
import { volumeName } from './pod-volumes';
import { renderServices } from './service';
import { renderServiceAccount, type KubernetesAccess } from './service-account';
import { Volume } from './volume';

export interface WorkloadProps extends ContainerProps {
  /** Name of the main container. @default the component's */
  readonly container?: string;
  /** Numeric user and group of every process; files of volumes belong to the group. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** What the pods use beside the bindings whose values they have: of other components, or of other workloads of their own. */
  readonly uses?: Binding[];
  /** Ports on which its pods talk to each other, and why. @default they do not */
  readonly peers?: { readonly ports: readonly string[]; readonly why: string };
  /** Containers beside the main one. */
  readonly sidecars?: Record<string, ContainerProps>;
  /** Containers that run to their end before the main one starts. */
  readonly init?: OrLate<Record<string, ContainerProps>>;
  /** Metrics that a Prometheus can scrape. */
  readonly metrics?: { readonly port: string; readonly path: string };
  /** Rights at the Kubernetes API. @default none, and no token in the pod */
  readonly kubernetes?: KubernetesAccess;
  /** Why the pods reach out of the cluster, and where. @default they cannot */
  readonly internet?: WayOut;
  /** Labels of pods of its namespace on whose node it prefers to run, since they share a volume. */
  readonly near?: Record<string, string>;
  /**
   * How many of several pods a drain may take away at the same time. Where more of them run on one node than that, and their
   * volumes do not leave it, the drain of that node never ends. @default 1
   */
  readonly maxUnavailable?: number;
  /** How long a stop may take, in seconds. @default 30 */
  readonly terminationGraceSeconds?: number;
}

/** TCP ports of the internet that pods may reach. */
export interface WayOut {
  readonly why: string;
  /** @default 443 */
  readonly ports?: readonly number[];
  /** Private addresses, too. @default only public ones */
  readonly privateToo?: boolean;
  /**
   * Ports that are reached directly also where the platform has a proxy: what is not HTTP, or lies beside it.
   * @default all of them where the platform file names something beside the proxy, otherwise none
   */
  readonly direct?: readonly number[];
}

export interface WorkloadContainer {
  readonly name: string;
  readonly init: boolean;
  readonly props: ContainerProps;
  /** Whose image it runs: a container that waits runs a client of what it waits for. @default its workload's */
  readonly owner?: Component;
}

/**
 * The pods of a component, written once with hardened defaults: non-root, read-only root, no capabilities, RuntimeDefault
 * seccomp, no service-account token, no service links, requests and limits. Its subclasses are the Kubernetes kinds.
 */
export abstract class Workload extends Construct {
  readonly namespace: string;
  /** What selectors say: stable for the life of the workload. */
  readonly selector: Record<string, string>;
  readonly ports: Port[];
  /** True where claims come from templates (stateful sets). */
  readonly claimTemplates: boolean = false;
  /** How many pods run at the same time; 0 for jobs. */
  abstract readonly replicas: number;
  /** Kubernetes kind. */
  abstract readonly kind: string;

  constructor(
    readonly component: Component,
    /** Object name, and host name of its Service. */
    readonly name: string,
    readonly props: WorkloadProps,
  ) {
    super(component, name);
    this.namespace = component.tier.namespace;
    this.selector = { 'app.kubernetes.io/name': component.name, 'app.kubernetes.io/instance': name };
    this.ports = [props, ...Object.values(props.sidecars ?? {})].flatMap(({ ports }) => portsOf(ports));
    const { graph } = component.platform;
    graph.workloads.push(this);
    // Before everything is rendered: it may be a ConfigMap.
    if (props.internet) caMount(component);
    this.connect();
    for (const port of props.peers?.ports ?? []) graph.connect(this, this.endpoint(port), props.peers?.why ?? '');
    if (props.kubernetes) graph.exceptions.push({ workload: this, what: 'service-account token', why: props.kubernetes.why });
  }

  /** The named port as others reach it. */
  endpoint(name: string): Endpoint {
    const port = this.ports.find((candidate) => candidate.name === name);
    if (!port) throw new Error(`${this.name} has no port ${name}`);
    return new Endpoint(this, port);
  }

  /** Host names of its pods, where they have names of their own: those of stateful sets. Throws for others. */
  get peerHosts(): string[] {
    throw new Error(`${this.name} is no stateful set: its pods have no names of their own`);
  }

  get mainContainer(): string {
    return this.props.container ?? this.component.name;
  }

  /** Every container with its name, init containers first, as it runs. */
  get containers(): RunningContainer[] {
    return withImages(this, withEgress(this, withResources(this, this.declaredContainers)));
  }

  /** The main container, as it runs. */
  get main(): RunningContainer {
    const main = this.containers.find(({ name, init }) => name === this.mainContainer && !init);
    if (main === undefined) throw new Error(`${this.name} has no main container`);
    return main;
  }

  /** The same as its component declared them. */
  get declaredContainers(): WorkloadContainer[] {
    const waits = this.bindings.flatMap(({ wait, endpoint }) =>
      wait ? [{ name: `wait-for-${wait.name}`, init: true, props: wait, owner: endpoint.workload.component }] : [],
    );
    return [...waits.filter(({ name }, i) => waits.findIndex((wait) => wait.name === name) === i), ...this.ownContainers];
  }

  /** Its containers without those that wait. */
  private get ownContainers(): WorkloadContainer[] {
    const { sidecars = {} } = this.props;
    const init = this.settled(this.props.init) ?? {};
    return [
      ...Object.entries(init).map(([name, props]) => ({ name, init: true, props })),
      { name: this.mainContainer, init: false, props: this.props },
      ...Object.entries(sidecars).map(([name, props]) => ({ name, init: false, props })),
    ];
  }

  /** Its images whose tag may mean another one tomorrow. */
  get floatingImages(): string[] {
    return [...new Set(this.containers.map(({ props }) => props.image))].filter(isFloating);
  }

  /** TCP ports outside the cluster that the pods may reach. */
  get internetPorts(): readonly number[] {
    const { internet } = this.props;
    return internet ? (internet.ports ?? [443]) : [];
  }

  /** What it uses: what it says, and whose values its containers have; late values count once all components are built. */
  get bindings(): Binding[] {
    const values = this.ownContainers.flatMap(({ props: { env = {}, mounts = {} } }) => [
      ...Object.values(env).flatMap((value) => secretKeysIn(this.settled<EnvValue | undefined>(value) ?? '')),
      ...Object.values(this.settled(mounts) ?? {}),
    ]);
    return [...new Set([...(this.props.uses ?? []), ...values.flatMap(({ binding }) => binding ?? [])])];
  }

  /** Notes in the graph what it uses. */
  connect(): void {
    for (const { endpoint, why } of this.bindings) this.component.platform.graph.connect(this, endpoint, why);
  }

  /** A value as far as it is known by now. */
  private settled<T>(value: OrLate<T>): T | undefined {
    return value instanceof Late && !this.component.platform.isComplete ? undefined : known(value, this.component);
  }

  /** The credentials that its containers read. */
  get credentials(): Credential[] {
    const inEnv = this.containers.flatMap(({ props }) => Object.values(envOf(props, this.component)).flatMap(secretKeysIn));
    const mounted = this.mounts.flatMap((mount) => mount.credential ?? []);
    return [...new Set([...inEnv.map(({ credential }) => credential), ...mounted])];
  }

  /** The persistent volumes of its containers. */
  get volumes(): Volume[] {
    return [...new Set(this.mounts.filter((mount) => mount instanceof Volume))];
  }

  /** Creates the Kubernetes objects, once the graph is complete. */
  render(): void {
    const numbered = this.containers.some(({ props }) => Object.values(envOf(props, this.component)).includes(ordinal));
    if (numbered && !this.claimTemplates) throw new Error(`${this.name} is no stateful set: its pods have no ordinal`);
    if (this.props.kubernetes) renderServiceAccount(this, this.props.kubernetes);
    renderServices(this);
    if (!this.claimTemplates) {
      for (const volume of this.volumes) {
        new k8s.KubePersistentVolumeClaim(this, `claim-${volume.name}`, volume.claim(this));
      }
    }
    if (this.replicas > 1) {
      new k8s.KubePodDisruptionBudget(this, 'budget', {
        metadata: { name: this.name },
        spec: {
          maxUnavailable: k8s.IntOrString.fromNumber(this.props.maxUnavailable ?? 1),
          selector: { matchLabels: this.selector },
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      });
    }
    this.renderController();
  }

  /** Creates the object that controls the pods. */
  protected abstract renderController(): void;

  protected get metadata(): k8s.ObjectMeta {
    return { name: this.name, labels: this.selector };
  }

  protected podTemplate(restartPolicy?: 'OnFailure' | 'Never'): k8s.PodTemplateSpec {
    return renderPodTemplate(this, restartPolicy);
  }

  /** Name of the pod's volume that one of its mounts stands for. */
  volumeName(mount: MountSource): string {
    return volumeName(this.mounts, mount);
  }

  /** What stands in all its containers. */
  get mounts(): MountSource[] {
    return this.containers.flatMap(({ props }) => Object.values(known(props.mounts, this.component) ?? {}));
  }
}
