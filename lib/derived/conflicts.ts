import { ApiObject } from 'cdk8s';
import type { Problem } from '../core/problem';
import type { Component } from '../core/component';
import type { Credential } from '../core/credential';
import type { Platform } from '../core/platform';
import { HttpRoute, type Route } from '../core/route';
import { nodePort, publicPorts, type PublicPort } from '../core/service';
import { routeFaults } from './route-faults';
import { workloadFaults } from './workload-faults';

/** Throws where two claim the same port, name or address, which nobody would notice before it fails on a cluster. */
export function refuseConflicts(platform: Platform): void {
  const { config, graph } = platform;
  refuseFaults(platform);
  const ports = graph.workloads.flatMap(publicPorts);
  const componentOf = ({ workload }: PublicPort) => workload.component;
  const problems = same(
    ports,
    ({ number, port }) => `${number}/${port.protocol}`,
    componentOf,
    (a, b) => `${portName(a)} and ${portName(b)} have the same public port ${a.number}/${a.port.protocol}`,
  );
  if (config.cluster === 'kind') {
    // Only TCP and UDP of the same number in the same Service may share a node port.
    const owners = new Map(ports.map((port) => [`${portOwner(port)}:${port.number}`, port]));
    problems.push(
      ...same(
        [...owners.values()],
        ({ number }) => String(nodePort(number)),
        componentOf,
        (a, b) =>
          `${portName(a)} and ${portName(b)} have the public ports ${a.number} and ${b.number}, which on kind are the ` +
          `same node port ${nodePort(a.number)}; their last three digits must differ`,
      ),
    );
  }
  problems.push(
    ...same(
      graph.credentials,
      // A secret store knows no namespaces.
      ({ name }) => name,
      ({ owner }) => owner,
      (a, b) => `${credentialOwner(a)} and ${credentialOwner(b)} both have a credential ${a.name}`,
    ),
    ...same(
      graph.routes.flatMap((route) => route.hosts.map((host) => ({ route, address: address(route, host) }))),
      (way) => way.address,
      ({ route }) => route.component,
      (a, b) => `${routeName(a.route)} and ${routeName(b.route)} have the same address ${a.address}; choose another name`,
    ),
  );
  if (problems.length > 0) throw config.errorOf(problems);
}

/** What a cluster would not take: of the platform file where another name mends it, otherwise of the component. */
function refuseFaults({ config, graph }: Platform): void {
  const faults = graph.workloads.flatMap((workload) =>
    workloadFaults(workload).map(({ message, byName = false }) => ({
      byName,
      message: `${workload.kind} ${workload.name} ${message}`,
      path: ['services', workload.component.name],
    })),
  );
  const routes = graph.routes.flatMap((route) => routeFaults(route).map((fault) => `route ${route.name} ${fault}`));
  const mistakes = [...faults.filter(({ byName }) => !byName).map(({ message }) => message), ...routes];
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  if (faults.length > 0) {
    throw config.errorOf(faults.map(({ path, message }) => ({ path, message: `${message}; give the service another name` })));
  }
}

/** Throws where two services make the same object, of which the later would silently replace the earlier. */
export function refuseSameObjects(platform: Platform): void {
  const owners = new Map<string, Component>();
  const shared = new Map<string, { readonly pair: readonly Component[]; readonly objects: string[] }>();
  for (const component of platform.tiers.flatMap(({ components }) => components)) {
    for (const object of component.node.findAll().filter((node) => node instanceof ApiObject)) {
      const identity = [object.apiGroup, object.kind, object.metadata.namespace, object.name].join('/');
      const other = owners.get(identity);
      owners.set(identity, component);
      if (other === undefined || other === component) continue;
      const pair = [other, component].sort((a, b) => Number(hasOwnName(a)) - Number(hasOwnName(b)));
      const key = pair.map(({ name }) => name).join(' ');
      const { objects } = shared.get(key) ?? { objects: [] };
      shared.set(key, { pair, objects: [...objects, `${object.kind} ${object.name}`] });
    }
  }
  const problems = [...shared.values()].flatMap(({ pair: [other, owner], objects }) => {
    if (other === undefined || owner === undefined) return [];
    const message = `makes ${objects.join(' and ')}, as ${other.name} does; give it another name`;
    return [{ path: ['services', owner.name], message }];
  });
  if (problems.length > 0) throw platform.config.errorOf(problems);
}

/** Whether the platform file chose the name of a service. */
const hasOwnName = ({ name, type }: Component) => name !== type;

/** A problem for each item whose key another one before it has. */
function same<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  owner: (item: Item) => Component,
  message: (a: Item, b: Item) => string,
): Problem[] {
  const seen = new Map<string, Item>();
  return items.flatMap((item) => {
    const other = seen.get(key(item));
    if (other) return [{ path: ['services', owner(item).name], message: message(other, item) }];
    seen.set(key(item), item);
    return [];
  });
}

const portOwner = ({ workload }: PublicPort) => `${workload.namespace}/${workload.name}`;
const portName = (port: PublicPort) => `port ${port.port.name} of ${portOwner(port)}`;
const credentialOwner = ({ owner }: Credential) => `${owner.tier.namespace}/${owner.name}`;
const routeName = ({ name, component }: Route) => `route ${name} of ${component.name}`;
/** What tells a route from others. */
const address = (route: Route, host: string) =>
  route instanceof HttpRoute ? `https://${host}${route.props.path ?? '/'}` : `${host}:${route.entryPoint?.port}`;
