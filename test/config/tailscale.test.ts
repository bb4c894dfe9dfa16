import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, eventually, findProgram, run, suiteWith } from '../api/support/programs';
import { container, find } from '../support/objects';

type Health = 'well' | 'ill' | 'silent';
const busybox = findProgram('busybox');
const objects = objectsOf(platformNamed('paths'));
const files = find(objects, 'ConfigMap', 'tailscale-gate').data;

suiteWith('test/config/tailscale', { 'busybox (Debian: busybox-static)': busybox })(
  'the gate, with the shell and the programs of its image',
  () => {
    let folder: string;
    let server: Server;
    let gate: Background;
    let asked = 0;
    let health: Health = 'ill';
    /** What the next checks find before that. */
    let next: Health[] = [];
    const path = (...names: string[]) => join(folder, ...names);
    const local = (text: string) =>
      text
        .replaceAll('/etc/tailscale-gate', path('config'))
        .replaceAll('/run/tailscale-gate', path('serve'))
        .replaceAll('/tmp/pulse', path('pulse'));
    const served = () => readFileSync(path('serve', 'serve.json'), 'utf8');
    /** Levels and messages so far. */
    const log = () =>
      gate.log
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, string>);
    const states = () => log().map(({ level, msg }) => `${level} ${msg}`);
    const checks = async (count: number) => {
      const until = asked + count;
      await eventually(() => (asked >= until ? Promise.resolve() : Promise.reject(new Error('not asked'))));
    };
    const start = () => {
      const { port } = server.address() as AddressInfo;
      const env = {
        PATH: path('bin'),
        HEALTH_URL: `http://127.0.0.1:${port}/health`,
        SERVICE: 'app',
        INTERVAL: '0.2',
        FAILURES: '3',
      };
      return new Background(busybox ?? '', ['sh', path('config', 'gate.sh')], { env });
    };

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'hearth-gate-'));
      for (const name of ['config', 'serve', 'bin']) mkdirSync(path(name));
      for (const name of ['cp', 'mv', 'date', 'wget', 'timeout', 'touch', 'sleep', 'stat', 'sh']) {
        symlinkSync(busybox ?? '', path('bin', name));
      }
      for (const [name, text] of Object.entries(files)) writeFileSync(path('config', name), local(text));
      [asked, health, next] = [0, 'ill', []];
      server = createServer((request, response) => {
        asked += 1;
        expect(request.url).toBe('/health');
        const now = next.shift() ?? health;
        if (now === 'silent') request.socket.destroy();
        else response.writeHead(now === 'well' ? 204 : 503).end();
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      gate = start();
    });
    afterEach(async () => {
      await gate.stop('SIGKILL');
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('starts closed, and stays so while the service is ill', async () => {
      await checks(5);
      expect(served()).toBe(files['closed.json']);
      expect(states()).toEqual(['WARN closed']);
    });

    test('opens once the service is well, and closes after three failures in a row, not earlier', async () => {
      health = 'well';
      await eventually(async () => expect(await Promise.resolve(served())).toBe(files['open.json']));
      next = ['ill', 'ill', 'well', 'ill', 'silent', 'well'];
      await checks(8);
      expect(states()).toEqual(['WARN closed', 'INFO open']);
      next = ['ill', 'silent', 'ill'];
      await eventually(async () => expect(await Promise.resolve(states())).toHaveLength(4));
      expect(states()).toEqual(['WARN closed', 'INFO open', 'WARN closed', 'INFO open']);
      expect(log()[2]?.reason).toBe('3 checks failed');
      expect(served()).toBe(files['open.json']);
    });

    test('says when, what, of which service and why', async () => {
      health = 'well';
      await eventually(async () => expect(await Promise.resolve(states())).toHaveLength(2));
      expect(log()[1]).toEqual({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
        level: 'INFO',
        msg: 'open',
        service: 'app',
        reason: 'the service is healthy',
      });
    });

    test('closes when it is told to stop, at once', async () => {
      health = 'well';
      await eventually(async () => expect(await Promise.resolve(served())).toBe(files['open.json']));
      await gate.stop('SIGTERM');
      expect(gate.code).toBe(0);
      expect(served()).toBe(files['closed.json']);
    });

    test('closes what an earlier one left open', async () => {
      writeFileSync(path('serve', 'serve.json'), files['open.json'] ?? '');
      await gate.stop('SIGKILL');
      gate = start();
      await checks(1);
      expect(served()).toBe(files['closed.json']);
    });

    test('the file is replaced as a whole, never written into', async () => {
      await eventually(async () => expect(await Promise.resolve(served())).toBe(files['closed.json']));
      const { ino } = statSync(path('serve', 'serve.json'));
      health = 'well';
      await eventually(async () => expect(await Promise.resolve(served())).toBe(files['open.json']));
      expect(statSync(path('serve', 'serve.json')).ino).not.toBe(ino);
      expect(readdirSync(path('serve'))).toEqual(['serve.json']);
    });

    test('its probe fails when checks have stopped, and before the first one', async () => {
      const { livenessProbe } = container(find(objects, 'Deployment', 'tailscale-gate').spec.template, 'gate');
      const [, , script = ''] = livenessProbe.exec.command;
      const probe = async () => (await run(busybox ?? '', ['sh', '-c', local(script)], { env: { PATH: path('bin') } })).code;
      await checks(2);
      await eventually(async () => expect(await probe()).toBe(0));
      await gate.stop('SIGKILL');
      await run(busybox ?? '', ['touch', '-d', '2020-01-01 00:00:00', path('pulse')]);
      expect(await probe()).not.toBe(0);
      rmSync(path('pulse'));
      expect(await probe()).not.toBe(0);
    });
  },
);
