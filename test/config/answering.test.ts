import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Answering, type Answer } from '../../lib/bindings/answering';
import { Deployment } from '../../lib/core/controllers';
import { findProgram, run, suiteWith } from '../api/support/programs';
import { container, find, objectsOf } from '../support/objects';
import { sleeper, testPlatform } from '../support/platforms';

const busybox = findProgram('busybox');

/** The script of the wait, as it stands in the pod, run by busybox against programs that answer in one way or another. */
suiteWith('test/config/answering', { 'busybox (Debian: busybox-static)': busybox })('a wait for an answer', () => {
  let tools: string;
  const servers: Server[] = [];

  beforeAll(() => {
    tools = mkdtempSync(join(tmpdir(), 'hearth-answering-'));
    for (const tool of ['sh', 'sleep', 'timeout', 'wget', 'nc', 'head', 'od', 'tr', 'printf']) {
      symlinkSync(busybox ?? '', join(tools, tool));
    }
  });
  afterEach(() => servers.splice(0).forEach((server) => server.close()));
  afterAll(() => rmSync(tools, { recursive: true }));

  async function portOf(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }
  const speaks = (talk: (socket: Socket) => void) => portOf(createServer((socket) => talk(socket.on('error', () => 0))));
  const serves = (status: () => number) =>
    portOf(createHttpServer((request, response) => response.writeHead(request.url === '/ready' ? status() : 404).end()));

  /** Whether the wait ends within that many seconds. */
  async function ends(port: number, answer: Answer, seconds = 20): Promise<boolean> {
    const platform = testPlatform({
      app: {
        build: (self) => {
          const server = new Deployment(self, 'app', { ...sleeper, ports: { http: port } });
          new Deployment(self, 'client', {
            ...sleeper,
            uses: [new Answering(server.endpoint('http'), 'asks', answer)],
          });
        },
      },
    });
    const { template } = find(objectsOf(platform), 'Deployment', 'client').spec;
    const script = container(template, 'wait-for-app').command.at(-1)?.replaceAll('app.test-apps.svc', '127.0.0.1') ?? '';
    const quick = script.replace('sleep 3;', 'sleep 0.2;');
    const { code } = await run(busybox ?? '', ['timeout', String(seconds), 'sh', '-c', quick], {
      env: { PATH: tools },
    });
    return code === 0;
  }

  test('a page: until it is there', async () => {
    let asked = 0;
    expect(await ends(await serves(() => (++asked < 3 ? 503 : 200)), { path: '/ready' })).toBe(true);
    expect(asked).toBe(3);
  });

  test('a page that is never there is waited for', async () => {
    expect(await ends(await serves(() => 200), { path: '/elsewhere' }, 2)).toBe(false);
  });

  test('bytes that it sends by itself, and zero bytes among them', async () => {
    const greets = await speaks((socket) => socket.write(Buffer.from([0, 1, 2, 255, 0, 7])));
    expect(await ends(greets, { begins: Uint8Array.from([0, 1, 2, 255]) })).toBe(true);
    expect(await ends(greets, { begins: Uint8Array.from([0, 1, 3]) }, 6)).toBe(false);
  });

  test('bytes that answer a question, whatever these are for a shell', async () => {
    const question = Buffer.from([0, 0, 39, 37, 92, 10, 36, 200]);
    const heard: Buffer[] = [];
    const answers = await speaks((socket) =>
      socket.on('data', (data) => {
        heard.push(Buffer.from(data));
        socket.write('+PONG\r\n');
      }),
    );
    expect(await ends(answers, { send: question, begins: '+PONG' })).toBe(true);
    expect(heard[0]).toEqual(question);
  });

  test('an open port alone is not enough', async () => {
    expect(await ends(await speaks(() => 0), { begins: 'ready' }, 6)).toBe(false);
  });
});
