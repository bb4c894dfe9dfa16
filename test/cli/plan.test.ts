import bcrypt from 'bcryptjs';
import { plan, requestOf } from '../../cli/credentials/plan';
import { idOf } from '../../cli/credentials/store';
import type { Supplier } from '../../cli/credentials/supplied';
import type { Platform } from '../../lib/core/platform';
import { MemoryStore, platform } from './world';

const home = platform();

/** Nothing here is supplied. */
const nobody: Supplier = {
  problem: () => 'nobody supplies it',
  value: () => Promise.reject(new Error('nobody supplies it')),
};

async function run(store: MemoryStore, of: Platform = home) {
  const result = await plan(of, await store.read(requestOf(of)), nobody);
  await store.apply(result.changes);
  return result;
}

/** A store after a first run; the values are made once, for the sake of time. */
const first = (async () => {
  const store = new MemoryStore();
  const result = await run(store);
  return { store, result };
})();

async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const [id, data] of (await first).store.secrets) store.secrets.set(id, { ...data });
  return store;
}

/** Nothing is planned, and the one problem is returned. */
async function refused(store: MemoryStore): Promise<string> {
  const before = store.content;
  const { problems, changes, values } = await run(store);
  expect(changes).toEqual([]);
  expect(values.size).toBe(0);
  expect(store.content).toBe(before);
  expect(problems).toHaveLength(1);
  return problems[0] ?? '';
}

test('the first run makes every Secret with the keys that its namespace needs', async () => {
  const { store, result } = await first;
  expect(result.problems).toEqual([]);
  const wanted = home.graph.credentials.flatMap(({ secrets }) => secrets.map((secret) => [idOf(secret), secret.keys]));
  expect(wanted.length).toBeGreaterThan(home.graph.credentials.length);
  expect([...store.secrets].map(([id, data]) => [id, Object.keys(data)])).toEqual(wanted);
  expect(Object.keys(store.secrets.get('home-ai/gateway-basic-auth-users') ?? {})).toEqual(['users']);
});

test('new Secrets carry their type and the labels of the platform', async () => {
  const { changes } = (await first).result;
  const tls = changes.find(({ name }) => name === 'gateway-tls');
  expect(tls).toMatchObject({
    type: 'kubernetes.io/tls',
    labels: { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': 'home' },
  });
  expect(changes.find(({ name }) => name === 'postgis')?.type).toBe('Opaque');
});

test('values are equal in all namespaces, and derived ones fit', async () => {
  const { store } = await first;
  for (const { secrets } of home.graph.credentials) {
    const [owner, ...others] = secrets.map(idOf);
    for (const other of others) {
      for (const [key, value] of Object.entries(store.secrets.get(other) ?? {})) {
        expect(value).toBe(store.secrets.get(owner ?? '')?.[key]);
      }
    }
  }
  const [user, hash = ''] = store.text('home-ai/gateway-basic-auth-users', 'users').split(':');
  expect(user).toBe('admin');
  expect(await bcrypt.compare(store.text('home-gateway/gateway-basic-auth', 'password'), hash)).toBe(true);
});

test('a second run finds nothing missing', async () => {
  const store = await filled();
  const { changes, problems, notices } = await run(store);
  expect({ changes, problems, notices }).toEqual({ changes: [], problems: [], notices: [] });
  expect(store.writes).toBe(0);
});

test('only the missing key is added, everything else stays', async () => {
  const store = await filled();
  const before = new Map(store.secrets);
  store.remove('home-data/minio', 'secretAccessKey');
  store.set('home-data/minio', 'mine', 'kept');
  const { changes } = await run(store);
  expect(changes.map((change) => [idOf(change), Object.keys(change.data)])).toEqual([['home-data/minio', ['secretAccessKey']]]);
  expect(store.text('home-data/minio', 'secretAccessKey')).toMatch(/^[0-9a-f]{40}$/);
  expect(store.text('home-data/minio', 'mine')).toBe('kept');
  expect(store.secrets.get('home-data/minio')?.accessKeyId).toBe(before.get('home-data/minio')?.accessKeyId);
});

test.each(['home-ai/postgis-mlflow', 'home-data/postgis-mlflow'])('%s is copied from the other namespace', async (id) => {
  const store = await filled();
  const lost = store.secrets.get(id);
  store.secrets.delete(id);
  expect((await run(store)).problems).toEqual([]);
  expect(store.secrets.get(id)).toEqual(lost);
});

test('bytes that are no text are copied as they are', async () => {
  const store = await filled();
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]).toString('base64');
  store.secrets.set('home-data/postgis-mlflow', { ...store.secrets.get('home-data/postgis-mlflow'), password: bytes });
  store.secrets.delete('home-ai/postgis-mlflow');
  await run(store);
  expect(store.secrets.get('home-ai/postgis-mlflow')).toEqual({ password: bytes });
});

test('a derived key is made again of its source', async () => {
  const store = await filled();
  const publicKey = store.text('home-tooling/rustdesk', 'id_ed25519.pub');
  store.remove('home-tooling/rustdesk', 'id_ed25519.pub');
  store.remove('home-gateway/gateway-basic-auth', 'users');
  store.remove('home-ai/gateway-basic-auth-users', 'users');
  // The claim does not matter: nothing is lost.
  store.claims.push('home-tooling/data-hbbs-0');
  expect((await run(store)).problems).toEqual([]);
  expect(store.text('home-tooling/rustdesk', 'id_ed25519.pub')).toBe(publicKey);
  const hash = store.text('home-ai/gateway-basic-auth-users', 'users').split(':')[1] ?? '';
  expect(await bcrypt.compare(store.text('home-gateway/gateway-basic-auth', 'password'), hash)).toBe(true);
});

test('a source of the wrong form is a problem that does not quote it', async () => {
  const store = await filled();
  store.set('home-tooling/rustdesk', 'id_ed25519', 'c3VwcmlzZQ==');
  store.remove('home-tooling/rustdesk', 'id_ed25519.pub');
  store.secrets.delete('home-data/minio');
  const problem = await refused(store);
  expect(problem).toContain('id_ed25519.pub cannot be made of id_ed25519');
  expect(problem).not.toContain('c3Vwcm');
});

test('different values of one key are a problem', async () => {
  const store = await filled();
  store.set('home-ai/postgis-mlflow', 'password', 'another');
  store.secrets.delete('home-data/minio');
  const problem = await refused(store);
  expect(problem).toContain('home-data/postgis-mlflow and home-ai/postgis-mlflow hold different values of password');
  expect(problem).not.toContain('another');
});

test('namespaces that do not exist are a problem, with the command that makes them', async () => {
  const store = new MemoryStore();
  store.missingNamespaces.push('home-ai', 'home-data');
  const problem = await refused(store);
  expect(problem).toContain('home-ai, home-data');
  expect(problem).toContain('npx hearth up home');
  expect(problem).toContain('kubectl apply --server-side -f dist/home/00-cluster');
});

describe('data that remembers the value', () => {
  test.each([
    ['home-data/postgis', 'home-data/data-postgis-0', 'statefulset/postgis pvc/data-postgis-0'],
    ['home-tooling/rustdesk', 'home-tooling/data-hbbs-0', 'statefulset/hbbs pvc/data-hbbs-0'],
  ])('%s is not made anew beside %s', async (id, claim, objects) => {
    const store = await filled();
    store.secrets.delete(id);
    store.secrets.delete('home-data/minio');
    store.claims.push(claim);
    const problem = await refused(store);
    expect(problem).toContain(id);
    expect(problem).toContain(claim);
    expect(problem).toContain('put the old Secret back');
    expect(problem).toContain(`delete ${objects}`);
  });

  test('a single lost key counts', async () => {
    const store = await filled();
    store.remove('home-data/postgis', 'password');
    store.claims.push('home-data/data-postgis-0');
    expect(await refused(store)).toContain('home-data/postgis lacks password');
  });

  test('a lost literal is put back', async () => {
    const store = await filled();
    store.remove('home-data/postgis', 'username');
    store.claims.push('home-data/data-postgis-0');
    expect((await run(store)).problems).toEqual([]);
    expect(store.text('home-data/postgis', 'username')).toBe('postgres');
  });

  test('without the claim a new value is made', async () => {
    const store = await filled();
    const old = store.text('home-data/postgis', 'password');
    store.secrets.delete('home-data/postgis');
    expect((await run(store)).problems).toEqual([]);
    expect(store.text('home-data/postgis', 'password')).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(store.text('home-data/postgis', 'password')).not.toBe(old);
  });
});

test('a lost source is not made anew while something made of it exists', async () => {
  const store = await filled();
  store.secrets.delete('home-gateway/gateway-basic-auth');
  const problem = await refused(store);
  expect(problem).toContain('home-gateway/gateway-basic-auth lacks password');
  expect(problem).toContain('kubectl -n home-ai delete secret gateway-basic-auth');
});

test('a certificate that no longer fits is noted and kept, with the command that makes a new one', async () => {
  const store = await filled();
  const { notices, changes } = await run(store, platform('', 'elsewhere.arpa'));
  expect(changes).toEqual([]);
  expect(notices).toEqual([
    expect.stringMatching(/gateway-tls: tls.crt does not cover .*npx hearth credentials home --rotate gateway-tls/),
  ]);
});

test('while a rotation is under way, the values of the owner count', async () => {
  const store = await filled();
  store.set('home-data/postgis-mlflow', 'password', 'new');
  store.annotations.set('home-data/postgis-mlflow', { 'hearth/rotation': 'pending' });
  store.secrets.delete('home-ai/postgis-mlflow');
  expect((await run(store)).problems).toEqual([]);
  expect(store.text('home-ai/postgis-mlflow', 'password')).toBe('new');
  store.set('home-ai/postgis-mlflow', 'password', 'old');
  const { problems, values } = await run(store);
  expect(problems).toEqual([]);
  const credential = home.graph.credentials.find(({ name }) => name === 'postgis-mlflow');
  expect(credential && values.get(credential)?.get('password')).toBe(Buffer.from('new').toString('base64'));
});

test('what the platform file has changed since is noted and kept', async () => {
  const store = await filled();
  store.set('home-data/postgis', 'username', 'root');
  const { notices, changes } = await run(store);
  expect(changes).toEqual([]);
  expect(notices).toEqual([expect.stringContaining('home-data/postgis: username differs')]);
});
