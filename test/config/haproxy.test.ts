import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, eventually, findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { find } from '../support/objects';
import { NameServer } from './support/name-server';

const objects = objectsOf(platformNamed('pg'));

/** A member that says its name to whoever connects, and what it is to whoever asks. */
class Member {
  role: 'primary' | 'replica' | 'gone' = 'replica';
  private readonly servers: (Server | HttpServer)[] = [];

  constructor(private readonly name: string) {}

  async start(address: string, postgres: number, rest: number): Promise<void> {
    const greeting = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(this.name);
    });
    const api = createHttpServer((request, response) => {
      response.writeHead(request.url === `/${this.role}` ? 200 : 503).end();
    });
    this.servers.push(greeting, api);
    await new Promise<void>((done) => greeting.listen(postgres, address, done));
    await new Promise<void>((done) => api.listen(rest, address, done));
  }

  stop(): void {
    for (const server of this.servers.splice(0)) server.close();
  }
}

suiteWith('test/config/haproxy', { 'haproxy (Debian: haproxy)': findProgram('haproxy', ['/usr/sbin']) })(
  'HAProxy as the manifests start it',
  () => {
    let folder: string;
    let program: Background;
    const haproxy = findProgram('haproxy', ['/usr/sbin']) ?? '';
    const text = find(objects, 'ConfigMap', 'pg-router-haproxy').data['haproxy.cfg'] ?? '';
    const members = [0, 1, 2].map((index) => new Member(`pg-cluster-${index}`));
    const dnsName = (index: number) => `pg-cluster-${index}.pg-cluster-peers.pg-data.svc.cluster.local`;
    let names: NameServer;
    /** Ports of HAProxy, then those of every member. */
    const here = { write: 0, read: 0, page: 0, metrics: 0, postgres: 0, rest: 0 };

    /** What the member behind a port says; how it ends for the one that is held. */
    const reached = (port: number) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('data', (data) => {
          resolve(data.toString());
          socket.destroy();
        });
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('closed')));
      });

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'hearth-haproxy-'));
      for (const name of Object.keys(here) as (keyof typeof here)[]) here[name] = await freePort();
      let config = text
        .replace('bind :5432', `bind 127.0.0.1:${here.write}`)
        .replace('bind :5433', `bind 127.0.0.1:${here.read}`)
        .replace('bind :7000', `bind 127.0.0.1:${here.page}`)
        .replace('bind :8404', `bind 127.0.0.1:${here.metrics}`);
      names = await NameServer.start();
      config = config
        .replace('parse-resolv-conf', `nameserver test ${names.address}`)
        .replace(/:5432 check port 8008/g, `:${here.postgres} check port ${here.rest}`);
      for (const [index, member] of members.entries()) {
        await member.start(`127.0.1.${index + 1}`, here.postgres, here.rest);
        names.names.set(dnsName(index), `127.0.1.${index + 1}`);
      }
      const [first] = members;
      if (first) first.role = 'primary';
      writeFileSync(join(folder, 'moved.cfg'), config);
      program = new Background(haproxy, ['-W', '-db', '-f', join(folder, 'moved.cfg')], { cwd: folder });
      await program.until(async () => expect((await page('/ready')).status).toBe(200));
    });

    afterAll(async () => {
      await program?.stop('SIGTERM');
      members.forEach((member) => member.stop());
      names?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const page = (path: string) => fetch(`http://127.0.0.1:${here.metrics}${path}`);

    test('haproxy -c accepts the file as it is, without a warning, and not a wrong one', async () => {
      const file = join(folder, 'haproxy.cfg');
      writeFileSync(file, text);
      const { code, stderr } = await run(haproxy, ['-c', '-f', file]);
      // Members that are not there yet are no error.
      const warnings = stderr.split('\n').filter((line) => /WARNING|ALERT/.test(line) && !line.includes('could not resolve'));
      expect({ code, warnings }).toEqual({ code: 0, warnings: [] });
      writeFileSync(file, text.replace('balance roundrobin', 'balance nowhere'));
      expect((await run(haproxy, ['-c', '-f', file])).code).not.toBe(0);
    });

    test('the write port leads to the primary, the read port to the replicas in turn', async () => {
      await eventually(async () => expect(await reached(here.write)).toBe('pg-cluster-0'));
      // Until the first checks every server counts as a replica.
      await eventually(async () => {
        const answers = await Promise.all([1, 2, 3, 4].map(() => reached(here.read)));
        expect(answers.sort()).toEqual(['pg-cluster-1', 'pg-cluster-1', 'pg-cluster-2', 'pg-cluster-2']);
      });
    });

    test('after a failover the write port leads to the new primary, and connections to the old one end', async () => {
      const held = connect(here.write, '127.0.0.1');
      const ended = new Promise((done) => held.once('close', done));
      held.on('error', () => undefined);
      await new Promise((done) => held.once('data', done));
      const [first, second] = members;
      if (!first || !second) throw new Error('no members');
      first.role = 'gone';
      second.role = 'primary';
      await ended;
      await eventually(async () => expect(await reached(here.write)).toBe('pg-cluster-1'));
      await eventually(async () => expect(await reached(here.read)).toBe('pg-cluster-2'));
    });

    test('without a replica the read port leads to the primary', async () => {
      const [, , third] = members;
      if (!third) throw new Error('no members');
      third.role = 'gone';
      await eventually(async () => expect(await reached(here.read)).toBe('pg-cluster-1'));
    });

    test('a member that comes back with another address can lead at once', async () => {
      const [first, second] = members;
      if (!first || !second) throw new Error('no members');
      first.stop();
      names.names.delete(dnsName(0));
      await sleep(2_000);
      await first.start('127.0.2.1', here.postgres, here.rest);
      names.names.set(dnsName(0), '127.0.2.1');
      second.role = 'gone';
      first.role = 'primary';
      await eventually(async () => expect(await reached(here.write)).toBe('pg-cluster-0'), 5);
    });

    test('while no name is found, members keep their addresses', async () => {
      names.names.clear();
      await sleep(5_000);
      expect(await reached(here.write)).toBe('pg-cluster-0');
    });

    test('alive, with metrics and a page; nothing else', async () => {
      expect((await page('/live')).status).toBe(200);
      expect(await (await page('/metrics')).text()).toContain('haproxy_backend_status{proxy="leader",state="UP"} 1');
      expect((await page('/')).status).toBe(404);
      const statistics = await (await fetch(`http://127.0.0.1:${here.page}/`)).text();
      expect(statistics).toContain('pg-cluster-1');
    });
  },
);
