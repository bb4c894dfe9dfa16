import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { z } from 'zod';
import { commandLine } from './command-line';
import { MemoryCluster } from './memory-cluster';
import { hearthFolder, platform, temporaryFolder } from './world';

const root = hearthFolder();
const run = (memory: MemoryCluster, file: string, ...options: string[]) =>
  commandLine(['credentials', 'home', '--export', file, ...options], { memory, root });

const secretSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()) }),
  type: z.string(),
  data: z.record(z.string(), z.string()),
});
const documents = (file: string) =>
  YAML.parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as unknown);
const held = (file: string) =>
  documents(file)
    .map((document) => secretSchema.parse(document))
    .map(({ metadata, data }) => [`${metadata.namespace}/${metadata.name}`, data]);

test('makes what is missing, and writes a copy of everything for its owner only', async () => {
  const memory = new MemoryCluster();
  memory.secrets.set('home-data/minio', 'accessKeyId', 'mine');
  memory.secrets.annotations.set('home-data/minio', { note: 'stays behind' });
  const file = join(temporaryFolder(), 'copy.yaml');
  const { code, out, err } = await run(memory, file);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('completed home-data/minio: secretAccessKey');
  expect(out).toContain(`wrote ${platform().graph.credentials.flatMap(({ secrets }) => secrets).length} Secrets to ${file}`);
  expect(new Map(held(file) as [string, unknown][])).toEqual(memory.secrets.secrets);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const { data } of documents(file).map((document) => secretSchema.parse(document))) {
    for (const value of Object.values(data).filter((base64) => base64.length > 12)) expect(out).not.toContain(value);
  }
});

test('a second time only adds what is new, and keeps other documents', async () => {
  const memory = new MemoryCluster();
  const file = join(temporaryFolder(), 'copy.yaml');
  const other = '# mine\napiVersion: v1\nkind: Secret\nmetadata: { name: foreign, namespace: elsewhere }\n';
  writeFileSync(file, other);
  expect((await run(memory, file)).code).toBe(0);
  const first = readFileSync(file, 'utf8');
  expect(first).toContain('# mine');
  expect((await run(memory, file)).out).toContain('Nothing was missing.');
  expect(readFileSync(file, 'utf8')).toBe(first);
});

test('a file that holds other values is refused, before anything is changed', async () => {
  const memory = new MemoryCluster();
  const file = join(temporaryFolder(), 'copy.yaml');
  await run(memory, file);
  const before = readFileSync(file, 'utf8');
  memory.secrets.set('home-data/minio', 'secretAccessKey', 'another');
  memory.secrets.secrets.delete('home-ai/minio-mlflow');
  const { code, err } = await run(memory, file);
  expect(code).toBe(1);
  expect(err).toContain(`${file} holds another value of home-data/minio: secretAccessKey; choose another file`);
  expect(err).not.toContain('another\n');
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(memory.secrets.secrets.has('home-ai/minio-mlflow')).toBe(false);
});

test('a place where others would see it is refused, before anything is made', async () => {
  const memory = new MemoryCluster();
  const { code, err } = await run(memory, join(root, 'dist/copy.yaml'));
  expect(code).toBe(1);
  expect(err).toContain('among the manifests');
  expect(existsSync(join(root, 'dist/copy.yaml'))).toBe(false);
  expect(memory.secrets.writes).toBe(0);
});

test('with --show, standard output belongs to the values', async () => {
  const memory = new MemoryCluster();
  const file = join(temporaryFolder(), 'copy.yaml');
  const { out, err } = await run(memory, file, '--show');
  expect(err).toContain(`Secrets to ${file}`);
  expect(out.split('\n').every((line) => line.split('\t').length === 3)).toBe(true);
});
