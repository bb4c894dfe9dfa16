import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { hearthFolder, temporaryFolder } from '../world';

const backup = '  backup: { target: { endpoint: https://s3.my-company.org, bucket: backups } }\n';
const servers: Server[] = [];
afterAll(() => servers.forEach((server) => void server.close().closeAllConnections()));

/** Runs the command line against an API server that answers in some way. */
async function run(answer: RequestListener, ...args: string[]) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { ...process.env, KUBECONFIG: join(temporaryFolder(), 'config') };
  const config = {
    'current-context': 'lab',
    clusters: [{ name: 'lab', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'lab', user: { token: 'top-secret-token' } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
  };
  writeFileSync(env.KUBECONFIG, JSON.stringify(config));
  const command = join(__dirname, '../../../cli/hearth.js');
  const child = spawn(process.execPath, [command, ...args], {
    cwd: hearthFolder(backup),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect(`${out}${err}`).not.toContain('    at ');
  return { out, err, code: code as unknown };
}

/** The beginning of an answer, after which the connection breaks. */
const cut: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
  response.write('{"kind":', () => response.destroy());
};
const json =
  (code: number, body: string, type = 'application/json'): RequestListener =>
  (_, response) =>
    void response.writeHead(code, { 'content-type': type }).end(body);
const version = json(200, '{"gitVersion":"v1.34.3"}');
/** An API server until the first question after its version. */
const then =
  (answer: RequestListener): RequestListener =>
  (request, response) =>
    (request.url === '/version/' || request.url === '/version' ? version : answer)(request, response);

test.each([
  ['up', 'home'],
  ['status', 'home'],
  ['stop', 'home'],
  ['logs', 'home'],
  ['backup', 'home'],
  ['restore', 'home', '--yes'],
  ['credentials', 'home'],
  ['destroy', 'home', '--confirm', 'home'],
])('%s: an answer that breaks off is no success', async (...command) => {
  const { code, err } = await run(then(cut), ...command);
  expect({ code, err }).toEqual({ code: 4, err: expect.stringMatching(/broke off|no answer/) as unknown });
});

test.each([
  ['status', 'home'],
  ['stop', 'home'],
  ['diff', 'home'],
  ['credentials', 'home'],
  ['destroy', 'home', '--confirm', 'home'],
])('%s: an answer of somebody else than an API server is no success', async (...command) => {
  const { code, err } = await run(then(json(404, 'not found', 'text/html')), ...command);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('there is no ') as unknown });
});

test.each([
  ['that breaks off', cut, /broke off/],
  ['of a page to sign in', json(200, '<html>Sign in</html>', 'text/html'), /no Kubernetes API server|not JSON/],
  ['of an empty object', json(200, '{}'), /no Kubernetes API server/],
  ['that nothing is there', json(404, '404 page not found', 'text/plain'), /there is no the version|no Kubernetes/],
])('the first answer: one %s', async (_, answer, message) => {
  const { code, err } = await run(answer, 'stop', 'home');
  expect(code).not.toBe(0);
  expect(err).toMatch(message);
});
