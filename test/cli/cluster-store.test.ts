import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { hearthFolder, temporaryFolder } from './world';

// Every run is a process that loads TypeScript.
jest.setTimeout(60_000);

/** The client is an ES module, which jest cannot load: the command runs as a process, against an API server of the test. */
const command = join(__dirname, '../../cli/hearth.js');

interface Call {
  readonly method: string;
  readonly path: string;
  readonly dryRun: boolean;
  readonly contentType?: string;
  readonly body: string;
}
type Answer = (call: Call) => { readonly code: number; readonly body: object };

const status = (code: number, message = 'no') => ({ code, body: { kind: 'Status', apiVersion: 'v1', message } });
/** Every namespace exists, and no Secret. */
const empty: Answer = ({ method, path }) => {
  if (path === '/version') return { code: 200, body: { gitVersion: 'v1.34.3' } };
  if (method === 'GET' && !/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) return status(404);
  return { code: 200, body: { metadata: {} } };
};

async function run(answer: Answer, ...args: string[]) {
  const calls: Call[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
    const call = {
      method: request.method ?? '',
      path: pathname,
      dryRun: searchParams.get('dryRun') === 'All',
      contentType: request.headers['content-type'],
      body: await text(request),
    };
    calls.push(call);
    const { code, body } = answer(call);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    // An answer that the test cannot give ends the command, too.
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = join(temporaryFolder(), 'config');
  const context = (name: string) => ({ name, context: { cluster: name, user: name } });
  const config = {
    'current-context': 'lab',
    // The client speaks plain HTTP only then.
    clusters: [{ name: 'lab', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'lab', user: { token: 'top-secret-token' } }],
    contexts: [context('lab')],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  const child = spawn(process.execPath, [command, 'credentials', 'home', ...args], { cwd: hearthFolder(), env });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  server.close();
  const printed = out + err;
  expect(printed).not.toContain('top-secret-token');
  expect(printed).not.toContain('    at ');
  return { code: code as unknown, out, err, url, calls, writes: calls.filter(({ method }) => method !== 'GET') };
}

const secretSchema = z.object({ metadata: z.object({ name: z.string() }), data: z.record(z.string(), z.string()) });
const valuesOf = (calls: Call[]) => calls.flatMap(({ body }) => Object.values(secretSchema.parse(JSON.parse(body)).data));

test('names the cluster, rehearses everything, then writes the same', async () => {
  const { code, out, url, writes } = await run(empty);
  expect(code).toBe(0);
  expect(out).toMatch(`context lab, ${url}\nmade home-gateway/gateway-basic-auth: username, password, users\n`);
  const half = writes.length / 2;
  expect(writes.map(({ dryRun }) => dryRun)).toEqual(writes.map((_, i) => i < half));
  const plain = (call: Call) => [call.method, call.path, call.body];
  expect(writes.slice(0, half).map(plain)).toEqual(writes.slice(half).map(plain));
  expect(writes.every(({ method }) => method === 'POST')).toBe(true);
  for (const value of valuesOf(writes).filter((base64) => base64.length > 12)) expect(out).not.toContain(value);
});

test('what the API server refuses in the rehearsal changes nothing, and is not repeated where it quotes a value', async () => {
  const refusing = (quote: boolean): Answer => {
    return (call) => {
      if (call.method === 'GET' || !call.path.includes('home-data')) return empty(call);
      return status(403, `exceeded quota${quote ? `: ${valuesOf([call])[1] ?? ''}` : ''}`);
    };
  };
  const said = await run(refusing(false));
  expect(said).toMatchObject({
    code: 1,
    err: expect.stringContaining(': exceeded quota\nNothing was changed.') as unknown,
  });
  expect(said.writes.every(({ dryRun }) => dryRun)).toBe(true);
  const quoting = await run(refusing(true));
  expect(quoting.code).toBe(1);
  expect(quoting.err).toContain('forbids to read or write home-data/postgis\n');
});

test('adds keys by a patch that fails where the Secret has changed since', async () => {
  const minio = { metadata: { resourceVersion: '7' }, data: { accessKeyId: 'YQ==' } };
  const { code, out, writes } = await run((call) =>
    call.path.endsWith('/home-data/secrets/minio') ? { code: 200, body: minio } : empty(call),
  );
  expect(code).toBe(0);
  expect(out).toContain('completed home-data/minio: secretAccessKey');
  const patches = writes.filter(({ method }) => method === 'PATCH');
  expect(patches).toHaveLength(2);
  for (const { contentType, body } of patches) {
    expect(contentType).toBe('application/json-patch+json');
    expect(JSON.parse(body)).toEqual([
      { op: 'test', path: '/metadata/resourceVersion', value: '7' },
      { op: 'add', path: '/data/secretAccessKey', value: expect.any(String) as unknown },
    ]);
  }
});

interface Stored {
  readonly metadata: { resourceVersion: string; annotations?: Record<string, string> };
  readonly data: Record<string, string>;
}
const operations = z.array(z.object({ op: z.string(), path: z.string(), value: z.unknown().optional() }));

/** Keeps Secrets, and patches them as an API server does. */
function keeping(stored: Map<string, Stored>): Answer {
  return (call) => {
    const name = /secrets\/?(.*)$/.exec(call.path);
    if (!name) return empty(call);
    const found = stored.get(call.path);
    if (call.method === 'GET') return found ? { code: 200, body: found } : status(404);
    if (call.method === 'POST') {
      const { metadata, data } = secretSchema.parse(JSON.parse(call.body));
      if (!call.dryRun) stored.set(`${call.path}/${metadata.name}`, { metadata: { resourceVersion: '1' }, data });
      return { code: 201, body: {} };
    }
    if (!found) return status(404);
    const next = structuredClone(found);
    for (const { op, path, value } of operations.parse(JSON.parse(call.body))) {
      const [, ...way] = path.split('/').map((part) => part.replaceAll('~1', '/'));
      const last = way.pop() ?? '';
      let at = next as unknown as Record<string, unknown>;
      for (const part of way) {
        if (typeof at[part] !== 'object') return status(422);
        at = at[part] as Record<string, unknown>;
      }
      if (op === 'test' && at[last] !== value) return status(422);
      if (op === 'add') at[last] = value;
      if (op === 'remove') Reflect.deleteProperty(at, last);
    }
    next.metadata.resourceVersion = String(Number(next.metadata.resourceVersion) + 1);
    if (!call.dryRun) stored.set(call.path, next);
    return { code: 200, body: next };
  };
}

const basicAuth = '/api/v1/namespaces/home-gateway/secrets/gateway-basic-auth';

test('a rotation replaces values by a rehearsed patch of the version that was read, then takes its note away', async () => {
  const stored = new Map<string, Stored>();
  await run(keeping(stored));
  const before = structuredClone(stored);
  const { code, out, writes } = await run(keeping(stored), '--rotate', 'gateway-basic-auth', '--yes');
  expect(code).toBe(0);
  expect(out).toContain('rotated gateway-basic-auth');
  const owner = stored.get(basicAuth);
  expect(owner?.data.username).toBe(before.get(basicAuth)?.data.username);
  expect(owner?.data.password).not.toBe(before.get(basicAuth)?.data.password);
  expect(owner?.metadata.annotations).toEqual({});
  const copy = basicAuth.replace('home-gateway', 'home-ai').concat('-users');
  expect(stored.get(copy)?.data).toEqual({ users: owner?.data.users });
  expect(writes.slice(0, writes.length - 2).map(({ path }) => path)).toContain(copy);
  const [first] = writes;
  expect(first).toMatchObject({ method: 'PATCH', path: basicAuth, dryRun: true });
  expect(JSON.parse(first?.body ?? '')).toEqual([
    { op: 'test', path: '/metadata/resourceVersion', value: '1' },
    { op: 'add', path: '/data/password', value: expect.any(String) as unknown },
    { op: 'add', path: '/data/users', value: expect.any(String) as unknown },
    { op: 'add', path: '/metadata/annotations', value: {} },
    { op: 'add', path: '/metadata/annotations/hearth~1rotation', value: 'pending' },
  ]);
  expect(JSON.parse(writes.at(-1)?.body ?? '')).toEqual([
    { op: 'test', path: '/metadata/resourceVersion', value: '2' },
    { op: 'remove', path: '/metadata/annotations/hearth~1rotation' },
  ]);
});

test('a rotation is refused where a Secret changed since it was read', async () => {
  const stored = new Map<string, Stored>();
  await run(keeping(stored));
  const before = JSON.stringify([...stored]);
  const { code, err } = await run(
    (call) => (call.method === 'PATCH' ? status(422) : keeping(stored)(call)),
    '--rotate',
    'gateway-basic-auth',
    '--yes',
  );
  expect(code).toBe(1);
  expect(err).toContain('home-gateway/gateway-basic-auth changed while this ran');
  expect(err).toContain('Nothing was changed.');
  expect(JSON.stringify([...stored])).toBe(before);
});

test('a namespace that is being deleted counts as missing', async () => {
  const { code, err, writes } = await run((call) =>
    call.path === '/api/v1/namespaces/home-ai' ? { code: 200, body: { status: { phase: 'Terminating' } } } : empty(call),
  );
  expect(code).toBe(1);
  expect(err).toContain('do not exist yet: home-ai;');
  expect(writes).toEqual([]);
});

test('a context that the kubeconfig has not', async () => {
  const { code, err, calls } = await run(empty, '--context', 'lob');
  expect({ code, err, calls }).toEqual({
    code: 4,
    err: 'the kubeconfig has no context "lob"; did you mean "lab"?\n',
    calls: [],
  });
});
