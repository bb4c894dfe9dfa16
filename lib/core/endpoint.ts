import type { Certificate } from './certificate';
import type { MountSource } from './mount';
import type { Workload } from './workload';

/** Transport protocol of a port. */
export type Protocol = 'TCP' | 'UDP';

/** A port of a container. A plain number is a TCP port that its Service offers under the same number. */
export type PortProps =
  | number
  | {
      /** Port the program listens on; above 1023, since programs run without capabilities. */
      readonly port: number;
      /** Port of the Service. @default the container's port */
      readonly service?: number;
      /** Further ports of the Service that lead to it. @default none */
      readonly aliases?: readonly number[];
      /** Port on which the world reaches it without the gateway's routes. @default none */
      readonly public?: number;
      /** @default 'TCP' */
      readonly protocol?: Protocol;
      /** @default true; false for a port that only the pod itself uses */
      readonly offered?: boolean;
      /**
       * The program speaks TLS there, with this certificate; `gateway` is that of the platform’s public names, which the gateway
       * alone has. From it follow URLs, the scheme of probes and metrics, and how routes lead there. @default plain text
       */
      readonly tls?: Certificate | 'gateway';
    };

/** A port after its defaults are filled in. */
export interface Port {
  readonly name: string;
  readonly port: number;
  readonly service: number;
  readonly aliases: readonly number[];
  readonly public?: number;
  readonly protocol: Protocol;
  readonly offered: boolean;
  readonly tls?: Certificate | 'gateway';
}

/** What protocols with an address of their own are called there, without and with TLS. */
const withTls: Readonly<Record<string, string>> = {
  http: 'https',
  ws: 'wss',
  amqp: 'amqps',
  mqtt: 'mqtts',
  redis: 'rediss',
  ldap: 'ldaps',
  nats: 'tls',
  grpc: 'grpcs',
};

/** Fills in the defaults of a port declaration. */
export function portOf(name: string, props: PortProps): Port {
  const given = typeof props === 'number' ? { port: props } : props;
  return { name, service: given.port, aliases: [], protocol: 'TCP', offered: true, ...given };
}

/** The ports of a container, after their defaults are filled in. */
export function portsOf(ports: Readonly<Record<string, PortProps>> = {}): Port[] {
  return Object.entries(ports).map(([name, port]) => portOf(name, port));
}

/** A named port of a workload as others reach it: the unit that connections, routes and policies speak of. */
export class Endpoint {
  constructor(
    readonly workload: Workload,
    readonly port: Port,
  ) {}

  /** Name of the Service by which routes lead here. */
  get service(): string {
    return this.workload.name;
  }

  /** Host name inside the cluster, for example `postgis.geoai-data.svc`. */
  get host(): string {
    return `${this.service}.${this.workload.namespace}.svc`;
  }

  /** The same for programs that search no domains, for example `postgis.geoai-data.svc.cluster.local`. */
  get completeHost(): string {
    return `${this.host}.${this.workload.component.platform.config.network.clusterDomain}`;
  }

  /** `host:port`. */
  get address(): string {
    return `${this.host}:${this.port.service}`;
  }

  /** That port on each pod of a stateful set alone, the first pod first, ready or not; throws for other workloads. */
  get pods(): PodEndpoint[] {
    return this.workload.peerHosts.map((host, pod) => new PodEndpoint(this.workload, this.port, pod, host));
  }

  /** `host:port` of each of them. */
  get members(): string[] {
    return this.pods.map(({ address }) => address);
  }

  /** The certificate that its clients must trust, whose name is {@link host}. @default plain text, or any public authority */
  get certificate(): Certificate | undefined {
    const { tls } = this.port;
    return tls === 'gateway' ? undefined : tls;
  }

  /** What its clients mount at a folder in order to trust it: file `ca.crt`. @default nothing, see {@link certificate} */
  trustAt(folder: string): Record<string, MountSource> {
    return this.certificate ? { [folder]: this.certificate.trusted } : {};
  }

  /**
   * `scheme://host:port`.
   * @param protocol without TLS, for example `amqp`: the scheme is `amqps` where the port speaks TLS. Others stay as they are.
   */
  url(protocol = 'http'): string {
    return `${this.scheme(protocol)}://${this.address}`;
  }

  /** The same of each pod of a stateful set, see {@link members}. */
  memberUrls(protocol = 'http'): string[] {
    return this.pods.map((pod) => pod.url(protocol));
  }

  private scheme(protocol: string): string {
    const plain = Object.keys(withTls).find((name) => withTls[name] === protocol);
    if (plain !== undefined && !this.port.tls) {
      throw new Error(
        `port ${this.port.name} of ${this.workload.name} speaks no TLS: say tls there, or ask for its ${plain} address`,
      );
    }
    return this.port.tls ? (withTls[protocol] ?? protocol) : protocol;
  }
}

/** A port on one pod of a stateful set: others reach it by the pod’s own name, and routes by a Service for it alone. */
export class PodEndpoint extends Endpoint {
  constructor(
    workload: Workload,
    port: Port,
    /** Its number, from 0. */
    readonly pod: number,
    private readonly ownName: string,
  ) {
    // No Service stands between.
    super(workload, { ...port, service: port.port });
  }

  override get service(): string {
    return `${this.workload.name}-${this.pod}`;
  }

  override get host(): string {
    return this.ownName;
  }

  override get completeHost(): string {
    return this.ownName;
  }
}
