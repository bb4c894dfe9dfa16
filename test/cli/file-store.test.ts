import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { fileStore } from '../../cli/credentials/file-store';
import type { Change } from '../../cli/credentials/store';
import { commandLine } from './command-line';
import { hearthFolder, temporaryFolder } from './world';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const modeOf = (file: string) => statSync(file).mode & 0o777;
const nothing = { namespaces: [], secrets: [], claims: [] };
const root = hearthFolder();

const change = (name: string, data: Record<string, string>): Change => ({
  namespace: 'home-data',
  name,
  type: 'Opaque',
  labels: { 'app.kubernetes.io/part-of': 'home' },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});

async function write(file: string, ...changes: Change[]): Promise<void> {
  const store = fileStore(file, root);
  await store.read(nothing);
  await store.apply(changes);
}

const documents = (file: string): unknown[] =>
  YAML.parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as unknown);

test('writes Secrets that kubectl applies, for its owner only', async () => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  await write(file, change('postgis', { password: 'one' }), change('minio', { accessKeyId: 'two' }));
  expect(modeOf(file)).toBe(0o600);
  expect(documents(file)).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'postgis', namespace: 'home-data', labels: { 'app.kubernetes.io/part-of': 'home' } },
      type: 'Opaque',
      data: { password: base64('one') },
    },
    expect.objectContaining({ data: { accessKeyId: base64('two') } }),
  ]);
  expect(readdirSync(join(file, '..'))).toEqual(['secrets.yaml']);
});

const mine = `# mine
apiVersion: v1
kind: Secret
metadata: { name: postgis, namespace: home-data, annotations: { note: kept } }
data: { password: ${base64('old')} }
stringData: { plain: text }
--- # other
apiVersion: v1
kind: Secret
metadata: { name: foreign, namespace: elsewhere }
`;

test('keeps what the file holds, and adds to it', async () => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  writeFileSync(file, mine, { mode: 0o644 });
  const { secrets } = await fileStore(file, root).read(nothing);
  expect(secrets[0]).toMatchObject({
    namespace: 'home-data',
    name: 'postgis',
    data: { password: base64('old'), plain: base64('text') },
  });
  await write(file, change('postgis', { username: 'postgres' }), change('minio', { accessKeyId: 'two' }));
  expect(modeOf(file)).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toContain('# mine');
  expect(documents(file)).toEqual([
    expect.objectContaining({
      metadata: expect.objectContaining({ annotations: { note: 'kept' } }) as unknown,
      data: { password: base64('old'), username: base64('postgres') },
      stringData: { plain: 'text' },
    }),
    expect.objectContaining({ metadata: { name: 'foreign', namespace: 'elsewhere' } }),
    expect.objectContaining({ data: { accessKeyId: base64('two') } }),
  ]);
});

test('with nothing to add, only the mode is reset', async () => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  writeFileSync(file, mine);
  chmodSync(file, 0o644);
  await write(file);
  expect(readFileSync(file, 'utf8')).toBe(mine);
  expect(modeOf(file)).toBe(0o600);
});

test('does not overwrite what somebody wrote meanwhile', async () => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  const store = fileStore(file, root);
  await store.read(nothing);
  writeFileSync(file, mine);
  await expect(store.apply([change('minio', { accessKeyId: 'two' })])).rejects.toThrow('changed while this ran');
  expect(readFileSync(file, 'utf8')).toBe(mine);
});

test.each([
  ['no YAML', 'data: "c2VjcmV0\n', ':2: no valid YAML'],
  ['another kind', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c2VjcmV0, namespace: b }\n', 'document 1 is no Secret'],
  ['no namespace', 'apiVersion: v1\nkind: Secret\nmetadata: { name: c2VjcmV0 }\n', 'document 1 is no Secret'],
  ['no base64', mine.replace(base64('old'), 'c2VjcmV0!'), 'password is no base64 text'],
  ['the same Secret twice', mine.replace('foreign, namespace: elsewhere', 'postgis, namespace: home-data'), 'twice'],
])('refuses a file with %s, and does not quote it', async (_, content, message) => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  writeFileSync(file, content);
  const reading = fileStore(file, root).read(nothing);
  await expect(reading).rejects.toThrow(message);
  await expect(reading).rejects.not.toThrow('c2VjcmV0');
});

describe('place', () => {
  const refused = (file: string) => expect(() => fileStore(file, root));

  test('not among the manifests, not even through a link', () => {
    refused(join(root, 'dist/secrets.yaml')).toThrow('among the manifests');
    refused(join(root, 'dist.new')).toThrow('among the manifests');
    const link = join(temporaryFolder(), 'link');
    symlinkSync(join(root, 'dist'), link);
    refused(join(link, 'secrets.yaml')).toThrow('among the manifests');
    expect(() => fileStore(join(root, 'distant.yaml'), root)).not.toThrow();
  });

  test('not where dist/ itself is a link to', () => {
    const linked = temporaryFolder();
    const real = temporaryFolder();
    symlinkSync(real, join(linked, 'dist'));
    expect(() => fileStore(join(real, 'secrets.yaml'), linked)).toThrow('among the manifests');
  });

  test('not in a work tree that does not ignore it', () => {
    const tree = temporaryFolder();
    const git = (...args: string[]) => expect(spawnSync('git', ['-C', tree, ...args]).status).toBe(0);
    git('init', '-q');
    writeFileSync(join(tree, '.gitignore'), 'credentials*.yaml\n');
    mkdirSync(join(tree, 'below'));
    refused(join(tree, 'below/secrets.yaml')).toThrow('Git work tree');
    expect(() => fileStore(join(tree, 'below/credentials.yaml'), root)).not.toThrow();
    // A tracked file is committed again although a pattern covers it.
    writeFileSync(join(tree, 'credentials.yaml'), '');
    git('add', '-f', 'credentials.yaml');
    refused(join(tree, 'credentials.yaml')).toThrow('Git work tree');
  });

  test('only a regular file in a folder that exists', () => {
    const folder = temporaryFolder();
    refused(folder).toThrow('no regular file');
    refused('/dev/null').toThrow('no regular file');
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    refused(join(folder, 'link')).toThrow('no regular file');
    refused(join(folder, 'missing/secrets.yaml')).toThrow('does not exist');
  });
});

test('the command writes the file, and a second time finds nothing missing', async () => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  const first = await commandLine(['credentials', 'home', '--file', file], { root });
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toContain(`kubectl apply --server-side -f ${file}`);
  const content = readFileSync(file, 'utf8');
  const second = await commandLine(['credentials', 'home', '--file', file], { root });
  expect(second).toMatchObject({ code: 0, err: '' });
  expect(second.out).toContain('Nothing was missing.');
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a refused place leaves nothing behind', async () => {
  const { code, err } = await commandLine(['credentials', 'home', '--file', join(root, 'dist/secrets.yaml')], { root });
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('among the manifests') as unknown });
  expect(existsSync(join(root, 'dist/secrets.yaml'))).toBe(false);
});
