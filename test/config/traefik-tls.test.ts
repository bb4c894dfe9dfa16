import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { makeValue } from '../../cli/credentials/values';
import { catalogue } from '../../lib/catalogue';
import { Certificate } from '../../lib/core/certificate';
import { StatefulSet } from '../../lib/core/controllers';
import { privateKey, selfSignedCertificate } from '../../lib/core/credential';
import { manifests } from '../../lib/core/manifest-writer';
import { TcpRoute } from '../../lib/core/stream-routes';
import { ApiServer } from '../api/support/api-server';
import { apiServerNeeds, findProgram, suiteWith } from '../api/support/programs';
import { Traefik } from '../api/support/traefik';
import { objectsOf } from '../support/objects';
import { root, sleeper, testPlatform, type TestEntry } from '../support/platforms';

/** The API takes no address of the loopback for that of a pod. */
const own = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** A broker with TLS, and each kind of route to it on one entry point. */
const mqtt: TestEntry = {
  build: (component) => {
    const tls = new Certificate(component, 'mqtt', { hosts: ['direct.hearth.test'] });
    const mounts = { '/etc/tls': tls.shown };
    const pods = new StatefulSet(component, 'mqtt', { ...sleeper, ports: { mqtts: { port: 8883, tls } }, mounts });
    const route = { entryPoint: { name: 'mqtts', port: 8883 }, to: pods.endpoint('mqtts') };
    new TcpRoute(component, 'ended', { ...route, host: 'ended' });
    new TcpRoute(component, 'direct', { ...route, host: 'direct', passthrough: true });
    TcpRoute.each(component, 'pod', { ...route, host: 'pod' });
  },
};

suiteWith('test/config/traefik-tls', {
  ...apiServerNeeds(),
  'traefik on PATH': findProgram('traefik'),
  'an address beside that of the loopback': own,
})('Traefik before a program with TLS', () => {
  const { traefik: definition } = catalogue;
  const services = { mqtt: {}, traefik: {} };
  const platform = testPlatform({ mqtt }, { services }, definition ? { traefik: definition } : {});
  let folder: string;
  let server: ApiServer;
  let traefik: Traefik;
  let broker: Server;
  let certificate: string;

  const create = (...items: object[]) =>
    server.kubectl(['create', '--validate=strict', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
  /** What the endpoint controller would write for a ready pod. */
  const slice = (service: string) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: service, namespace: 'test-apps', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [own], conditions: { ready: true } }],
    ports: [{ name: 'mqtts', port: (broker.address() as AddressInfo).port, protocol: 'TCP' }],
  });
  /** What the broker says to who comes by that host, and the names in the certificate that is shown there. */
  const greeting = (host: string) =>
    new Promise<{ said: string; names?: string }>((resolve, reject) => {
      const port = traefik.ports.mqtts ?? 0;
      const socket = connect({ host: '127.0.0.1', port, servername: `${host}.hearth.test`, rejectUnauthorized: false });
      socket.once('data', (data: Buffer) => {
        resolve({ said: data.toString(), names: socket.getPeerCertificate().subjectaltname });
        socket.destroy();
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed')));
    });

  beforeAll(async () => {
    const keys = platform.graph.credentials.find(({ name }) => name === 'mqtt-tls')?.keys ?? {};
    if (!keys['tls.key'] || !keys['ca.crt']) throw new Error('no rules for the certificate');
    const key = await makeValue(keys['tls.key']);
    certificate = await makeValue(keys['ca.crt'], key);
    broker = createServer({ key, cert: certificate }, (socket) => {
      socket.on('error', () => undefined);
      socket.write('hello');
    });
    await new Promise<void>((done) => broker.listen(0, own, done));
    server = await ApiServer.start();
    folder = mkdtempSync(join(tmpdir(), 'hearth-traefik-tls-'));
    for (const [path, text] of manifests(platform)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    await server.kubectl(['apply', '--server-side', '-f', join(root, 'crds/traefik.yaml')]);
    await server.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
    await server.kubectl(['apply', '--server-side', '-R', '-f', join(folder, 'test')]);
    const authority = { name: 'mqtt-tls-ca.crt', namespace: 'test-apps' };
    await create({ apiVersion: 'v1', kind: 'Secret', metadata: authority, stringData: { 'ca.crt': certificate } });
    await create(slice('mqtt'), slice('mqtt-0'));
    const token = (await server.kubectl(['create', 'token', 'traefik', '--namespace=test-gateway'])).trim();
    traefik = await Traefik.standalone(objectsOf(platform), server.writeKubeconfig('traefik-tls', token));
    await traefik.until(async () => {
      const { body } = await traefik.get('traefik', 'localhost', '/api/rawdata');
      const { tcpRouters = {} } = JSON.parse(body) as { tcpRouters?: Record<string, { status: string }> };
      expect(Object.values(tcpRouters).map(({ status }) => status)).toEqual(['enabled', 'enabled', 'enabled']);
    });
  });

  afterAll(async () => {
    await traefik?.stop();
    broker?.close();
    await server?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('ends that of clients and begins another one, also to one pod', async () => {
    for (const host of ['ended', 'pod-0']) {
      const { said, names } = await greeting(host);
      expect(said).toBe('hello');
      expect(names).not.toContain('mqtt.test-apps.svc');
    }
  });

  test('passes it on where it is told to', async () => {
    const { said, names } = await greeting('direct');
    expect(said).toBe('hello');
    expect(names).toContain('DNS:mqtt.test-apps.svc');
    expect(names).toContain('DNS:direct.hearth.test');
  });

  test('leads to no program with another certificate', async () => {
    const key = await makeValue(privateKey());
    const cert = await makeValue(selfSignedCertificate(['mqtt.test-apps.svc'], 'tls.key'), key);
    broker.setSecureContext({ key, cert });
    await expect(greeting('ended')).rejects.toThrow();
    await expect(greeting('pod-0')).rejects.toThrow();
    expect((await greeting('direct')).said).toBe('hello');
  });
});
