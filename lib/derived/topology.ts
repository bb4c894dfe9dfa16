import type { Component } from '../core/component';
import { provides } from '../core/definition';
import { gateway as gatewayNeed } from '../core/gateway';
import type { Platform } from '../core/platform';
import type { Route } from '../core/route';
import { publicPorts } from '../core/service';
import { tiers } from '../core/tier';
import { edges } from './network-policies';

export interface TopologyOptions {
  /** Leaves out ports and the hosts of routes. @default false */
  readonly reduced?: boolean;
}

/** Mermaid ids know no dashes, and `end` is a keyword. */
const id = (kind: string, name: string) => `${kind}_${name.replace(/[^A-Za-z0-9]/g, '_')}`;
const quoted = (text: string) => `"${text.replaceAll('"', '#quot;')}"`;

/**
 * The components of a platform by tier and who reaches whom, as a Mermaid flow chart. Its arrows are the edges that the
 * NetworkPolicies allow. https://mermaid.js.org/syntax/flowchart.html
 */
export function topology(platform: Platform, { reduced = false }: TopologyOptions = {}): string {
  const components = platform.tiers.flatMap((tier) => tier.components);
  const gateway = components.find(({ definition }) => provides(definition, gatewayNeed));
  const arrows = new Arrows();
  const node = (component: Component) => id('component', component.name);

  for (const [component, ports] of publicPortsOf(platform, gateway)) {
    arrows.add('internet', node(component), reduced ? '' : ranges(ports));
  }
  for (const { workload, to, port, why, route } of edges(platform)) {
    const from = workload?.component ?? gateway;
    if (!from || from === to.component) continue;
    const label = route ? (reduced ? '' : shortHosts(route, platform.config.domain)) : why;
    arrows.add(node(from), node(to.component), reduced || route ? label : `${label}, ${port.port}`);
  }
  for (const { component, internetPorts } of platform.graph.workloads) {
    if (internetPorts.length > 0) arrows.add(node(component), 'internet', reduced ? '' : ranges(internetPorts));
  }

  return [
    'flowchart LR',
    `  internet(["Internet"])`,
    ...platform.tiers.flatMap((tier) => [
      `  subgraph ${id('tier', tier.name)}[${quoted(`${tiers[tier.name].number} ${tier.title}`)}]`,
      ...tier.components.map((component) => `    ${node(component)}[${quoted(component.shortTitle)}]`),
      '  end',
    ]),
    ...arrows.lines(),
  ].join('\n');
}

/** The ports of each component on which the internet reaches it without a route. */
function publicPortsOf(platform: Platform, gateway: Component | undefined): Map<Component, number[]> {
  const found = new Map<Component, number[]>();
  const add = (component: Component, ...ports: number[]) => found.set(component, [...(found.get(component) ?? []), ...ports]);
  for (const workload of platform.graph.workloads) {
    const ports = publicPorts(workload).map(({ number }) => number);
    if (ports.length > 0) add(workload.component, ...ports);
  }
  if (gateway && !found.has(gateway)) {
    // The gateway that k3s brings has no workload here.
    add(gateway, 80, 443, ...platform.graph.routes.flatMap(({ entryPoint }) => entryPoint?.port ?? []));
  }
  return found;
}

/** `80, 443, 21115-21119` */
export function ranges(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const starts = sorted.filter((number) => !sorted.includes(number - 1));
  return starts
    .map((start) => {
      let end = start;
      while (sorted.includes(end + 1)) end++;
      return start === end ? String(start) : `${start}-${end}`;
    })
    .join(', ');
}

/** `mlflow.example.org`, `www.example.org` → `mlflow, www`. */
function shortHosts({ hosts }: Route, domain: string): string {
  return hosts.map((host) => (host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : host)).join(', ');
}

/** Arrows with all labels of a pair on one of them. */
class Arrows {
  private readonly labels = new Map<string, { readonly from: string; readonly to: string; readonly labels: Set<string> }>();

  add(from: string, to: string, label: string): void {
    const key = `${from} ${to}`;
    const known = this.labels.get(key) ?? { from, to, labels: new Set<string>() };
    if (label !== '') known.labels.add(label);
    this.labels.set(key, known);
  }

  lines(): string[] {
    return [...this.labels.values()].map(({ from, to, labels }) =>
      labels.size > 0 ? `  ${from} -->|${quoted([...labels].join(', '))}| ${to}` : `  ${from} --> ${to}`,
    );
  }
}
