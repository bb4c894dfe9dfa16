import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { catalogue } from '../../lib/catalogue';
import { writeFolder } from '../../lib/core/manifest-writer';
import type { Platform } from '../../lib/core/platform';
import { distFiles } from '../../lib/synth';
import { ApiServer } from '../api/support/api-server';
import { objectsOf } from '../api/support/platforms';
import { apiServerNeeds, eventually, findProgram, freePort, suiteWith } from '../api/support/programs';
import { Traefik } from '../api/support/traefik';
import { routed, testPlatform } from '../support/platforms';

/** Where the programs listen: Kubernetes takes no loopback address for that of a pod. */
const [address] = Object.values(networkInterfaces()).flatMap((all = []) =>
  all.flatMap((one) => (one.family === 'IPv4' && !one.internal ? [one.address] : [])),
);

const suite = suiteWith('test/config/traefik-requests', {
  ...apiServerNeeds(),
  'traefik on PATH': findProgram('traefik'),
  'an IPv4 address of this machine beside 127.0.0.1': address,
});

/** What happens to requests on their way to a program and back: the generated middlewares in the real Traefik. */
suite('Traefik before a program', () => {
  const entries = {
    page: routed('page', { rateLimited: false }),
    small: routed('small', { rateLimited: false, maxBody: '2Ki' }),
    half: routed('half', { rateLimited: false }),
    late: routed('late', { rateLimited: false }),
  };
  let api: ApiServer;
  /** Traces arrive here. */
  let receiver: Server;
  const traces: { url?: string; body: string }[] = [];
  /** The program behind the other routes, and what it saw: methods and sizes of bodies. */
  let backend: Server;
  let seen: string[] = [];
  /** Port of the program behind `late`, which starts late. */
  let late: number;
  /** Two platforms: with what Traefik does by default and traces, and with all of it turned off. */
  let gateways: { usual: Traefik; bare: Traefik };

  beforeAll(async () => {
    api = await ApiServer.start();
    receiver = await listening('127.0.0.1', async (request) => {
      traces.push({ url: request.url, body: gunzipSync(await whole(request)).toString('latin1') });
      return 200;
    });
    backend = await listening(address ?? '', async (request) => {
      seen.push(`${request.method} ${(await whole(request)).length}`);
      return 200;
    });
    late = await freePort();
    const endpoint = `http://127.0.0.1:${portOf(receiver)}/v1/traces`;
    gateways = {
      usual: await gateway('usual', { traces: { endpoint } }),
      bare: await gateway('bare', { attempts: 1, circuitBreaker: 'none' }),
    };
  }, 180_000);
  afterAll(async () => {
    await gateways?.usual.stop();
    await gateways?.bare.stop();
    for (const server of [receiver, backend]) server?.close().closeAllConnections();
    await api?.stop();
  });

  test('a body within the limit arrives whole; a larger one is refused, and the program hears nothing of it', async () => {
    seen = [];
    const post = async (host: string, bytes: number) =>
      (await ask('usual', host, { method: 'POST', body: 'x'.repeat(bytes) })).status;
    expect(await post('small', 2048)).toBe(200);
    expect(await post('small', 2049)).toBe(413);
    expect(await post('page', 4_000_000)).toBe(200);
    expect(seen).toEqual(['POST 2048', 'POST 4000000']);
  });

  test('where one of two pods takes no connection, the second try finds the other; a single try would not', async () => {
    const failed = async (name: 'usual' | 'bare') => {
      const answers = [];
      for (let n = 0; n < 20; n += 1) answers.push((await ask(name, 'half')).status);
      return answers.filter((status) => status !== 200).length;
    };
    expect(await failed('bare')).toBeGreaterThan(5);
    expect(await failed('usual')).toBe(0);
  });

  test('a program that takes no connections gets a pause of five seconds, and then more and more requests', async () => {
    expect((await ask('usual', 'late')).status).toBe(502);
    await eventually(async () => expect((await ask('usual', 'late')).status).toBe(503));
    const since = Date.now();
    // No pod comes or goes: Traefik begins anew with every one that does.
    let heard = 0;
    const started = await listening(address ?? '', () => Promise.resolve((heard += 1) && 200), late);
    let refused = 0;
    while (Date.now() - since < 3_000) {
      expect((await ask('usual', 'late')).status).toBe(503);
      refused += 1;
      await setTimeout(50);
    }
    expect(refused).toBeGreaterThan(5);
    expect(heard).toBe(0);
    await eventually(async () => expect((await ask('usual', 'late')).status).toBe(200));
    expect(Date.now() - since).toBeGreaterThan(3_500);
    // All of them after ten seconds more: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/circuitbreaker/
    await setTimeout(11_000);
    for (let n = 0; n < 50; n += 1) expect((await ask('usual', 'late')).status).toBe(200);
    started.close().closeAllConnections();
  });

  test('without a breaker every request is tried', async () => {
    for (let n = 0; n < 20; n += 1) expect((await ask('bare', 'late')).status).toBe(502);
    const started = await listening(address ?? '', () => Promise.resolve(200), late);
    expect((await ask('bare', 'late')).status).toBe(200);
    started.close().closeAllConnections();
  });

  test('traces of requests arrive where they shall go', async () => {
    await ask('usual', 'page', { path: '/traced' });
    const body = () => traces.map((trace) => trace.body).join('');
    await eventually(async () => expect(await Promise.resolve(body())).toContain('/traced'), 60);
    expect(new Set(traces.map(({ url }) => url))).toEqual(new Set(['/v1/traces']));
    expect(body()).toContain('usual-gateway');
    expect(body()).toContain('page.usual.test');
  });

  /** A Traefik of a platform in the API server. */
  async function gateway(name: string, options: Record<string, unknown>): Promise<Traefik> {
    const services = { ...Object.fromEntries(Object.keys(entries).map((entry) => [entry, {}])), traefik: options };
    const config = { name, namespacePrefix: name, domain: `${name}.test`, services };
    const platform = testPlatform(entries, config, catalogue.traefik ? { traefik: catalogue.traefik } : {});
    await apply(platform);
    const port = portOf(backend);
    await pods(name, 'page', port);
    await pods(name, 'small', port);
    await pods(name, 'half', port, nowhere);
    await pods(name, 'late', late);
    const token = await api.kubectl(['create', 'token', 'traefik', `--namespace=${name}-gateway`]);
    const traefik = await Traefik.standalone(objectsOf(platform), api.writeKubeconfig(name, token.trim()));
    for (const host of ['page', 'small']) {
      await traefik.until(async () => {
        const { status } = await traefik.get('websecure', `${host}.${name}.test`, '/', { tls: {} });
        if (status !== 200) throw new Error(`${host} answers ${status}`);
      });
    }
    return traefik;
  }

  async function apply(platform: Platform): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-requests-'));
    try {
      writeFolder(folder, distFiles(platform));
      const all = join(folder, platform.config.name);
      for (const path of [join(all, '00-cluster'), all]) {
        await api.kubectl(['apply', '--server-side', '-R', '-f', path]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Makes pods of a program known, as the endpoint controller would: that of this machine, and others. */
  async function pods(name: string, service: string, port: number, ...others: string[]): Promise<void> {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: service, namespace: `${name}-apps`, labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      endpoints: [address, ...others].map((each) => ({ addresses: [each], conditions: { ready: true } })),
      ports: [{ name: 'http', port, protocol: 'TCP' }],
    };
    await api.kubectl(['create', '--validate=strict', '-f', '-'], { input: JSON.stringify(slice) });
  }

  const ask = (
    name: 'usual' | 'bare',
    host: string,
    { path = '/', ...options }: { path?: string; method?: string; body?: string } = {},
  ) => gateways[name].get('websecure', `${host}.${name}.test`, path, { ...options, tls: {} });
});

/** To which no system opens a TCP connection. */
const nowhere = '255.255.255.255';

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** @param answer the status for a request @param port 0 for any */
async function listening(host: string, answer: (request: IncomingMessage) => Promise<number>, port = 0): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request).then((status) => response.writeHead(status).end('here'));
  });
  await new Promise<void>((done) => server.listen(port, host, done));
  return server;
}
