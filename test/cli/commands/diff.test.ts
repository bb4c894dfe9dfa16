import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Asking } from '../../../cli/world';
import { commandLine } from '../command-line';
import { LivingCluster } from '../living-cluster';
import { hearthFolder } from '../world';

let [root, memory]: [string, LivingCluster] = ['', new LivingCluster()];
const run = (args: string[], answers?: Partial<Asking>) => commandLine(args, { memory, root, answers });
const edit = (from: string, to: string) => {
  const file = join(root, 'platforms/home.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
};

beforeEach(async () => {
  [root, memory] = [hearthFolder(), new LivingCluster()];
  await run(['up', 'home']);
  memory.written.length = 0;
});

test('nothing differs after up; the cluster is named on standard error', async () => {
  expect(await run(['diff', 'home', '--exit-code'])).toEqual({ code: 0, out: 'Nothing differs.', err: memory.title });
  expect((await run(['diff', 'home', '--output', 'json'])).out).toBe('[]');
});

test('shows what would change, what is new and what is left over, and changes nothing', async () => {
  edit('  mlflow:\n', '  mlflow: { workers: 7 }\n');
  edit('  rustdesk:\n', '');
  await memory.delete({ apiVersion: 'v1', kind: 'Service', namespace: 'home-data', name: 'minio' });
  memory.written.length = 0;
  const { code, out } = await run(['diff', 'home', '--exit-code']);
  expect(code).toBe(3);
  expect(out).toMatch(/^--- Deployment home-ai\/mlflow\s+cluster$/m);
  expect(out).toMatch(/^-\s+- --workers=2$/m);
  expect(out).toMatch(/^\+\s+- --workers=7$/m);
  expect(out).toContain('new: Service home-data/minio');
  expect(out).toContain('leftover: StatefulSet home-tooling/hbbs');
  expect(out).toMatch(/^1 new, \d+ changed, \d+ no longer in the platform$/m);
  expect(memory.written).toEqual([]);
  const json = JSON.parse((await run(['diff', 'home', '--output', 'json'])).out) as { change: string; name: string }[];
  expect(json).toContainEqual(expect.objectContaining({ change: 'new', kind: 'Service', namespace: 'home-data', name: 'minio' }));
  expect((await run(['diff', 'home'])).code).toBe(0);
});

test('on an empty cluster everything is new', async () => {
  memory = new LivingCluster();
  const { out } = await run(['diff', 'home']);
  expect(out).toContain('new: Namespace home-data');
  expect(out).toMatch(/^\d+ new, 0 changed, 0 no longer in the platform$/m);
});

test('what the cluster refuses is a difference of its own, with the mend, beside the others', async () => {
  memory.immutable.set('StatefulSet postgis', 'spec: Forbidden: updates to statefulset spec');
  edit('  postgis:\n', '  postgis: { storage: 1Ti }\n');
  edit('  mlflow:\n', '  mlflow: { workers: 7 }\n');
  const { code, out } = await run(['diff', 'home', '--exit-code']);
  expect(code).toBe(3);
  expect(out).toMatch(/^\+\s+- --workers=7$/m);
  expect(out).toContain('refused: StatefulSet home-data/postgis: spec: Forbidden: updates to statefulset spec\n');
  expect(out).toContain('kubectl -n home-data delete statefulset postgis --cascade=orphan');
  expect(out).toMatch(/^0 new, \d+ changed, 1 refused, 0 no longer in the platform$/m);
  const json: unknown = JSON.parse((await run(['diff', 'home', '--output', 'json'])).out);
  expect(json).toContainEqual(
    expect.objectContaining({
      change: 'refused',
      kind: 'StatefulSet',
      name: 'postgis',
      reason: expect.stringContaining('Forbidden') as string,
    }),
  );
  expect(await run(['update', 'home', '--yes'])).toMatchObject({
    code: 1,
    err: 'The cluster refuses what is named above. Nothing was changed.',
  });
  expect(memory.written).toEqual([]);
});

describe('update', () => {
  test('shows the difference, asks, and applies it', async () => {
    edit('  mlflow:\n', '  mlflow: { workers: 7 }\n');
    const no = await run(['update', 'home'], { confirm: async () => false });
    expect(no).toMatchObject({ code: 1, err: 'Nothing was changed.' });
    expect(memory.written).toEqual([]);
    expect((await run(['update', 'home'])).err).toContain('say --yes');
    const { code, out } = await run(['update', 'home', '--yes']);
    expect(code).toBe(0);
    expect(out.indexOf('--workers=7')).toBeLessThan(out.indexOf('08-ai: 1 made or changed'));
    expect((await run(['diff', 'home', '--exit-code'])).code).toBe(0);
  });

  test('does nothing where nothing differs', async () => {
    expect(await run(['update', 'home'])).toMatchObject({ code: 0, out: `${memory.title}\nNothing differs.` });
    expect(memory.written).toEqual([]);
  });

  test('restarts what runs an image without a fixed tag, so that it is pulled anew', async () => {
    edit('  mlflow:\n', '  mlflow: { image: registry.home.arpa/mlflow:latest }\n');
    await run(['up', 'home']);
    memory.written.length = 0;
    const { code, out } = await run(['update', 'home', '--yes']);
    expect(code).toBe(0);
    expect(out).toContain('restarts, to pull its image anew: mlflow (registry.home.arpa/mlflow:latest)');
    expect(memory.changes.filter((change) => change.startsWith('patch'))).toEqual(['patch Deployment mlflow']);
  });
});
