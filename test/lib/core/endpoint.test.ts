import { Answering, type Answer } from '../../../lib/bindings/answering';
import { Certificate } from '../../../lib/core/certificate';
import type { Component } from '../../../lib/core/component';
import { Deployment, StatefulSet } from '../../../lib/core/controllers';
import type { PortProps } from '../../../lib/core/endpoint';
import { http, tcp } from '../../../lib/core/probe';
import { container, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

/** What `make` makes of a component with a stateful set `broker` of two pods. */
function withBroker<T>(ports: Record<string, Exclude<PortProps, number>>, make: (broker: StatefulSet) => T): T {
  const made: T[] = [];
  testPlatform({
    broker: {
      build: (component) => {
        const tls = new Certificate(component, 'broker');
        const secure = Object.fromEntries(
          Object.entries(ports).map(([name, port]) => [name, port.tls ? { ...port, tls } : port]),
        );
        const mounts = { '/etc/tls': tls.shown };
        const broker = new StatefulSet(component, 'broker', { ...sleeper, ports: secure, mounts, replicas: 2 });
        made.push(make(broker));
      },
    },
  });
  const [first] = made;
  if (first === undefined) throw new Error('nothing made');
  return first;
}
const plain = { port: 8000 };
const secure: Exclude<PortProps, number> = { port: 8443, tls: 'gateway' };

test.each([
  [undefined, 'http', 'https'],
  ['http', 'http', 'https'],
  ['ws', 'ws', 'wss'],
  ['amqp', 'amqp', 'amqps'],
  ['mqtt', 'mqtt', 'mqtts'],
  ['redis', 'redis', 'rediss'],
  ['nats', 'nats', 'tls'],
  ['postgresql', 'postgresql', 'postgresql'],
])('the address for %s is %s, with TLS %s', (protocol, without, withTls) => {
  const [a, b] = withBroker({ plain, secure }, (broker) => [
    broker.endpoint('plain').url(protocol),
    broker.endpoint('secure').url(protocol),
  ]);
  expect([a, b]).toEqual([`${without}://broker.test-apps.svc:8000`, `${withTls}://broker.test-apps.svc:8443`]);
});

test('each pod has an address, too', () => {
  expect(withBroker({ secure }, (broker) => broker.endpoint('secure').memberUrls('amqp'))).toEqual([
    'amqps://broker-0.broker-peers.test-apps.svc.cluster.local:8443',
    'amqps://broker-1.broker-peers.test-apps.svc.cluster.local:8443',
  ]);
});

test('an address with TLS of a port without is refused', () => {
  expect(() => withBroker({ plain }, (broker) => broker.endpoint('plain').url('amqps'))).toThrow(
    'port plain of broker speaks no TLS: say tls there, or ask for its amqp address',
  );
});

describe('what follows for pods and clients', () => {
  const platform = (answer: Answer = { path: '/health' }) =>
    testPlatform({
      app: {
        build: (component: Component) => {
          const tls = new Certificate(component, 'app');
          const app = new Deployment(component, 'app', {
            ...sleeper,
            ports: { api: { port: 8443, tls }, http: 8000 },
            mounts: { '/etc/tls': tls.shown },
            probes: { ready: http('/ready', 'api'), live: http('/live') },
            sidecars: {
              beside: { ...sleeper, ports: { own: 9000 }, probes: { ready: tcp('own'), live: http('/', 9000) } },
            },
            metrics: { port: 'api', path: '/metrics' },
          });
          const api = app.endpoint('api');
          new Deployment(component, 'client', {
            ...sleeper,
            env: { URL: api.url() },
            mounts: api.trustAt('/etc/app-tls'),
            uses: [new Answering(api, 'asks', answer)],
          });
        },
      },
    });
  const objects = objectsOf(platform());
  const pod = (name: string) => find(objects, 'Deployment', name).spec.template;

  test('probes ask by the scheme of the port', () => {
    const { readinessProbe, livenessProbe, startupProbe } = container(pod('app'), 'app');
    expect(readinessProbe?.httpGet).toEqual({ path: '/ready', port: 'api', scheme: 'HTTPS' });
    expect(livenessProbe?.httpGet).toEqual({ path: '/live', port: 'http' });
    expect(startupProbe?.httpGet).toEqual({ path: '/live', port: 'http' });
    expect(container(pod('app'), 'beside').livenessProbe?.httpGet).toEqual({ path: '/', port: 9000 });
  });

  test('metrics are scraped by it', () => {
    expect(pod('app').metadata.annotations).toMatchObject({
      'prometheus.io/port': '8443',
      'prometheus.io/scheme': 'https',
    });
  });

  test('a client gets the certificate, not the key, and waits by TLS', () => {
    expect(pod('client').spec.volumes.find(({ name }) => name === 'app-tls')?.secret.items).toEqual([
      { key: 'ca.crt', path: 'ca.crt' },
    ]);
    const wait = pod('client').spec.initContainers?.find(({ name }) => name === 'wait-for-app');
    expect(wait?.command?.[2]).toContain('https://app.test-apps.svc:8443/health');
  });

  test('bytes cannot be read through TLS', () => {
    expect(() => platform({ begins: 'AMQP' })).toThrow('port api of app speaks TLS, of which only a path can be asked here');
  });

  test('a port without TLS needs no trust', () => {
    expect(withBroker({ plain }, (broker) => broker.endpoint('plain').trustAt('/etc/tls'))).toEqual({});
  });
});

test('the certificate holds for the Service, the pods and what else is said, and is its own authority', () => {
  const platform = testPlatform({
    app: { build: (component) => void new Certificate(component, 'app', { hosts: ['app.hearth.test'] }) },
  });
  const [certificate] = platform.graph.credentials.filter(({ name }) => name === 'app-tls');
  expect(certificate?.keys).toEqual({
    'tls.key': { kind: 'private-key' },
    'ca.crt': {
      kind: 'self-signed-certificate',
      hosts: [
        'app.test-apps.svc',
        'app.test-apps.svc.cluster.local',
        '*.app-peers.test-apps.svc.cluster.local',
        'localhost',
        'app.hearth.test',
      ],
      of: 'tls.key',
    },
  });
});
