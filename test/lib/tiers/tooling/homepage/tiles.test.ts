import { Deployment } from '../../../../../lib/core/controllers';
import type { Component } from '../../../../../lib/core/component';
import { HttpRoute } from '../../../../../lib/core/route';
import { TcpRoute } from '../../../../../lib/core/stream-routes';
import { homepageTiles } from '../../../../../lib/tiers/tooling/homepage/tiles';
import { sleeper, testPlatform } from '../../../../support/platforms';

const tile = (title: string) => ({ title, description: `About ${title}`, icon: `${title}.png` });
const to = (component: Component) =>
  new Deployment(component, component.name, { ...sleeper, ports: { http: 8080 } }).endpoint('http');
const web = (component: Component) =>
  void new HttpRoute(component, component.name, {
    hosts: [component.name],
    access: 'public',
    to: to(component),
    tile: tile(component.name),
  });

const platform = testPlatform({
  page: { tier: 'tooling', build: web },
  wiki: { build: web },
  quiet: {
    build: (component) => void new HttpRoute(component, 'quiet', { hosts: ['quiet'], access: 'public', to: to(component) }),
  },
  board: {
    tier: 'gateway',
    build: (component) =>
      void new HttpRoute(component, 'board', {
        hosts: ['board'],
        access: 'public',
        to: 'api@internal',
        tile: tile('board'),
      }),
  },
  sql: {
    tier: 'data',
    build: (component) =>
      void new TcpRoute(component, 'sql', {
        host: 'sql',
        entryPoint: { name: 'sql', port: 5432 },
        to: to(component),
        tile: tile('sql'),
      }),
  },
});

test('a tile for every route that has one, by tier, without the page itself', () => {
  expect(homepageTiles(platform, platform.component('page'))).toEqual([
    {
      Gateway: [
        {
          board: {
            href: 'https://board.hearth.test/',
            description: 'About board',
            icon: 'board.png',
            namespace: 'test-gateway',
            app: 'board',
            podSelector: 'app.kubernetes.io/name=gateway,app.kubernetes.io/instance=gateway',
          },
        },
      ],
    },
    {
      Data: [
        {
          sql: {
            description: 'About sql: sql.hearth.test',
            icon: 'sql.png',
            namespace: 'test-data',
            app: 'sql',
            podSelector: 'app.kubernetes.io/name=sql,app.kubernetes.io/instance=sql',
          },
        },
      ],
    },
    {
      Apps: [
        {
          wiki: {
            href: 'https://wiki.hearth.test/',
            description: 'About wiki',
            icon: 'wiki.png',
            namespace: 'test-apps',
            app: 'wiki',
            podSelector: 'app.kubernetes.io/name=wiki,app.kubernetes.io/instance=wiki',
          },
        },
      ],
    },
  ]);
});
