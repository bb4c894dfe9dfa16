import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../command-line';
import { LivingCluster } from '../living-cluster';
import { hearthFolder } from '../world';

const root = hearthFolder();
let memory: LivingCluster;
const run = (...args: string[]) => commandLine(args, { memory, root });
const replicas = async (kind: string, namespace: string, name: string) =>
  ((await memory.read({ apiVersion: 'apps/v1', kind, namespace, name })) as unknown as { spec: { replicas: number } }).spec
    .replicas;
const pods = () =>
  [...memory.objects.values()]
    .filter(({ kind }) => kind === 'Pod')
    .map(({ metadata }) => metadata.name)
    .sort();

beforeEach(async () => {
  memory = new LivingCluster();
  expect((await run('up', 'home')).code).toBe(0);
  memory.written.length = 0;
});

test('stop scales everything to zero, consumers first; start brings back what the model says, providers first', async () => {
  const before = pods();
  expect(before).toContain('mlflow-0');
  const { code, out } = await run('stop', 'home');
  expect(code).toBe(0);
  expect(out.split('\n')[0]).toBe(memory.title);
  expect(pods()).toEqual([]);
  const order = memory.changes.map((change) => change.split(' ').at(-1));
  expect(order.indexOf('mlflow')).toBeLessThan(order.indexOf('postgis'));
  expect(order.indexOf('hbbs')).toBeLessThan(order.indexOf('hbbr'));
  expect((await run('status', 'home')).code).toBe(3);

  memory.written.length = 0;
  expect((await run('start', 'home')).code).toBe(0);
  expect(pods()).toEqual(before);
  const again = memory.changes.map((change) => change.split(' ').at(-1));
  expect(again.indexOf('postgis')).toBeLessThan(again.indexOf('mlflow'));
  expect((await run('status', 'home')).code).toBe(0);
  expect((await run('diff', 'home', '--exit-code')).code).toBe(0);
});

test('nothing is deleted', async () => {
  await run('stop', 'home');
  expect(memory.written.filter(({ verb }) => verb !== 'patch')).toEqual([]);
});

test('single components stop and start, and what needs them is named', async () => {
  const { code, err } = await run('stop', 'home', 'postgis');
  expect(code).toBe(0);
  expect(err).toBe('note: still running, and in need of them: mlflow');
  expect(await replicas('StatefulSet', 'home-data', 'postgis')).toBe(0);
  expect(await replicas('StatefulSet', 'home-data', 'minio')).toBe(1);
  await run('start', 'home', 'postgis');
  expect(await replicas('StatefulSet', 'home-data', 'postgis')).toBe(1);
});

test('nothing but the number of pods changes, also where the platform file has changed since', async () => {
  const file = join(root, 'platforms/home.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('  postgis:\n', '  postgis: { storage: 70Gi, settings: { max_connections: 7 } }\n'));
  await run('stop', 'home', 'postgis');
  await run('start', 'home', 'postgis');
  writeFileSync(file, text);
  expect(memory.written.map(({ ref, body }) => [ref.name, body])).toEqual([
    ['postgis', { spec: { replicas: 0 } }],
    ['postgis', { spec: { replicas: 1 } }],
  ]);
});

test('start names what is not in the cluster', async () => {
  await memory.delete({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'home-data', name: 'postgis' });
  const { code, err } = await run('start', 'home', 'postgis');
  expect({ code, err }).toEqual({ code: 1, err: 'not in the cluster: postgis; npx hearth up home makes it' });
});

test('up starts again what was stopped', async () => {
  await run('stop', 'home');
  expect((await run('up', 'home')).code).toBe(0);
  expect(pods()).toContain('mlflow-0');
});

test('a name that is no component is explained, before anything changes', async () => {
  const { code, err } = await run('stop', 'home', 'postgres');
  expect({ code, err }).toEqual({ code: 1, err: 'home has no component "postgres"; did you mean "postgis"?' });
  expect(memory.written).toEqual([]);
});

test('pods that do not end are named, with exit code 3', async () => {
  const patch = memory.patch.bind(memory);
  memory.patch = async (ref, changes) => {
    const kept = [...memory.objects].filter(([, { kind }]) => kind === 'Pod');
    await patch(ref, changes);
    kept.forEach(([key, object]) => memory.objects.set(key, object));
  };
  const { code, err } = await run('stop', 'home', 'mlflow', '--timeout', '5');
  expect({ code, err }).toEqual({ code: 3, err: 'still there after 5 s: mlflow-0; kubectl describe pod says why' });
});
