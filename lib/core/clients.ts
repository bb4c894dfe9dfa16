import type { Binding } from './binding';
import type { Component } from './component';
import type { Endpoint } from './endpoint';
import type { Peer } from './peer';
import { suggest } from './problem';

/** Pods outside the platform that may come in to a service. */
export interface ForeignClient {
  /** Where they live; hearth neither makes nor deletes it. */
  readonly namespace: string;
  /** Their labels; none for every pod of the namespace. */
  readonly pods: Readonly<Record<string, string>>;
  /** Names of the ports that they reach. @default of what the service gives them, otherwise where its routes lead */
  readonly ports?: readonly string[];
}

/** A port that is open to pods outside the platform. */
export interface Admission {
  readonly from: Peer;
  readonly to: Endpoint;
}

/**
 * Lets in the clients of a service that the platform file names. Called before components are complete, since the service
 * makes what it gives to them.
 */
export function admitClients(component: Component): void {
  const { platform, overrides } = component;
  for (const [client, said] of Object.entries(overrides.clients ?? {})) {
    const { namespace, pods, ports } = said;
    if (isOfThePlatform(component, client, namespace)) continue;
    const given = gifts(component, client, said);
    for (const { credential } of given) credential?.lend(namespace);
    const usual = given.length > 0 ? given.map(({ endpoint }) => endpoint) : routed(component);
    const reached = ports ? namedPorts(component, client, ports) : usual;
    for (const to of reached) platform.graph.admissions.push({ from: { namespace, podLabels: { ...pods } }, to });
    if (ports || usual.length > 0) continue;
    const names = offered(component).map(({ port }) => port.name);
    const mend = names.length > 0 ? `write for example ports: [${names.join(', ')}]` : 'remove it';
    component.refuse(['clients', client], `must say which ports it reaches; ${mend}`);
  }
}

/** A client has things and a namespace of its own: it would share those of a service. */
function isOfThePlatform(component: Component, client: string, namespace: string): boolean {
  if (Object.values(component.definition.provides).some((need) => need.client?.sharesNothing)) return false;
  const { services } = component.platform.config;
  const path = ['clients', client];
  if (client in services) component.refuse(path, 'is the name of a service of the platform; write another name');
  const own = component.platform.tiers.some((tier) => tier.namespace === namespace);
  if (own) component.refuse([...path, 'namespace'], 'belongs to the platform, whose services find each other; write another one');
  return own || client in services;
}

/** What the service gives to one of that name: a database, a bucket, a role. */
function gifts({ platform, name, definition }: Component, client: string, said: ForeignClient): Binding[] {
  return Object.values(definition.provides).flatMap((need) => {
    const given = need.client && platform.providerBy(need, name);
    return need.client && given ? [need.client.give(given, client, said)] : [];
  });
}

/** The ports that its Services offer. */
const offered = (component: Component): Endpoint[] =>
  component.platform.graph
    .workloadsOf(component)
    .filter(({ replicas }) => replicas > 0)
    .flatMap((workload) => workload.ports.flatMap((port) => (port.offered ? workload.endpoint(port.name) : [])));

/** Where its routes lead. */
const routed = (component: Component): Endpoint[] =>
  component.platform.graph.routes.flatMap((route) => (route.component === component && route.to ? route.to : []));

function namedPorts(component: Component, client: string, ports: readonly string[]): Endpoint[] {
  const all = offered(component);
  const names = [...new Set(all.map(({ port }) => port.name))];
  return ports.flatMap((name, i) => {
    const found = all.filter(({ port }) => port.name === name);
    if (found.length === 0) {
      component.refuse(['clients', client, 'ports', String(i)], `there is no port "${name}"; ${suggest(name, names)}`);
    }
    return found;
  });
}
