import type { Component } from '../../core/component';
import type { Endpoint } from '../../core/endpoint';
import { suggest } from '../../core/problem';
import { HttpRoute, type AccessMode } from '../../core/route';

/** A program that Traefik's routes lead to, for components that lead to it in their own way. */
export interface Destination {
  readonly endpoint: Endpoint;
  /** Host name under which the program knows itself. */
  readonly host: string;
  /** Path below which its routes are, without a slash at its end. */
  readonly base: string;
  /** Paths below `base` that Traefik hides. */
  readonly hidden: readonly string[];
  /** Who may pass Traefik. */
  readonly access: AccessMode;
}

/** What is wrong with a setting of a platform file, and what to write instead. */
export interface Mistake {
  readonly key: 'to' | 'route';
  readonly message: string;
}

/**
 * Looks a service up among those of the platform, once all routes are declared.
 * @param from who asks; it cannot lead to itself
 * @param named name of a route @default the service's first one
 */
export function findDestination(from: Component, service: string, named?: string): Destination | Mistake {
  const { graph, config } = from.platform;
  const routes = graph.routes.flatMap((route) =>
    route instanceof HttpRoute && route.to && route.component !== from ? [{ route, to: route.to }] : [],
  );
  const known = [...new Set(routes.map(({ route }) => route.component.name))];
  const own = routes.filter(({ route }) => route.component.name === service);
  if (!Object.hasOwn(config.services, service)) {
    return { key: 'to', message: `there is no service "${service}" in this platform; ${suggest(service, known)}` };
  }
  if (own.length === 0) {
    return { key: 'to', message: `${service} has no pages or API that routes lead to; ${suggest(service, known)}` };
  }
  const found = named === undefined ? own[0] : own.find(({ route }) => route.name === named);
  if (!found) {
    const names = own.map(({ route }) => route.name);
    return { key: 'route', message: `${service} has no route "${named}"; ${suggest(named ?? '', names)}` };
  }
  const { route, to } = found;
  const { hidden = [] } = route.props;
  const { hostname, pathname } = new URL(route.url);
  const base = pathname.replace(/\/$/, '');
  return {
    endpoint: to,
    host: hostname,
    base,
    hidden: hidden.filter((path) => path.startsWith(base)).map((path) => path.slice(base.length)),
    access: route.access,
  };
}
