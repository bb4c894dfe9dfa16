import { identity } from '../../lib/bindings/oidc-client';
import { gateway } from '../../lib/core/gateway';
import type { Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import { accessInWords, HttpRoute, type AccessMode, type Route } from '../../lib/core/route';
import { entryOf } from '../../lib/derived/secret-stores';
import { publicPorts, type PublicPort } from '../../lib/core/service';
import { tiers } from '../../lib/core/tier';
import { ranges } from '../../lib/derived/topology';
import { outputOption, print, table, type OutputOptions } from '../output';
import { platformCommand, platformOf } from '../target';
import type { World } from '../world';

/** One address of a platform. */
export interface Address {
  readonly component: string;
  readonly title: string;
  readonly url: string;
  /** Every host name under which it answers; the first is that of the URL. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Whom the gateway lets through; basic: with its password; program: the program alone decides, see {@link signIn}. */
  readonly access: AccessMode | 'program';
  /** Of single sign-on: in which one must be; empty for any. */
  readonly groups: readonly string[];
  /** What the program itself asks for. */
  readonly signIn: string;
  /** How it comes there: through a route of the gateway, or by a public port of its own. */
  readonly through: 'gateway' | 'port';
  /** Part of another address, of interest to programs only. */
  readonly detail: boolean;
}

/** Every address under which the world reaches the platform, by tier. */
export function addresses(platform: Platform): Address[] {
  const { routes, workloads } = platform.graph;
  const { owner } = platform.provider(gateway).basicAuth;
  const direct = workloads.filter(({ component }) => component !== owner).flatMap(publicPorts);
  const number = ({ component }: Address) => tiers[platform.component(component).tier.name].number;
  return [...routes.map((route) => routed(platform, route)), ...direct.map((port) => ownPort(platform, port))].sort(
    (a, b) => number(a) - number(b),
  );
}

function routed(platform: Platform, route: Route): Address {
  const { component, tile, name } = route;
  const { signIn } = component.definition;
  const title = tile?.title ?? component.shortTitle;
  const about = { component: component.name, title, signIn, through: 'gateway' } as const;
  if (route instanceof HttpRoute) {
    const { url, hosts, access, groups } = route;
    return {
      ...about,
      url,
      hosts,
      port: 443,
      protocol: 'TCP',
      access,
      groups: access === 'sso' ? groups : [],
      detail: !tile && isBelowAnother(platform, route),
    };
  }
  const { name: scheme, port, protocol } = route.entryPoint ?? { name, port: 0, protocol: 'TCP' };
  const hosts = route.hosts.length > 0 ? route.hosts : [platform.config.domain];
  return {
    ...about,
    url: `${scheme}://${hosts[0]}:${port}`,
    hosts,
    port,
    protocol,
    access: 'program',
    groups: [],
    detail: false,
  };
}

/** A path of a host that has an address of its own. */
function isBelowAnother({ graph }: Platform, route: HttpRoute): boolean {
  const isRoot = ({ url }: HttpRoute) => new URL(url).pathname === '/';
  const others = graph.routes.filter((other) => other instanceof HttpRoute && isRoot(other));
  return !isRoot(route) && others.some(({ hosts }) => hosts.some((host) => route.hosts.includes(host)));
}

function ownPort(platform: Platform, { workload, port, number }: PublicPort): Address {
  const { name: component, shortTitle, definition } = workload.component;
  const { signIn } = definition;
  const host = `${component}.${platform.config.domain}`;
  return {
    component,
    title: `${shortTitle}, ${port.name}`,
    url: `${port.protocol.toLowerCase()}://${host}:${number}`,
    hosts: [host],
    port: number,
    protocol: port.protocol,
    access: 'program',
    groups: [],
    signIn,
    through: 'port',
    detail: false,
  };
}

const programsOwn = 'the program’s own';
const inWords = ({ access, groups }: Address) => (access === 'program' ? programsOwn : accessInWords({ access, groups }));

/** The addresses as a table for people: ports of a program in one line, and no details. */
export function addressTable(platform: Platform): string[] {
  const shown = addresses(platform).filter(({ detail }) => !detail);
  const routes = shown.filter(({ through }) => through === 'gateway');
  const ports = shown.filter(({ through }) => through === 'port');
  const hosts = [...new Set(ports.flatMap((port) => port.hosts))];
  return table(
    ['TITLE', 'ADDRESS', 'ACCESS'],
    [
      ...routes.map((address) => [address.title, address.url, inWords(address)]),
      ...hosts.map((host) =>
        portsRow(
          platform,
          ports.filter((port) => port.hosts.includes(host)),
        ),
      ),
    ],
  );
}

/** `RustDesk server  rustdesk.geoai.localhost  TCP 21115-21119, UDP 21116` */
function portsRow(platform: Platform, ports: readonly Address[]): string[] {
  const numbers = (protocol: Address['protocol']) => {
    const found = ports.filter((port) => port.protocol === protocol).map(({ port }) => port);
    return found.length > 0 ? [`${protocol} ${ranges(found)}`] : [];
  };
  const [first] = ports;
  const title = first ? platform.component(first.component).shortTitle : '';
  return [title, `${first?.hosts[0] ?? ''}, ports ${[...numbers('TCP'), ...numbers('UDP')].join(', ')}`, programsOwn];
}

/** What else people need to open them. */
export function addressNotes(platform: Platform): string[] {
  const { name, cluster, secrets } = platform.config;
  const { basicAuth } = platform.provider(gateway);
  const [place] = basicAuth.secrets;
  const asks = (mode: AccessMode) => addresses(platform).some(({ access }) => access === mode);
  const password =
    secrets === 'external'
      ? `is in the secret store, entry ${place ? entryOf(platform, basicAuth, place) : basicAuth.name}`
      : `npx hearth credentials ${name} --show`;
  return [
    ...(cluster === 'kind' ? ['kind: these ports are open on this machine (127.0.0.1) alone.'] : []),
    ...(asks('basic') ? [`Gateway password: ${password}`] : []),
    ...(asks('sso') ? [`Single sign-on: people and groups are kept at ${platform.provider(identity).url}`] : []),
  ];
}

/** `urls`: where everything is. */
export const urlsCommand = (world: World): Command =>
  platformCommand('urls', 'list the addresses of a platform')
    .addOption(outputOption())
    .action((name: string, options: OutputOptions) => {
      const platform = platformOf(world, name);
      const notes = addressNotes(platform);
      print(world, options, addresses(platform), () => [...addressTable(platform), ...(notes.length > 0 ? ['', ...notes] : [])]);
    });
