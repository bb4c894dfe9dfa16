import { Deployment } from '../../../lib/core/controllers';
import type { Workload } from '../../../lib/core/workload';
import { startOrder } from '../../../lib/derived/start-order';
import { geoai, sleeper, testPlatform, type TestEntry } from '../../support/platforms';

const names = (levels: Workload[][]) => levels.map((level) => level.map(({ name }) => name).sort());

test('what others need starts before them, and jobs are no part of it', () => {
  expect(names(startOrder(geoai()))).toEqual([
    ['hbbr', 'homepage', 'minio', 'postgis', 'traefik'],
    ['hbbs', 'mlflow'],
  ]);
});

test('what needs each other in a circle starts together, the lowest tier first', () => {
  const made = new Map<string, Deployment>();
  const part = (tier: TestEntry['tier'], other: string): TestEntry => ({
    tier,
    build: (component) =>
      void made.set(component.name, new Deployment(component, component.name, { ...sleeper, ports: { http: 8000 } })),
    complete: (component) => {
      const [from, to] = [made.get(component.name), made.get(other)];
      if (from && to) component.platform.graph.connect(from, to.endpoint('http'), 'asks');
    },
  });
  const platform = testPlatform({ front: part('apps', 'back'), back: part('data', 'front') });
  expect(names(startOrder(platform))).toEqual([['back'], ['front']]);
});
