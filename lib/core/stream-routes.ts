import {
  IngressRouteTcp,
  type IngressRouteTcpSpecRoutesServices,
  IngressRouteTcpSpecRoutesServicesPort,
  IngressRouteUdp,
  IngressRouteUdpSpecRoutesServicesPort,
  ServersTransportTcp,
  TlsOption,
} from '../../imports/traefik.io';
import type { Component } from './component';
import type { Endpoint } from './endpoint';
import { gateway } from './gateway';
import { minVersion, Route, type EntryPoint, type Tile } from './route';

export interface TcpRouteProps {
  /** Host name below the platform's domain, which the client sends as TLS server name. */
  readonly host: string;
  readonly entryPoint: { readonly name: string; readonly port: number };
  readonly to: Endpoint;
  /**
   * The gateway does not end the TLS of clients: they see the certificate of the program, which must be for these hosts.
   * @default it ends there, with the gateway’s certificate; where the port speaks TLS, too, another one leads on
   */
  readonly passthrough?: boolean;
  /** The protocol that clients name in the TLS handshake (ALPN); Traefik refuses what it does not know. @default none */
  readonly alpn?: string;
  readonly tile?: Tile;
}

/** TCP with TLS, told apart by server name (SNI). */
export class TcpRoute extends Route {
  constructor(
    component: Component,
    name: string,
    readonly props: TcpRouteProps,
  ) {
    super(component, name, [props.host], props.to, props.tile);
  }

  /**
   * One for each pod of a stateful set, which leads to that pod alone: with host `kafka`, `kafka-0` below the domain leads to the
   * first one. They share the entry point.
   * @param name of their objects, followed by the number of the pod
   */
  static each(component: Component, name: string, { host, to, ...rest }: Omit<TcpRouteProps, 'tile'>): TcpRoute[] {
    return to.pods.map((pod, i) => new TcpRoute(component, `${name}-${i}`, { ...rest, host: `${host}-${i}`, to: pod }));
  }

  override get entryPoint(): EntryPoint {
    return { ...this.props.entryPoint, protocol: 'TCP' };
  }

  render(): void {
    const { alpn, passthrough } = this.props;
    if (alpn) {
      new TlsOption(this, 'tls-option', { metadata: { name: this.name }, spec: { alpnProtocols: [alpn], minVersion } });
    }
    new IngressRouteTcp(this, 'ingress-route-tcp', {
      metadata: { name: this.name },
      spec: {
        entryPoints: [this.entryPoint.name],
        routes: [
          {
            match: this.hosts.map((host) => `HostSNI(\`${host}\`)`).join(' || '),
            services: [this.service()],
          },
        ],
        tls: passthrough
          ? { passthrough }
          : { ...this.component.provider(gateway).routeTls, ...(alpn ? { options: { name: this.name } } : {}) },
      },
    });
  }

  private service(): IngressRouteTcpSpecRoutesServices {
    const { to, passthrough = false } = this.props;
    const port = IngressRouteTcpSpecRoutesServicesPort.fromString(to.port.name);
    const service = { name: to.service, port };
    if (!to.certificate || passthrough) return service;
    const rootCAs = [{ secret: to.certificate.alone(this.component.tier.namespace, 'ca.crt') }];
    new ServersTransportTcp(this, 'servers-transport-tcp', {
      metadata: { name: this.name },
      spec: { tls: { serverName: to.host, rootCAs } },
    });
    return { ...service, tls: true, serversTransport: this.name };
  }
}

export interface UdpRouteProps {
  readonly entryPoint: { readonly name: string; readonly port: number };
  readonly to: Endpoint;
}

/** UDP: an entry point leads to one endpoint. */
export class UdpRoute extends Route {
  constructor(
    component: Component,
    name: string,
    private readonly props: UdpRouteProps,
  ) {
    super(component, name, [], props.to);
  }

  override get entryPoint(): EntryPoint {
    return { ...this.props.entryPoint, protocol: 'UDP' };
  }

  render(): void {
    const { to } = this.props;
    new IngressRouteUdp(this, 'ingress-route-udp', {
      metadata: { name: this.name },
      spec: {
        entryPoints: [this.entryPoint.name],
        routes: [
          {
            services: [{ name: to.service, port: IngressRouteUdpSpecRoutesServicesPort.fromString(to.port.name) }],
          },
        ],
      },
    });
  }
}
