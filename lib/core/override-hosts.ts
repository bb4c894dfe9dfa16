import type { Component } from './component';
import { suggest } from './problem';
import { toldTo } from './told';

/** Names below the domain of the platform (`@` is the domain itself): of its only route, or default name → others. */
export type HostsOverride = readonly string[] | Readonly<Record<string, readonly string[]>>;

const isList = (hosts: HostsOverride): hosts is readonly string[] => Array.isArray(hosts);

/** The full host names of a route, for example `mlflow.example.org`. @param defaults names below the domain, or `@` */
export function hostsOf({ overrides: { hosts }, platform }: Component, defaults: readonly string[]): string[] {
  const { domain } = platform.config;
  const chosen =
    hosts === undefined
      ? defaults
      : isList(hosts)
        ? defaults.length > 0
          ? hosts
          : []
        : defaults.flatMap((host) => hosts[host] ?? [host]);
  return chosen.map((host) => (host === '@' ? domain : `${host}.${domain}`));
}

/** The address that people see of a route with that name below the domain (`@` is the domain itself), as its program is told it. */
export function hostOf(component: Component, name: string): string {
  const [host = component.platform.config.domain] = hostsOf(component, [name]);
  return host;
}

/** Refuses hosts of routes that there are not, and those of programs that would not answer to them. */
export function refuseHosts(component: Component): void {
  const { hosts } = component.overrides;
  if (hosts === undefined) return;
  const { graph } = component.platform;
  const routes = graph.routes.filter((route) => route.component === component && route.defaultHosts.length > 0);
  const sets = new Set(routes.map(({ defaultHosts }) => defaultHosts.join(' ')));
  const known = [...new Set(routes.flatMap(({ defaultHosts }) => defaultHosts))];
  if (known.length === 0) component.refuse(['hosts'], 'has no effect, since this service has no routes; remove it');
  else if (isList(hosts) && sets.size > 1) {
    const each = known.map((host) => `${host}: [${host}]`).join(', ');
    component.refuse(['hosts'], `could be those of several routes; write for example { ${each} }`);
  } else if (!isList(hosts)) {
    for (const host of Object.keys(hosts).filter((name) => !known.includes(name))) {
      component.refuse(['hosts', host], `is no host of this service; ${suggest(host, known)}`);
    }
  }
  refuseFixedHosts(component);
}

/** A program that is told its address answers to no other one, or sends people back to it. */
function refuseFixedHosts(component: Component): void {
  const { graph, config } = component.platform;
  const routes = graph.routes.filter((route) => route.component === component);
  const now = new Set(routes.flatMap(({ hosts }) => hosts));
  const before = new Set(routes.flatMap(({ defaultHosts }) => defaultHosts));
  for (const name of before) {
    const host = name === '@' ? config.domain : `${name}.${config.domain}`;
    const whole = new RegExp(`(?<![a-z0-9.-])${host.replaceAll('.', '\\.')}(?![a-z0-9-]|\\.[a-z0-9])`);
    // Others may be told the domain itself for what lies below it.
    const concerns = (owner: Component) => name !== '@' || owner === component;
    const told = [
      ...graph.workloads
        .filter((workload) => concerns(workload.component) && toldTo(workload).some((text) => whole.test(text)))
        .map((workload) => workload.name),
      ...graph.configFiles
        .filter(({ owner, files }) => concerns(owner) && whole.test(Object.values(files).join('\n')))
        .map((files) => files.name),
    ];
    if (now.has(host) || told.length === 0) continue;
    component.refuse(['hosts'], `${told[0]} is told ${host}, and goes by no other name; keep it, or remove this`);
  }
}
