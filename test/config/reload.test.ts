import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue } from '../../lib/catalogue';
import { ConfigFiles } from '../../lib/core/config-files';
import { Deployment } from '../../lib/core/controllers';
import type { Reload } from '../../lib/core/reload';
import { Background, eventually, findProgram, freePort, suiteWith } from '../api/support/programs';
import { container, find, objectsOf } from '../support/objects';
import { routed, sleeper, testPlatform } from '../support/platforms';
import { NameServer } from './support/name-server';
import { ProjectedFolder } from './support/projected-folder';

// It is no root in its container; and root would leave its files to somebody else.
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-reload-'));
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid);
  chmodSync(folder, 0o755);
});
const running: Background[] = [];
afterEach(async () => {
  for (const program of running.splice(0)) await program.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
/** Runs until the test ends, if not before. */
const start = ([command = '', ...args]: readonly string[]) => {
  const program = new Background(command, args, nobody);
  running.push(program);
  return program;
};

/** How a container starts a program whose files in `/files` are reloaded. */
const started = (command: string[], reload: Reload): string[] => {
  const platform = testPlatform({
    app: {
      build: (component) => {
        const files = new ConfigFiles(component, 'settings', { 'app.conf': '' }, { reload });
        new Deployment(component, 'app', { ...sleeper, command, mounts: { '/files': files } });
      },
    },
  });
  const all = container(find(objectsOf(platform), 'Deployment', 'app').spec.template, 'app').command ?? [];
  return all.map((text) => text.replaceAll('/files', join(folder, 'files')));
};

describe('a program in a shell', () => {
  const count = (text: string) => text.split('reloaded\n').length - 1;

  test('gets the signal once for each change, as the process that was started', async () => {
    const files = new ProjectedFolder(join(folder, 'files'), { 'app.conf': 'one' });
    // Ends by the signal unless it is the one that the shell became.
    const program = `trap 'cat /files/app.conf; echo " reloaded"' HUP; echo "pid $$"; while :; do sleep 0.2; done`;
    const app = start(started(['sh', '-c', program], { signal: 'HUP' }));
    await app.until(async () => expect(app.log).toContain('pid '));
    expect(count(app.log)).toBe(0);
    files.write({ 'app.conf': 'two' });
    await app.until(async () => expect(app.log).toContain('two reloaded\n'));
    files.write({ 'app.conf': 'three' });
    await app.until(async () => expect(app.log).toContain('three reloaded\n'));
    expect(count(app.log)).toBe(2);
  });

  test('runs the command until it succeeds', async () => {
    const files = new ProjectedFolder(join(folder, 'files'), { 'app.conf': 'one' });
    const reload = { command: ['sh', '-c', `echo tried; test -e ${folder}/ready && echo reloaded`] };
    const app = start(started(['sh', '-c', 'echo started; exec sleep 60'], reload));
    await app.until(async () => expect(app.log).toContain('started'));
    files.write({ 'app.conf': 'two' });
    await app.until(async () => expect(app.log.split('tried\n').length).toBeGreaterThan(2));
    expect(count(app.log)).toBe(0);
    writeFileSync(join(folder, 'ready'), '');
    await app.until(async () => expect(count(app.log)).toBe(1));
  });

  test('leaves nobody behind when it ends', async () => {
    new ProjectedFolder(join(folder, 'files'), { 'app.conf': 'one' });
    // It has ended once nobody holds its output any more.
    expect(await start(started(['sh', '-c', 'exit 7'], { signal: 'HUP' })).ended).toBe(7);
  });
});

const nginx = findProgram('nginx', ['/usr/sbin']) ?? '';

suiteWith('test/config/reload', { 'nginx (Debian: nginx-light)': nginx })('nginx as the path gateway', () => {
  /** Its objects with these paths, each of which leads to the program `app`. */
  const gatewayWith = (...paths: string[]) => {
    const locations = Object.fromEntries(paths.map((path) => [path, { to: 'app', access: 'public', rateLimited: false }]));
    const services = { app: {}, gateway: {}, nginx: { locations } };
    return objectsOf(testPlatform({ app: routed('app') }, { services }, catalogue.nginx ? { nginx: catalogue.nginx } : {}));
  };
  let names: NameServer;
  let app: Server;
  let port: number;

  beforeAll(async () => {
    names = await NameServer.start();
    names.names.set('app.test-apps.svc.cluster.local', '127.0.0.1');
    app = createServer((incoming, response) => {
      // Slowly, where it is asked to: the first half at once, the second one when the test says so.
      if (!incoming.url?.endsWith('/slow')) return void response.end(`app ${incoming.url}`);
      response.write('first ');
      app.once('go on', () => response.end('second'));
    });
    app.on('upgrade', (_, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      socket.on('data', (data: Buffer) => socket.write(`you said ${data.toString()}`));
    });
    await new Promise<void>((done) => app.listen(0, '127.0.0.1', done));
    port = await freePort();
  });
  afterAll(() => {
    names?.stop();
    app?.closeAllConnections();
    app?.close();
  });

  const options = (path: string) => ({ host: '127.0.0.1', port, path, headers: { host: 'paths.hearth.test' } });
  const open = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      request(options(path), resolve).on('error', reject).end();
    });
  const text = async (response: IncomingMessage) => {
    let all = '';
    for await (const part of response) all += String(part);
    return all;
  };
  const status = async (path: string) => {
    const response = await open(path);
    response.resume();
    return response.statusCode;
  };
  const webSocket = (path: string) =>
    new Promise<Duplex>((resolve, reject) => {
      const upgrade = { ...options(path).headers, connection: 'Upgrade', upgrade: 'websocket' };
      const outgoing = request({ ...options(path), headers: upgrade });
      outgoing.on('upgrade', (_, socket) => resolve(socket));
      outgoing.on('response', ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)));
      outgoing.on('error', reject);
      outgoing.end();
    });
  const say = (socket: Duplex, what: string) =>
    new Promise<string>((resolve, reject) => {
      socket.once('data', (data: Buffer) => resolve(data.toString()));
      socket.once('close', () => reject(new Error('the connection was lost')));
      socket.write(what);
    });

  test('takes over another configuration without losing a connection, and none that is wrong', async () => {
    const address = app.address();
    const appPort = typeof address === 'object' && address ? address.port : 0;
    const moved = (config: string) =>
      config
        .replaceAll('/tmp/', `${folder}/`)
        .replaceAll('/etc/path-gateway', join(folder, 'etc'))
        .replaceAll('/var/cache/nginx', `${folder}/cache`)
        .replace('access_log /dev/stdout', `access_log ${folder}/access.log`)
        .replace('listen 8080', `listen 127.0.0.1:${port}`)
        .replaceAll('app.test-apps.svc.cluster.local:8000', `app.test-apps.svc.cluster.local:${appPort}`);
    const configOf = (...paths: string[]) => moved(find(gatewayWith(...paths), 'ConfigMap', 'nginx').data['nginx.conf'] ?? '');
    const files = new ProjectedFolder(join(folder, 'etc'), { 'nginx.conf': configOf('/app/') });
    const { template } = find(gatewayWith('/app/'), 'Deployment', 'nginx').spec;
    const command = (container(template, 'nginx').command ?? []).map((part) =>
      moved(part)
        .replace(/^awk .*$/m, `echo 'resolver ${names.address} valid=1s;' > ${folder}/resolver.conf`)
        .replace('exec nginx', `exec ${nginx}`),
    );
    const gateway = start(command);
    await gateway.until(async () => expect(await status('/ping')).toBe(200));
    const pid = readFileSync(join(folder, 'nginx.pid'), 'utf8');
    expect(await status('/more/x')).toBe(404);

    const socket = await webSocket('/app/ws');
    expect(await say(socket, 'before')).toBe('you said before');
    const slow = await open('/app/slow');
    // Whoever comes meanwhile is served, too.
    const statuses = new Set<number | undefined>();
    let done = false;
    const meanwhile = (async () => {
      while (!done) statuses.add(await status('/app/x'));
    })();

    files.write({ 'nginx.conf': configOf('/app/', '/more/') });
    await gateway.until(async () => expect(await status('/more/x')).toBe(200));
    done = true;
    await meanwhile;
    expect([...statuses]).toEqual([200]);
    expect(await say(socket, 'after')).toBe('you said after');
    app.emit('go on');
    expect(await text(slow)).toBe('first second');
    expect(readFileSync(join(folder, 'nginx.pid'), 'utf8')).toBe(pid);

    files.write({ 'nginx.conf': configOf('/app/').replace('http {', 'http {\n  no_such_directive on;') });
    await gateway.until(async () => expect(gateway.log).toContain('unknown directive "no_such_directive"'));
    expect(await status('/more/x')).toBe(200);
    files.write({ 'nginx.conf': configOf('/app/') });
    await gateway.until(async () => expect(await status('/more/x')).toBe(404));
    expect(await say(socket, 'at last')).toBe('you said at last');

    socket.destroy();
    await gateway.stop('SIGQUIT');
    await eventually(async () => expect(existsSync(join(folder, 'nginx.pid'))).toBe(false));
  });
});
