import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { container, find, objectsOf } from '../support/objects';
import { geoai } from '../support/platforms';

const linux = process.platform === 'linux';
const suite = suiteWith('test/config/minio-servers', { 'bash on Linux': linux && findProgram('bash') });

/** What a server says of its health; `silent` takes connections and says nothing. */
type State = 'serves' | 'serves, but the others cannot without it' | 'reads' | 'starts' | 'waits' | 'silent';

/** Status codes by path, as MinIO answers. */
const answers: Record<Exclude<State, 'silent'>, Record<string, number>> = {
  serves: { 'cluster/read': 200, cluster: 200, 'cluster?maintenance=true': 200 },
  'serves, but the others cannot without it': { 'cluster/read': 200, cluster: 200, 'cluster?maintenance=true': 412 },
  reads: { 'cluster/read': 200, cluster: 503, 'cluster?maintenance=true': 412 },
  starts: { 'cluster/read': 503, cluster: 503, 'cluster?maintenance=true': 412 },
  waits: { 'cluster/read': 503, cluster: 503, 'cluster?maintenance=true': 503 },
};

/** Servers of a test, in whose place the scripts of the manifests ask these: the own one and two others. */
suite('what servers of MinIO ask each other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-minio-servers-'));
  const objects = objectsOf(geoai({}, { minio: { servers: 4 } }));
  const { readinessProbe, lifecycle } = container(
    find(objects, 'StatefulSet', 'minio').spec.template,
    'minio',
  ) as unknown as Record<'readinessProbe', { exec: { command: string[] } }> & {
    lifecycle: { preStop: { exec: { command: string[] } } };
  };
  const addresses = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  const states = new Map<string, State>();
  const servers: Server[] = [];
  let port = 0;

  const answer = (state: State, { url = '' }: IncomingMessage, response: ServerResponse) => {
    if (state === 'silent') return;
    if (state === 'waits') response.setHeader('X-Minio-Server-Status', 'offline');
    const path = url.replace('/minio/health/', '');
    response.writeHead(path === 'live' ? 200 : (answers[state][path] ?? 404)).end();
  };

  beforeAll(async () => {
    port = await freePort();
    for (const address of addresses) {
      const server = createServer((request, response) => {
        const state = states.get(address);
        if (state) answer(state, request, response);
        else request.socket.destroy();
      });
      await new Promise<void>((listening) => server.listen(port, address, listening));
      servers.push(server);
    }
  });

  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  /** @param of the own server and others; those left out are gone */
  const servedBy = (...of: State[]) => {
    states.clear();
    of.forEach((state, i) => states.set(addresses[i] ?? '', state));
  };

  /** Who waits in vain takes so many seconds; who does not wait needs less, also on a machine that does much else. */
  const waiting = 25;
  const atOnce = 20;

  /** @param ageSeconds since when the own server runs */
  const runScript = async (command: readonly string[], ageSeconds = 3600) => {
    const up = Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]);
    const stat = join(folder, 'stat');
    writeFileSync(stat, `1 (minio) S ${'0 '.repeat(18)}${(up - ageSeconds) * 100} 0 0\n`);
    const script = (command.at(-1) ?? '')
      .replace(/minio-1\.\S+/, '127.0.0.2')
      .replace(/minio-2\.\S+/, '127.0.0.3')
      .replace(/ minio-3\.[^;\s]+/, '')
      .replaceAll('/9000', `/${port}`)
      .replace('/proc/1/stat', stat)
      .replace('SECONDS + 30', `SECONDS + ${waiting}`)
      .replace('sleep 5', 'sleep 0');
    const start = Date.now();
    const env = { PATH: process.env.PATH, HOSTNAME: 'minio-0' };
    const { code, stderr } = await run('bash', ['-c', script], { env });
    return { code, stderr, seconds: (Date.now() - start) / 1000 };
  };

  describe('ready', () => {
    const ready = async (ageSeconds?: number) => {
      const { code, seconds } = await runScript(readinessProbe.exec.command, ageSeconds);
      expect(seconds).toBeLessThan(atOnce);
      return code === 0;
    };

    test.each<[boolean, string, State[]]>([
      [true, 'it serves', ['serves', 'serves', 'serves']],
      [true, 'it can only read', ['reads', 'reads']],
      [true, 'it serves alone', ['serves']],
      [false, 'it does not find enough drives', ['starts', 'serves', 'serves']],
      [true, 'it waits for its like, as others of the old kind serve', ['waits', 'serves', 'serves']],
      [true, 'the same, and one is silent', ['waits', 'silent', 'serves']],
      [true, 'it waits, as another one does', ['waits', 'waits']],
      [false, 'it waits, and nobody is there', ['waits']],
      [false, 'it waits, and the others are silent', ['waits', 'silent', 'silent']],
      [false, 'it is gone', []],
    ])('%s: %s', async (expected, _, of) => {
      servedBy(...of);
      expect(await ready()).toBe(expected);
    });

    test('nothing is left running: who has an answer waits for nobody', async () => {
      servedBy('waits', 'silent', 'serves');
      // A program ends here when all that it started has ended.
      const patient = readinessProbe.exec.command.map((part) =>
        part.replace('timeout 3', `timeout ${waiting}`).replace('-t 4', `-t ${waiting}`),
      );
      const { code, seconds } = await runScript(patient);
      expect(code).toBe(0);
      expect(seconds).toBeLessThan(atOnce);
    });

    test('who has just started may still find its like', async () => {
      servedBy('waits', 'serves', 'serves');
      expect([await ready(15), await ready(21)]).toEqual([false, true]);
    });
  });

  describe('stops', () => {
    /** @param pause in s, before it asks once more */
    const stopping = (pause = 1) =>
      runScript(lifecycle.preStop.exec.command.map((part) => part.replace('sleep 1', `sleep ${pause}`)));

    test.each<[string, State[]]>([
      ['the others can write without it', ['serves', 'serves', 'serves']],
      ['nobody can write anyway', ['reads', 'reads']],
      ['another one waits for servers of its own kind', ['serves, but the others cannot without it', 'waits', 'serves']],
      ['it does not serve yet', ['waits', 'serves', 'serves']],
    ])('at once, where %s', async (_, of) => {
      servedBy(...of);
      // Who asks only once makes no pause.
      expect((await stopping(waiting)).seconds).toBeLessThan(atOnce);
    });

    test('once the others can write without it', async () => {
      servedBy('serves, but the others cannot without it', 'serves');
      setTimeout(() => servedBy('serves', 'serves', 'serves'), 1500);
      const { code, seconds } = await stopping();
      expect(code).toBe(0);
      expect(seconds).toBeGreaterThan(1.4);
      expect(seconds).toBeLessThan(atOnce);
    });

    test('at last, though they cannot', async () => {
      servedBy('serves, but the others cannot without it', 'serves');
      const { code, seconds } = await stopping();
      expect(code).toBe(0);
      expect(seconds).toBeGreaterThan(waiting - 1);
    });
  });

  describe('healing', () => {
    const { command } = container(find(objects, 'CronJob', 'minio-heal').spec.jobTemplate.spec.template, 'minio');
    const end = 'Healed:\t1/3 objects; 1 MiB in 1s';
    /** @param passes what the client prints, one time after the other; the last of them from then on */
    const healAgain = async (seconds: number, ...passes: string[][]) => {
      rmSync(join(folder, 'passes'), { recursive: true, force: true });
      mkdirSync(join(folder, 'passes'));
      passes.forEach((lines, n) => writeFileSync(join(folder, 'passes', String(n + 1)), `${lines.join('\n')}\n`));
      const client = `#!/bin/sh
cd ${folder}/passes
first=$(ls | sort -n | head -n 1)
cat "$first"
if [ "$first" != ${passes.length} ]; then rm "$first"; fi
`;
      writeFileSync(join(folder, 'mc'), client, { mode: 0o755 });
      const [shell = '', ...args] = command.map((part) => part.replace('180', String(seconds)).replace('sleep 10', 'sleep 0.1'));
      const { code, stdout } = await run(shell, args, { env: { PATH: `${folder}:${process.env.PATH}` } });
      return { code, lines: stdout.trim().split('\n') };
    };
    const heal = (...lines: string[]) => healAgain(0, lines);
    const whole = '[Green  ->  Green] ** bucket:work **';
    const healed = '[Yellow ->  Green] work/a';
    const broken = (n: number) => `[Yellow -> Yellow] work/${n}`;

    test('ends well where all objects are whole', async () => {
      expect(await heal(whole, healed, end)).toEqual({ code: 0, lines: [`${end}; 0 are not whole`] });
    });

    test('fails where one is not, and says which', async () => {
      const error = '[ERROR] ** .minio.sys/config ** : drive not found';
      expect(await heal(whole, healed, broken(1), error, end)).toEqual({
        code: 1,
        lines: [broken(1), error, `${end}; 2 are not whole`],
      });
      const many = await heal(...Array.from({ length: 30 }, (_, n) => broken(n)), end);
      expect(many.lines).toHaveLength(21);
      expect(many.lines.at(-1)).toBe(`${end}; 30 are not whole`);
    });

    test('is tried again for a while, since not every server sees at once that one is back', async () => {
      expect(await healAgain(180, [broken(1), end], [], [healed, end])).toEqual({
        code: 0,
        lines: [broken(1), `${end}; 1 are not whole`, '; 0 are not whole', `${end}; 0 are not whole`],
      });
      expect((await healAgain(1, [broken(1), end])).code).toBe(1);
    });

    test('fails where it did not come to its end', async () => {
      expect((await heal(whole, healed)).code).toBe(1);
      expect((await heal()).code).toBe(1);
    });
  });
});
