import { commandLine } from '../command-line';
import { LivingCluster } from '../living-cluster';
import { hearthFolder } from '../world';

const root = hearthFolder();
let memory: LivingCluster;
const destroy = (args: string[], input?: string) =>
  commandLine(['destroy', 'home', ...args], {
    memory,
    root,
    ...(input === undefined ? {} : { answers: { input: async () => input, confirm: async () => true } }),
  });

beforeEach(async () => {
  memory = new LivingCluster();
  await commandLine(['up', 'home'], { memory, root });
  const metadata = { name: 'data-postgis-0', namespace: 'home-data' };
  memory.put({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, ...{ spec: { volumeName: 'pv-1' } } });
  const volume = (name: string, namespace: string) =>
    memory.put({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      ...{ spec: { claimRef: { namespace } } },
    });
  volume('pv-1', 'home-data');
  // Of a claim that was deleted, and of another platform.
  volume('pv-0', 'home-data');
  volume('pv-2', 'other-data');
  memory.written.length = 0;
});

/** What is left of the platform when nothing of it ever ran, or all volumes were deleted. */
async function withoutData(): Promise<void> {
  const data = [...memory.objects.values()].filter(({ kind }) => kind.startsWith('PersistentVolume'));
  for (const { apiVersion, kind, metadata } of data) await memory.delete({ apiVersion, kind, ...metadata });
}

test.each([
  ['no word about the data', [], undefined],
  ['--yes alone', ['--yes'], undefined],
  ['told once', ['--delete-data'], undefined],
  ['told once with --yes', ['--delete-data', '--yes'], undefined],
  ['told again with another name', ['--delete-data', '--confirm', 'hom'], undefined],
  ['another answer', ['--delete-data'], 'yes'],
])('refuses while claims hold data: %s', async (_, args, input) => {
  const { code, err } = await destroy(args, input);
  expect(code).toBe(1);
  expect(err).toContain('Nothing was changed.');
  expect(err).toContain('home');
  expect(memory.written).toEqual([]);
});

test.each([
  ['by flags', ['--delete-data', '--confirm', 'home'], undefined],
  ['by an answer', ['--delete-data'], 'home'],
])('deletes everything where told twice %s, also volumes that outlive their claims', async (_, args, input) => {
  expect((await destroy(args, input)).code).toBe(0);
  expect(memory.written[0]).toMatchObject({
    verb: 'patch',
    ref: { kind: 'PersistentVolume', name: 'pv-1' },
    body: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
  });
  const released = memory.changes.filter((change) => change.startsWith('patch PersistentVolume'));
  expect(released).toEqual(['patch PersistentVolume pv-1', 'patch PersistentVolume pv-0']);
  const left = [...memory.objects.values()].map(({ kind }) => kind);
  expect([...new Set(left)].sort()).toEqual(['CustomResourceDefinition', 'PersistentVolume']);
});

test('--keep-data keeps claims, Secrets, namespaces and their StorageClass, and up brings everything back', async () => {
  const secrets = memory.secrets.content;
  const { code, out } = await destroy(['--keep-data', '--yes']);
  expect(code).toBe(0);
  expect(out).toContain('npx hearth up home');
  const left = new Set([...memory.objects.values()].map(({ kind }) => kind));
  expect([...left].sort()).toEqual([
    'CustomResourceDefinition',
    'Namespace',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'StorageClass',
  ]);
  expect((await commandLine(['up', 'home'], { memory, root })).code).toBe(0);
  expect(memory.secrets.content).toBe(secrets);
});

test('Secrets count as data: without them nobody opens what lies elsewhere', async () => {
  await withoutData();
  memory.written.length = 0;
  const { code, err } = await destroy(['--yes']);
  expect(code).toBe(1);
  expect(err).toMatch(/^home has \d+ Secrets\. Keep them: .*--delete-data --confirm home/);
  expect(memory.written).toEqual([]);
});

test('a namespace of the same name that is not the platform’s is left alone', async () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace' };
  memory.put({ ...namespace, metadata: { name: 'home-data', labels: { 'app.kubernetes.io/part-of': 'other' } } });
  expect((await destroy(['--delete-data', '--confirm', 'home'])).code).toBe(0);
  expect(memory.changes).not.toContain('delete Namespace home-data');
  expect(await memory.read({ ...namespace, name: 'home-data' })).toBeDefined();
  expect(memory.changes.filter((change) => change.includes('PersistentVolume'))).toEqual([]);
});

test('on a cluster without the platform it says so', async () => {
  memory = new LivingCluster();
  expect(await destroy([])).toMatchObject({
    code: 0,
    out: expect.stringContaining('There is nothing of home') as unknown,
  });
});

test('without data and Secrets it asks once', async () => {
  await withoutData();
  memory.secrets.secrets.clear();
  memory.written.length = 0;
  expect(await destroy([])).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as unknown });
  expect(memory.written).toEqual([]);
  expect((await destroy(['--yes'])).code).toBe(0);
});
