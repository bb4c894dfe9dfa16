import type { Component } from '../../../core/component';
import { gateway } from '../../../core/gateway';
import type { Platform } from '../../../core/platform';
import { HttpRoute } from '../../../core/route';

/** One group of tiles: its title, and its tiles by title. https://gethomepage.dev/configs/services/ */
export type TileGroup = Record<string, Record<string, object>[]>;

/** A tile for every route that has one, grouped by tier in the order of tiers; `except` is the page itself. */
export function homepageTiles(platform: Platform, except: Component): TileGroup[] {
  return platform.tiers.flatMap((tier) => {
    const tiles = platform.graph.routes.flatMap((route) => {
      const { tile, component, to } = route;
      if (!tile || component.tier !== tier || component === except) return [];
      const pods = to?.workload.selector ?? platform.provider(gateway).peer.podLabels;
      return [
        {
          [tile.title]: {
            ...(route instanceof HttpRoute ? { href: route.url + (tile.path ?? '') } : {}),
            description: route instanceof HttpRoute ? tile.description : `${tile.description}: ${route.hosts.join(', ')}`,
            icon: tile.icon,
            namespace: to?.workload.namespace ?? platform.provider(gateway).peer.namespace,
            app: component.name,
            podSelector: Object.entries(pods)
              .map(([key, value]) => `${key}=${value}`)
              .join(','),
          },
        },
      ];
    });
    return tiles.length > 0 ? [{ [tier.title]: tiles }] : [];
  });
}
