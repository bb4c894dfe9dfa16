import { join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { buildPlatform } from '../../../lib/build-platform';
import { fromEach, loadPlatform } from '../../../lib/config/load';
import type { Component } from '../../../lib/core/component';
import { kinds } from '../../../lib/core/kinds';
import { waves } from '../../../lib/derived/applied-objects';
import { leftovers, ownedObjects } from '../../../cli/cluster/leftovers';
import { root, testPlatform } from '../../support/platforms';
import { MemoryCluster } from '../memory-cluster';

const configs = ['platforms', 'test/platforms'].flatMap((folder) => fromEach(join(root, folder), loadPlatform));

test.each(configs.map((config) => [config.name, config] as const))('%s: finds every object of the model', async (_, config) => {
  const platform = buildPlatform(config);
  const cluster = new MemoryCluster();
  const objects = waves(platform).flatMap((wave) => wave.objects);
  for (const object of objects) await cluster.apply(object);
  const never = ['CustomResourceDefinition', 'PersistentVolumeClaim', 'Secret'];
  expect(await ownedObjects(cluster, platform)).toHaveLength(objects.filter(({ kind }) => !never.includes(kind)).length);
  expect(leftovers(await ownedObjects(cluster, platform), waves(platform))).toEqual([]);
});

test('every kind that hearth makes is listed, in the order in which it is applied', () => {
  const own = new Set(kinds.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
  const made = configs.flatMap((config) => waves(buildPlatform(config)).flatMap(({ objects }) => objects));
  expect([...new Set(made.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`))].filter((kind) => !own.has(kind))).toEqual([]);
});

test('what a component from outside brings is found as well', async () => {
  const build = (component: Component) =>
    void new ApiObject(component, 'topic', {
      apiVersion: 'example.org/v1',
      kind: 'Topic',
      metadata: { name: 'events' },
    });
  const platform = testPlatform({ app: { build } });
  const cluster = new MemoryCluster();
  for (const { objects } of waves(platform)) for (const object of objects) await cluster.apply(object);
  expect((await ownedObjects(cluster, platform)).map(({ kind }) => kind)).toContain('Topic');
});

test('what another platform made, and runs of commands, are no leftovers', async () => {
  const [config] = configs;
  if (!config) throw new Error('no platform');
  const platform = buildPlatform(config);
  const cluster = new MemoryCluster();
  const job = (name: string, labels: Record<string, string>) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'x', labels: { 'app.kubernetes.io/managed-by': 'hearth', ...labels } },
  });
  cluster.put(job('old', { 'app.kubernetes.io/part-of': config.name }));
  cluster.put(job('run', { 'app.kubernetes.io/part-of': config.name, 'hearth/run': 'backup' }));
  cluster.put(job('other', { 'app.kubernetes.io/part-of': 'another' }));
  const found = leftovers(await ownedObjects(cluster, platform), waves(platform));
  expect(found.map(({ metadata }) => metadata.name)).toEqual(['old']);
});
