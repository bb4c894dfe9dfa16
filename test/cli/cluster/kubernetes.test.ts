import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from '../world';

// Every case is a process that loads TypeScript: the client is an ES module, which jest cannot load.
jest.setTimeout(60_000);

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => void server.close().closeAllConnections()));

/** An API server that takes requests and never answers. */
async function silent(): Promise<string> {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Runs a script with `cluster()`, of a kubeconfig for the server. @returns what it printed, and how the process ended */
async function run(server: string, script: string, user: object = { token: 'top-secret-token' }) {
  const config = {
    'current-context': 'lab',
    clusters: [{ name: 'lab', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
  };
  const env = { ...process.env, KUBECONFIG: join(temporaryFolder(), 'config') };
  writeFileSync(env.KUBECONFIG, JSON.stringify(config));
  const whole = `
    const loaded = require('./run.js').load('cli/cluster/kubernetes.ts');
    const cluster = async () => (await loaded).kubernetesCluster(undefined, { request: 300, exec: 1000 });
    const inside = { namespace: 'a', pod: 'b', container: 'c' };
    const said = (error) => console.log(error.exitCode + ' ' + error.message);
    (async () => { ${script} })().catch(said);`;
  const cwd = join(__dirname, '../../..');
  const child = spawn(process.execPath, ['-e', whole], { cwd, env });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect({ err, code: code as unknown }).toEqual({ err: '', code: 0 });
  expect(out).not.toContain('top-secret');
  return out.trim().split('\n');
}

test('an API server that never answers: every request ends, and so does the process', async () => {
  const server = await silent();
  const out = await run(
    server,
    `const own = await cluster();
    const secrets = { namespaces: ['a'], secrets: [], claims: [] };
    await own.version().catch(said);
    await own.read({ apiVersion: 'v1', kind: 'Pod', name: 'b', namespace: 'a' }).catch(said);
    await own.secrets.read(secrets).catch(said);
    await own.logs(inside, {}, process.stdout).catch(said);
    await own.exec(inside, ['psql']).catch(said);`,
  );
  const start = `4 context lab, ${server}: no answer about`;
  const end = '; is the cluster running?';
  expect(out).toEqual([
    `${start} the version of the API server (none came in time)${end}`,
    `${start} Pod a/b (none came in time)${end}`,
    `${start} a (none came in time)${end}`,
    `${start} the log of a/b, container c${end}`,
    `${start} a command in a/b, container c (Opening handshake has timed out)${end}`,
  ]);
});

describe('a command with input', () => {
  /** Speaks one version of the protocol; the command ends at `\q`, and never otherwise. */
  const serving = (protocol: string) => `
    const { WebSocketServer } = require('ws');
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => '${protocol}' });
    await new Promise((resolve) => server.on('listening', resolve));
    server.on('connection', (socket) => {
      let input = '';
      socket.on('message', (data) => {
        if (data[0] !== 0) return void console.log('closes its input');
        input += data.subarray(1);
        if (!input.endsWith('\\\\q\\n')) return;
        const send = (stream, said) => socket.send(Buffer.concat([Buffer.from([stream]), Buffer.from(said)]));
        // The command takes a moment; a connection that the client closes takes its answer along.
        setTimeout(() => {
          send(1, 'read ' + input.length);
          send(3, JSON.stringify({ status: 'Success' }));
        }, 100);
      });
    });
    const config = JSON.parse(require('fs').readFileSync(process.env.KUBECONFIG));
    config.clusters[0].cluster.server = 'http://127.0.0.1:' + server.address().port;
    require('fs').writeFileSync(process.env.KUBECONFIG, JSON.stringify(config));
    const own = await cluster();`;

  test.each(['v4.channel.k8s.io', 'v5.channel.k8s.io'])('%s', async (protocol) => {
    const script = `${serving(protocol)}
      console.log(JSON.stringify(await own.exec(inside, ['psql'], 'SELECT 1;\\n\\\\q\\n')));
      server.close();`;
    expect(await run('http://127.0.0.1:1', script)).toEqual(['{"code":0,"stdout":"read 13","stderr":""}']);
  });

  test('that never ends is left after a while', async () => {
    const script = `${serving('v5.channel.k8s.io')}
      await own.exec(inside, ['psql'], 'SELECT 1;\\n').catch(said);
      server.close();`;
    const [message] = await run('http://127.0.0.1:1', script);
    expect(message).toMatch(/^4 .*a command in a\/b, container c did not end within 1 seconds; look at the pod$/);
  });
});

describe('a credential plugin', () => {
  const plugin = (script: string) => {
    const command = join(temporaryFolder(), 'plugin');
    writeFileSync(command, `#!/bin/sh\n${script}\n`);
    chmodSync(command, 0o755);
    return command;
  };
  const asking = (command: string) =>
    run(
      'http://127.0.0.1:1',
      `const own = await cluster();
      await own.version().catch(said);
      await own.read({ apiVersion: 'v1', kind: 'Pod', name: 'b', namespace: 'a' }).catch(said);
      await own.logs(inside, {}, process.stdout).catch(said);
      await own.exec(inside, ['psql']).catch(said);`,
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command } },
    );

  test.each([
    ['a bare token', 'echo top-secret-token'],
    ['a JSON text', `echo '"top-secret-token"'`],
    ['an error', 'echo top-secret-token >&2; exit 1'],
  ])('that prints %s is named, and not quoted', async (_, script) => {
    const command = plugin(script);
    const message = `4 the credential plugin ${command} of the kubeconfig did not answer as it should; run it by hand, or renew your login`;
    expect(await asking(command)).toEqual([message, message, message, message]);
  });

  test('that is not installed', async () => {
    const message = '4 the kubeconfig’s credential plugin no-such-plugin is not installed; install it, or renew the kubeconfig';
    expect(await asking('no-such-plugin')).toEqual([message, message, message, message]);
  });
});
