import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../../cli/world';
import { commandLine } from '../command-line';
import { MemoryCluster } from '../memory-cluster';
import { hearthFolder, MemoryStore, platform } from '../world';

const root = hearthFolder();
const command = (args: string[], given: Partial<World> & { memory?: MemoryCluster } = {}) =>
  commandLine(['credentials', ...args], { root, terminal: true, ...given });
function into(store: MemoryStore) {
  const memory = new MemoryCluster();
  Object.assign(memory, { secrets: store });
  return { memory };
}

/** Every value that is not public, as text, as base64 and line by line. */
function secretsOf(store: MemoryStore): string[] {
  const literals = new Set(['admin', 'postgres', 'gis', 'mlflow']);
  return [...store.secrets.values()]
    .flatMap((data) => Object.values(data))
    .flatMap((base64) => {
      const text = Buffer.from(base64, 'base64').toString();
      return literals.has(text) ? [] : [base64, ...text.split('\n').filter((line) => line && !line.startsWith('-----'))];
    });
}

test('makes what is missing, then says that nothing was', async () => {
  const store = new MemoryStore();
  const first = await command(['home'], into(store));
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatch(/^context memory, https:\/\/127.0.0.1:1\n/);
  expect(first.out).toContain('made home-data/postgis: username, password');
  store.remove('home-data/minio', 'accessKeyId');
  expect((await command(['home'], into(store))).out).toContain('completed home-data/minio: accessKeyId');
  const last = await command(['home'], into(store));
  expect(last.out).toBe(`${store.title}\nNothing was missing.`);
});

test('no value is printed without --show, whatever happens', async () => {
  const store = new MemoryStore();
  const printed: string[] = [];
  const run = async (code: number) => {
    const result = await command(['home'], into(store));
    expect(result.code).toBe(code);
    printed.push(result.out, result.err);
  };
  await run(0);
  const all = secretsOf(store);
  expect(all.length).toBeGreaterThan(20);
  await run(0);
  store.remove('home-data/minio', 'secretAccessKey');
  await run(0);
  store.set('home-data/postgis', 'username', 'another-user');
  await run(0);
  store.set('home-ai/postgis-mlflow', 'password', 'another-password');
  store.secrets.delete('home-gateway/gateway-basic-auth');
  store.secrets.delete('home-data/postgis');
  store.claims.push('home-data/data-postgis-0');
  await run(1);
  for (const value of [...all, ...secretsOf(store)]) expect(printed.join('\n')).not.toContain(value);
});

test('a refusal prints every problem, and changes nothing', async () => {
  const store = new MemoryStore();
  store.missingNamespaces.push('home-ai');
  store.claims.push('home-data/data-postgis-0');
  const { code, err } = await command(['home', '--show'], into(store));
  expect(code).toBe(1);
  expect(err).toContain('home-ai');
  expect(err).toContain('data-postgis-0');
  expect(err).toMatch(/Nothing was changed\.$/);
  expect(store.writes).toBe(0);
});

describe('--show', () => {
  test('prints a table for people', async () => {
    const store = new MemoryStore();
    const { out } = await command(['home', '--show'], into(store));
    expect(out).toMatch(/^ADDRESS OF +URL +ACCESS$/m);
    expect(out).toMatch(/https:\/\/mlflow\.home\.arpa\//);
    expect(out).toMatch(/^SECRET +KEY +VALUE$/m);
    const password = store.text('home-data/postgis', 'password');
    expect(out).toMatch(new RegExp(`^home-data/postgis +password +${password}$`, 'm'));
    for (const line of store.text('home-gateway/gateway-tls', 'tls.crt').trim().split('\n')) expect(out).toContain(line);
  });

  test('prints one line a value for programs', async () => {
    const store = new MemoryStore();
    const { out, err } = await command(['home', '--show'], { ...into(store), terminal: false });
    expect(err).toContain(store.title);
    const lines = out.split('\n').map((line) => line.split('\t'));
    expect(lines.every((cells) => cells.length === 3)).toBe(true);
    expect(lines).toContainEqual(['home-data/postgis', 'password', store.text('home-data/postgis', 'password')]);
    expect(lines.map(([, , value]) => value)).toContain(
      store.text('home-gateway/gateway-tls', 'tls.key').replaceAll('\n', '\\n'),
    );
  });

  test('no value commands the terminal', async () => {
    const store = new MemoryStore();
    await command(['home'], into(store));
    store.set('home-data/postgis', 'password', 'a\u001b[2Jb');
    const { out } = await command(['home', '--show'], into(store));
    expect(out).toContain('a\\u001b[2Jb');
    expect(out).not.toContain('\u001b');
  });
});

test('external secrets: says what the store must hold, and touches nothing', async () => {
  const cluster = () => Promise.reject(new Error('must not be asked'));
  const external = { root: hearthFolder('secrets: external\n'), cluster };
  const { code, out } = await command(['home'], external);
  expect(code).toBe(0);
  for (const { name } of platform().graph.credentials) expect(out.split('\n')).toContain(`home/${name}`);
  expect(out).toMatch(/^ {2}password +20 random letters and digits$/m);
  const exported = await command(['home', '--export', join(root, 'x.yaml')], external);
  expect(exported).toMatchObject({ code: 1, err: expect.stringContaining('keep copies of that store') as unknown });
});

describe('arguments', () => {
  test.each([
    [['hom'], 1, 'did you mean "home"?'],
    [['../home'], 1, 'there is no platforms/../home.yaml'],
    [[], 2, "missing required argument 'platform'"],
    [['home', 'home'], 2, 'too many arguments'],
    [['home', '--shwo'], 2, 'Did you mean --show?'],
    [['home', '--file'], 2, '--file'],
    [['home', '--file', '/tmp/x', '--context', 'y'], 2, "cannot be used with option '--context"],
    [['home', '--file', '/tmp/x', '--export', 'y'], 2, "cannot be used with option '--export"],
    [['home', '--file', '/tmp/x', '--rotate', 'y'], 2, "cannot be used with option '--rotate"],
    [['home', '--export', '/tmp/x', '--rotate', 'y'], 2, "cannot be used with option '--rotate"],
    [['home', '--show', '--rotate', 'y'], 2, "cannot be used with option '--show"],
  ])('%j is refused', async (args, expected, message) => {
    const store = new MemoryStore();
    const { code, out, err } = await command(args, into(store));
    expect(code).toBe(expected);
    expect(err).toContain(message);
    expect(out).toBe('');
    expect(store.writes).toBe(0);
  });

  test('--context is handed on', async () => {
    const asked: unknown[] = [];
    const cluster = async (context?: string) => {
      asked.push(context);
      return new MemoryCluster();
    };
    await command(['home', '--context', 'lab'], { cluster });
    await command(['home'], { cluster });
    expect(asked).toEqual(['lab', undefined]);
  });

  test('--help', async () => {
    const { code, out, err } = await command(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const option of ['--show', '--file', '--export', '--rotate', '--context', '--yes']) expect(out).toContain(option);
  });
});

test('a wrong platform file is explained without a stack', async () => {
  const wrong = hearthFolder();
  writeFileSync(join(wrong, 'platforms/home.yaml'), 'name: home\ndomain: example.com\ncluster: k3s\nservices: {}\n');
  const { code, err } = await command(['home'], { root: wrong });
  expect(code).toBe(1);
  expect(err).toContain('home.yaml:2  domain: example.com is a placeholder');
  expect(err).not.toContain('    at ');
});
