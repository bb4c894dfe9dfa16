import { Construct } from 'constructs';
import {
  IngressRoute,
  IngressRouteSpecRoutesKind,
  type IngressRouteSpecRoutesServices,
  IngressRouteSpecRoutesServicesKind,
  IngressRouteSpecRoutesServicesPort,
  ServersTransport,
} from '../../imports/traefik.io';
import type { Certificate } from './certificate';
import type { Component } from './component';
import type { Endpoint } from './endpoint';
import { gateway } from './gateway';
import { basicAuth, middlewares, singleSignOn, type RequestLimits } from './middlewares';
import { hostsOf } from './override-hosts';
import { signIn } from './sign-in';

/** Who may open a route: everyone, people signed in by single sign-on, or holders of the gateway's password. */
export const accessModes = ['public', 'sso', 'basic'] as const;
export type AccessMode = (typeof accessModes)[number];
/** Groups narrow single sign-on down to people who are in one of them. */
export type Access = AccessMode | { readonly groups: readonly string[] };

const modesInWords: Record<AccessMode, string> = { public: 'public', basic: 'gateway password', sso: 'single sign-on' };

/** What a route asks for, for people: `single sign-on (admins, editors)`. */
export function accessInWords({ access, groups }: Pick<HttpRoute, 'access' | 'groups'>): string {
  return `${modesInWords[access]}${access === 'sso' && groups.length > 0 ? ` (${groups.join(', ')})` : ''}`;
}

/** Older versions of TLS have known weaknesses. */
export const minVersion = 'VersionTLS12';

/** How a route shows on the platform's start page. */
export interface Tile {
  readonly title: string;
  readonly description: string;
  /** File name in https://github.com/homarr-labs/dashboard-icons */
  readonly icon: string;
  /** Where it leads below the route's address. @default to the address itself */
  readonly path?: string;
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
    /** Names below the domain that it has unless the platform file says other ones; `@` is the domain itself. */
    readonly defaultHosts: readonly string[],
    /** Where requests end; undefined for the gateway's own pages. */
    readonly to: Endpoint | undefined,
    readonly tile?: Tile,
  ) {
    super(component, `route-${name}`);
    this.hosts = hostsOf(component, defaultHosts);
    component.platform.graph.routes.push(this);
  }

  /** The entry point it needs on the gateway, beyond HTTP and HTTPS. */
  get entryPoint(): EntryPoint | undefined {
    return undefined;
  }

  /** Creates the Traefik objects, once the graph is complete. */
  abstract render(): void;
}

export interface HttpRouteProps extends RequestLimits {
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

/** HTTPS by host and path; where the port speaks TLS, also from the gateway on. Plain HTTP is redirected by the gateway. */
export class HttpRoute extends Route {
  /** What holds in the end: without single sign-on in the platform, `sso` is `basic`. */
  readonly access: AccessMode;
  /** Of single sign-on: in which one must be. @default any, or none at all */
  readonly groups: readonly string[];

  constructor(
    component: Component,
    name: string,
    readonly props: HttpRouteProps,
  ) {
    super(component, name, props.hosts, typeof props.to === 'string' ? undefined : props.to, props.tile);
    const { platform } = component;
    const asked = typeof props.access === 'string' ? props.access : 'sso';
    this.groups = typeof props.access === 'string' ? [] : props.access.groups;
    this.access = asked === 'sso' && !platform.has(signIn) ? 'basic' : asked;
    if (this.access !== asked) {
      platform.notices.add('single sign-on is not part of the platform: routes with access sso ask for the gateway password');
    }
  }

  /** Address for people. */
  get url(): string {
    return `https://${this.hosts[0]}${this.props.path ?? '/'}`;
  }

  render(): void {
    const { path, hidden = [] } = this.props;
    const hosts = this.hosts.map((host) => `Host(\`${host}\`)`).join(' || ');
    const below = (prefix: string) => `PathPrefix(\`${prefix}\`)`;
    // Not a rule of their own that leads nowhere: were it not there for once, this one would take them.
    const conditions = [...(path ? [below(path)] : []), ...hidden.map((prefix) => `!${below(prefix)}`)];
    new IngressRoute(this, 'ingress-route', {
      metadata: { name: this.name },
      spec: {
        entryPoints: ['websecure'],
        routes: [
          {
            kind: IngressRouteSpecRoutesKind.RULE,
            match: conditions.length > 0 ? [`(${hosts})`, ...conditions].join(' && ') : hosts,
            middlewares: middlewares(this.component, this.props, this.guards()).map((name) => ({ name })),
            services: [this.service()],
          },
        ],
        tls: { ...this.component.provider(gateway).routeTls },
      },
    });
  }

  private guards(): string[] {
    if (this.access === 'public') return [];
    return [this.access === 'basic' ? basicAuth(this.component) : singleSignOn(this.component, this.groups)];
  }

  private service(): IngressRouteSpecRoutesServices {
    const { to, sticky } = this.props;
    if (typeof to === 'string') return { kind: IngressRouteSpecRoutesServicesKind.TRAEFIK_SERVICE, name: to };
    return {
      name: to.service,
      port: IngressRouteSpecRoutesServicesPort.fromString(to.port.name),
      ...(sticky ? { sticky: { cookie: { name: sticky, secure: true, httpOnly: true } } } : {}),
      ...(to.certificate ? { scheme: 'https', serversTransport: this.transport(to.host, to.certificate) } : {}),
    };
  }

  /** How the gateway makes sure that it talks to the right program. */
  private transport(serverName: string, certificate: Certificate): string {
    const rootCAs = [{ secret: certificate.alone(this.component.tier.namespace, 'ca.crt') }];
    new ServersTransport(this, 'servers-transport', {
      metadata: { name: this.name },
      spec: { serverName, rootCAs, minVersion },
    });
    return this.name;
  }
}
