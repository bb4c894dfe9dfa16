import { Construct } from 'constructs';
import {
  IngressRoute,
  IngressRouteSpecRoutesKind,
  IngressRouteSpecRoutesServicesKind,
  IngressRouteSpecRoutesServicesPort,
  IngressRouteTcp,
  IngressRouteTcpSpecRoutesServicesPort,
  IngressRouteUdp,
  IngressRouteUdpSpecRoutesServicesPort,
  Middleware,
  TlsOption,
} from '../../imports/traefik.io';
import type { Component } from './component';
import type { Endpoint } from './endpoint';

/** Who may open a route: everyone, people signed in by single sign-on, or holders of the gateway's password. */
export const accessModes = ['public', 'sso', 'basic'] as const;
export type Access = (typeof accessModes)[number];

/** What each asks for, for people. */
export const accessInWords: Record<Access, string> = {
  public: 'public',
  basic: 'gateway password',
  sso: 'single sign-on',
};

/** How a route shows on the platform's start page. */
export interface Tile {
  readonly title: string;
  readonly description: string;
  /** File name in https://github.com/homarr-labs/dashboard-icons */
  readonly icon: string;
}

/** An entry point of the gateway beyond HTTP: a name and its public port. */
export interface EntryPoint {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** A way from outside to an endpoint. */
export abstract class Route extends Construct {
  /** Full host names, for example `mlflow.example.org`; empty for UDP, which knows none. */
  readonly hosts: string[];

  constructor(
    readonly component: Component,
    /** Object name. */
    readonly name: string,
    hosts: string[],
    /** Where requests end; undefined for the gateway's own pages. */
    readonly to: Endpoint | undefined,
    readonly tile?: Tile,
  ) {
    super(component, `route-${name}`);
    const { domain } = component.platform.config;
    this.hosts = hosts.map((host) => (host === '@' ? domain : `${host}.${domain}`));
    component.platform.graph.routes.push(this);
  }

  /** The entry point it needs on the gateway, beyond HTTP and HTTPS. */
  get entryPoint(): EntryPoint | undefined {
    return undefined;
  }

  /** Creates the Traefik objects, once the graph is complete. */
  abstract render(): void;
}

export interface HttpRouteProps {
  /** Host names below the platform's domain; `@` is the domain itself. */
  readonly hosts: string[];
  /** Only paths below this prefix. @default every path */
  readonly path?: string;
  /** An endpoint, or the gateway's own dashboard. */
  readonly to: Endpoint | 'api@internal';
  readonly access: Access;
  /** Paths below these prefixes answer 404. @default none */
  readonly hidden?: string[];
  /** Name of a cookie that leads a browser to the same pod again. @default none: every request goes to any pod */
  readonly sticky?: string;
  readonly tile?: Tile;
}

/** HTTPS by host and path. Plain HTTP is redirected by the gateway. */
export class HttpRoute extends Route {
  /** What holds in the end: without single sign-on in the platform, `sso` is `basic`. */
  readonly access: Access;

  constructor(
    component: Component,
    name: string,
    private readonly props: HttpRouteProps,
  ) {
    super(component, name, props.hosts, typeof props.to === 'string' ? undefined : props.to, props.tile);
    this.access = props.access === 'sso' ? 'basic' : props.access;
    if (props.access === 'sso') {
      component.platform.notices.add(
        'single sign-on is not part of the platform: routes with access sso ask for the gateway password',
      );
    }
  }

  /** Address for people. */
  get url(): string {
    return `https://${this.hosts[0]}${this.props.path ?? '/'}`;
  }

  render(): void {
    const { path, to, hidden = [], sticky } = this.props;
    const hosts = this.hosts.map((host) => `Host(\`${host}\`)`).join(' || ');
    const below = (prefixes: string[]) => prefixes.map((prefix) => `PathPrefix(\`${prefix}\`)`).join(' || ');
    const service =
      typeof to === 'string'
        ? { kind: IngressRouteSpecRoutesServicesKind.TRAEFIK_SERVICE, name: to }
        : {
            name: to.workload.name,
            port: IngressRouteSpecRoutesServicesPort.fromString(to.port.name),
            ...(sticky ? { sticky: { cookie: { name: sticky, secure: true, httpOnly: true } } } : {}),
          };
    const guards = this.access === 'basic' ? [{ name: basicAuthOf(this.component) }] : [];
    const route = (match: string, middlewares: { name: string }[]) => ({
      kind: IngressRouteSpecRoutesKind.RULE,
      match,
      ...(middlewares.length > 0 ? { middlewares } : {}),
      services: [service],
    });
    new IngressRoute(this, 'ingress-route', {
      metadata: { name: this.name },
      spec: {
        entryPoints: ['websecure'],
        routes: [
          route(path ? `(${hosts}) && PathPrefix(\`${path}\`)` : hosts, guards),
          ...(hidden.length > 0
            ? [route(`(${hosts}) && (${below(hidden)})`, [...guards, { name: this.nowhere() }])]
            : []),
        ],
        tls: { ...this.component.platform.gateway().routeTls },
      },
    });
  }

  /** Traefik cannot answer by itself: the request goes to a path that the program does not have. */
  private nowhere(): string {
    const name = `${this.name}-hidden`;
    new Middleware(this, 'hidden', { metadata: { name }, spec: { replacePath: { path: '/hidden-by-the-gateway' } } });
    return name;
  }
}

/** The basic-auth middleware of a tier, made on first use: Traefik refuses middlewares of other namespaces. */
function basicAuthOf(component: Component): string {
  const name = 'basic-auth';
  const { platform, tier } = component;
  const file = tier.file;
  if (!file.node.tryFindChild(name)) {
    const { basicAuth } = platform.gateway();
    new Middleware(file, name, {
      metadata: { name },
      // Traefik takes a Secret with one key only.
      spec: { basicAuth: { secret: basicAuth.alone(tier.namespace, 'users'), removeHeader: true } },
    });
  }
  return name;
}

export interface TcpRouteProps {
  /** Host name below the platform's domain, which the client sends as TLS server name. */
  readonly host: string;
  readonly entryPoint: { readonly name: string; readonly port: number };
  readonly to: Endpoint;
  /** The protocol that clients name in the TLS handshake (ALPN); Traefik refuses what it does not know. @default none */
  readonly alpn?: string;
  readonly tile?: Tile;
}

/** TCP with TLS, told apart by server name (SNI); TLS ends at the gateway. */
export class TcpRoute extends Route {
  constructor(
    component: Component,
    name: string,
    private readonly props: TcpRouteProps,
  ) {
    super(component, name, [props.host], props.to, props.tile);
  }

  override get entryPoint(): EntryPoint {
    return { ...this.props.entryPoint, protocol: 'TCP' };
  }

  render(): void {
    const { to, alpn } = this.props;
    if (alpn) new TlsOption(this, 'tls-option', { metadata: { name: this.name }, spec: { alpnProtocols: [alpn] } });
    new IngressRouteTcp(this, 'ingress-route-tcp', {
      metadata: { name: this.name },
      spec: {
        entryPoints: [this.entryPoint.name],
        routes: [
          {
            match: this.hosts.map((host) => `HostSNI(\`${host}\`)`).join(' || '),
            services: [
              { name: to.workload.name, port: IngressRouteTcpSpecRoutesServicesPort.fromString(to.port.name) },
            ],
          },
        ],
        tls: { ...this.component.platform.gateway().routeTls, ...(alpn ? { options: { name: this.name } } : {}) },
      },
    });
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
            services: [
              { name: to.workload.name, port: IngressRouteUdpSpecRoutesServicesPort.fromString(to.port.name) },
            ],
          },
        ],
      },
    });
  }
}
