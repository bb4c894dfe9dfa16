import type { Component } from '../core/component';
import type { Platform } from '../core/platform';
import { toldTo } from '../core/told';
import type { Workload } from '../core/workload';

/**
 * Throws where a workload names the address of another one, or reads its credential, without an edge between them: it would
 * find its way closed on a cluster. That is a mistake of a component, not of a platform file.
 */
export function refuseUndeclaredEdges({ graph }: Platform): void {
  const { workloads, connections, configFiles } = graph;
  const byHost = new Map(workloads.map((workload) => [`${workload.name}.${workload.namespace}`, workload]));
  const used = new Map(workloads.map((workload) => [workload, [workload]]));
  for (const { from, to } of connections) used.get(from)?.push(to.workload);
  const uses = (from: Workload) => used.get(from) ?? [];
  // Keys and configuration may be handed over: a job reads what the program that goes there is told.
  const usedBy = (component: Component) => graph.workloadsOf(component).flatMap(uses);
  for (const from of workloads) {
    const own = uses(from);
    for (const to of addressed(toldTo(from), byHost)) {
      if (!own.includes(to)) throw undeclared(from.name, `names the address of ${to.name}`);
    }
    for (const { name, owner } of from.credentials) {
      const serves = workloads.some(({ component, replicas }) => component === owner && replicas > 0);
      if (serves && !usedBy(from.component).some(({ component }) => component === owner)) {
        throw undeclared(from.name, `reads the credential ${name} of ${owner.name}`);
      }
    }
  }
  for (const { name, owner, files } of configFiles) {
    for (const to of addressed(Object.values(files), byHost)) {
      if (!usedBy(owner).includes(to)) throw undeclared(`configuration ${name}`, `names the address of ${to.name}`);
    }
  }
}

const undeclared = (who: string, what: string) =>
  new Error(`${who} ${what}, but nothing there uses it: take a value of a binding, or name the endpoint under uses`);

/** A name inside the cluster: of a Service, or of a pod of a stateful set. */
const hostName = /([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b/g;

/** The workloads whose addresses stand in texts. */
function addressed(texts: readonly string[], byHost: ReadonlyMap<string, Workload>): Set<Workload> {
  const found = new Set<Workload>();
  for (const [, name = '', namespace = ''] of texts.flatMap((text) => [...text.matchAll(hostName)])) {
    const to = byHost.get(`${name}.${namespace}`) ?? byHost.get(`${name.replace(/-peers$/, '')}.${namespace}`);
    if (to) found.add(to);
  }
  return found;
}
