import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plan, requestOf } from '../../cli/credentials/plan';
import { buildPlatform } from '../../lib/build-platform';
import { parsePlatform } from '../../lib/config/load';
import { commandLine } from './command-line';
import { LivingCluster } from './living-cluster';
import { description, hearthFolder, MemoryStore } from './world';

const text = description.replace('  postgis:\n', '  postgis: { clients: { shop: { namespace: web, pods: { app: shop } } } }\n');
const platform = buildPlatform(parsePlatform(text, 'home.yaml'));
const ours = { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': 'home' };

async function run(store: MemoryStore) {
  const nobody = { problem: () => 'nobody', value: () => Promise.reject(new Error('nobody')) };
  const result = await plan(platform, await store.read(requestOf(platform)), nobody);
  await store.apply(result.changes);
  return result;
}

test('the Secret of a client is written to its namespace as well, labelled as hearth’s', async () => {
  const store = new MemoryStore();
  const { changes } = await run(store);
  expect(changes.find(({ namespace }) => namespace === 'web')).toMatchObject({ name: 'postgis-shop', labels: ours });
  expect(store.secrets.get('web/postgis-shop')).toEqual(store.secrets.get('home-data/postgis-shop'));
  expect(Object.keys(store.secrets.get('web/postgis-shop') ?? {})).toEqual(['username', 'password']);
});

test('a namespace that is not there yet holds nothing up, and gets its Secret later', async () => {
  const store = new MemoryStore();
  store.missingNamespaces.push('web');
  const before = await run(store);
  expect(before.problems).toEqual([]);
  expect(before.notices).toEqual([
    'the namespace web of a client does not exist: its Secret is made by npx hearth credentials home once it does',
  ]);
  expect(store.secrets.has('web/postgis-shop')).toBe(false);
  store.missingNamespaces.length = 0;
  expect((await run(store)).changes.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['web/postgis-shop']);
});

test('a missing namespace of the platform still holds everything up', async () => {
  const store = new MemoryStore();
  store.missingNamespaces.push('home-data', 'web');
  const { problems, changes } = await run(store);
  expect(problems).toEqual([expect.stringContaining('these namespaces do not exist yet: home-data;')]);
  expect(changes).toEqual([]);
});

test('a Secret of that name that is somebody else’s is left alone', async () => {
  const store = new MemoryStore();
  store.secrets.set('web/postgis-shop', { password: 'bWluZQ==' });
  store.labels.set('web/postgis-shop', { app: 'shop' });
  const { problems, changes } = await run(store);
  expect(problems).toEqual([
    'web/postgis-shop is not hearth’s, and a client shall get a Secret of that name; rename or delete it',
  ]);
  expect(changes).toEqual([]);
});

test('destroy takes its Secret away where data goes, and leaves the namespace', async () => {
  const root = hearthFolder();
  mkdirSync(join(root, 'platforms'), { recursive: true });
  writeFileSync(join(root, 'platforms/home.yaml'), text);
  const memory = new LivingCluster();
  await commandLine(['up', 'home'], { memory, root });
  expect(memory.secrets.secrets.has('web/postgis-shop')).toBe(true);
  const copy = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'web', name: 'postgis-shop' } };
  memory.put(copy);
  memory.written.length = 0;
  expect((await commandLine(['destroy', 'home', '--delete-data', '--confirm', 'home'], { memory, root })).code).toBe(0);
  const deleted = memory.written.filter(({ verb }) => verb === 'delete').map(({ ref }) => ref);
  expect(deleted).toContainEqual({ apiVersion: 'v1', kind: 'Secret', namespace: 'web', name: 'postgis-shop' });
  expect(deleted).not.toContainEqual(expect.objectContaining({ kind: 'Namespace', name: 'web' }));
});
