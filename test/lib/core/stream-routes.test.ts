import { buildPlatform } from '../../../lib/build-platform';
import { catalogue as own } from '../../../lib/catalogue';
import { parsePlatform } from '../../../lib/config/load';
import { Certificate } from '../../../lib/core/certificate';
import type { Component } from '../../../lib/core/component';
import { Deployment, StatefulSet } from '../../../lib/core/controllers';
import type { Catalogue } from '../../../lib/core/definition';
import { HttpRoute } from '../../../lib/core/route';
import { TcpRoute, UdpRoute, type TcpRouteProps } from '../../../lib/core/stream-routes';
import { all, find, objectsOf } from '../../support/objects';
import { definitionOf, problems, sleeper, testPlatform, type TestEntry } from '../../support/platforms';

const server = (component: Component) =>
  new Deployment(component, component.name, {
    ...sleeper,
    ports: { http: 8080, sql: 5432, game: { port: 7777, protocol: 'UDP' } },
  });

test('TCP: by server name, on an entry point of its own', () => {
  const platform = testPlatform({
    sql: {
      build: (component) =>
        void new TcpRoute(component, 'sql', {
          host: 'sql',
          entryPoint: { name: 'postgres', port: 5432 },
          to: server(component).endpoint('sql'),
        }),
    },
  });
  expect(find(objectsOf(platform), 'IngressRouteTCP', 'sql').spec).toEqual({
    entryPoints: ['postgres'],
    routes: [{ match: 'HostSNI(`sql.hearth.test`)', services: [{ name: 'sql', port: 'sql' }] }],
    tls: {},
  });
  expect(platform.graph.routes[0]?.entryPoint).toEqual({ name: 'postgres', port: 5432, protocol: 'TCP' });
});

test('TCP: a protocol that clients name in the handshake becomes an option of the route', () => {
  const platform = testPlatform({
    sql: {
      build: (component) =>
        void new TcpRoute(component, 'sql', {
          host: 'sql',
          entryPoint: { name: 'postgres', port: 5432 },
          to: server(component).endpoint('sql'),
          alpn: 'postgresql',
        }),
    },
  });
  const objects = objectsOf(platform);
  expect(find(objects, 'IngressRouteTCP', 'sql').spec.tls).toEqual({ options: { name: 'sql' } });
  expect(find(objects, 'TLSOption', 'sql').spec).toEqual({ alpnProtocols: ['postgresql'], minVersion: 'VersionTLS12' });
});

test('UDP: an entry point, no host', () => {
  const platform = testPlatform({
    game: {
      build: (component) =>
        void new UdpRoute(component, 'game', {
          entryPoint: { name: 'game', port: 7777 },
          to: server(component).endpoint('game'),
        }),
    },
  });
  expect(find(objectsOf(platform), 'IngressRouteUDP', 'game').spec).toEqual({
    entryPoints: ['game'],
    routes: [{ services: [{ name: 'game', port: 'game' }] }],
  });
  expect(platform.graph.routes[0]?.entryPoint).toEqual({ name: 'game', port: 7777, protocol: 'UDP' });
});

/** A broker with TLS, and a route to it. */
const broker = (props: Partial<TcpRouteProps>): TestEntry => ({
  build: (component) => {
    const tls = new Certificate(component, 'mqtt', { hosts: ['mqtt.hearth.test'] });
    const mounts = { '/etc/tls': tls.shown };
    const pods = new Deployment(component, 'mqtt', { ...sleeper, ports: { mqtts: { port: 8883, tls } }, mounts });
    const entryPoint = { name: 'mqtts', port: 8883 };
    new TcpRoute(component, 'mqtts', { host: 'mqtt', entryPoint, to: pods.endpoint('mqtts'), ...props });
  },
});

test('TCP to a port with TLS: the gateway ends that of clients, and begins another one', () => {
  const objects = objectsOf(testPlatform({ mqtt: broker({}) }));
  expect(find(objects, 'IngressRouteTCP', 'mqtts').spec).toEqual({
    entryPoints: ['mqtts'],
    routes: [
      {
        match: 'HostSNI(`mqtt.hearth.test`)',
        services: [{ name: 'mqtt', port: 'mqtts', tls: true, serversTransport: 'mqtts' }],
      },
    ],
    tls: {},
  });
  expect(find(objects, 'ServersTransportTCP', 'mqtts').spec).toEqual({
    tls: { serverName: 'mqtt.test-apps.svc', rootCAs: [{ secret: 'mqtt-tls-ca.crt' }] },
  });
});

test('TCP passed on: clients see the certificate of the program, and the gateway none', () => {
  const objects = objectsOf(testPlatform({ mqtt: broker({ passthrough: true }) }));
  const { routes, tls } = find(objects, 'IngressRouteTCP', 'mqtts').spec;
  expect(routes[0]?.services).toEqual([{ name: 'mqtt', port: 'mqtts' }]);
  expect(tls).toEqual({ passthrough: true });
  expect(all(objects, 'ServersTransportTCP')).toEqual([]);
});

describe('a route to each pod of a stateful set', () => {
  /** Three brokers with two ports, and a route to each of them. */
  const kafka = (replicas = 3): TestEntry => ({
    build: (component) => {
      const pods = new StatefulSet(component, 'kafka', {
        ...sleeper,
        replicas,
        ports: { inside: 9092, outside: { port: 9094, service: 94 } },
      });
      const entryPoint = { name: 'kafka', port: 9094 };
      TcpRoute.each(component, 'kafka', { host: 'kafka', entryPoint, to: pods.endpoint('outside') });
    },
  });
  const platform = testPlatform({ kafka: kafka() });
  const objects = objectsOf(platform);

  test('has a host of its own, on the entry point of all', () => {
    expect(all(objects, 'IngressRouteTCP').map(({ spec }) => [spec.entryPoints, spec.routes])).toEqual(
      [0, 1, 2].map((pod) => [
        ['kafka'],
        [{ match: `HostSNI(\`kafka-${pod}.hearth.test\`)`, services: [{ name: `kafka-${pod}`, port: 'outside' }] }],
      ]),
    );
  });

  test('leads by a Service to that pod and no other, to the port of the route alone', () => {
    expect(find(objects, 'Service', 'kafka-1').spec).toEqual({
      type: 'ClusterIP',
      selector: {
        'app.kubernetes.io/name': 'kafka',
        'app.kubernetes.io/instance': 'kafka',
        'statefulset.kubernetes.io/pod-name': 'kafka-1',
      },
      ports: [{ name: 'outside', port: 9094, targetPort: 'outside', protocol: 'TCP' }],
    });
    expect(
      all(objects, 'Service')
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(['kafka', 'kafka-0', 'kafka-1', 'kafka-2', 'kafka-peers']);
  });

  test('lets the gateway in', () => {
    expect(find(objects, 'NetworkPolicy', 'kafka').spec.ingress).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'test-gateway' } },
            podSelector: {
              matchLabels: { 'app.kubernetes.io/name': 'gateway', 'app.kubernetes.io/instance': 'gateway' },
            },
          },
        ],
        ports: [{ port: 9094, protocol: 'TCP' }],
      },
    ]);
  });

  test('is known inside by the name of the pod', () => {
    const [first] = platform.graph.routes;
    expect(first?.to?.address).toBe('kafka-0.kafka-peers.test-apps.svc.cluster.local:9094');
    expect(first?.to?.completeHost).toBe(first?.to?.host);
  });

  test('no pod without a route has a Service', () => {
    const lone: TestEntry = {
      build: (component) => {
        const pods = new StatefulSet(component, 'kafka', { ...sleeper, replicas: 2, ports: { outside: 9094 } });
        const [, second] = pods.endpoint('outside').pods;
        if (!second) throw new Error('no second pod');
        new HttpRoute(component, 'second', { hosts: ['second'], to: second, access: 'public' });
      },
    };
    const made = objectsOf(testPlatform({ lone }));
    expect(
      all(made, 'Service')
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(['kafka', 'kafka-1', 'kafka-peers']);
    expect(find(made, 'IngressRoute', 'second').spec.routes[0]?.services).toEqual([{ name: 'kafka-1', port: 'outside' }]);
  });

  test('shows the certificate of the pods, by the name of each', () => {
    const secure: TestEntry = {
      build: (component) => {
        const tls = new Certificate(component, 'kafka');
        const mounts = { '/etc/tls': tls.shown };
        const pods = new StatefulSet(component, 'kafka', {
          ...sleeper,
          ports: { outside: { port: 9094, tls } },
          mounts,
        });
        const entryPoint = { name: 'kafka', port: 9094 };
        TcpRoute.each(component, 'kafka', { host: 'kafka', entryPoint, to: pods.endpoint('outside') });
      },
    };
    const { tls } = find(objectsOf(testPlatform({ secure })), 'ServersTransportTCP', 'kafka-0').spec;
    expect(tls.serverName).toBe('kafka-0.kafka-peers.test-apps.svc.cluster.local');
  });

  describe('with other names', () => {
    const catalogue: Catalogue = { ...own, kafka: () => definitionOf('Kafka', kafka()) };
    const named = (hosts: string) => () => {
      const file = ['name: lab', 'domain: lab.test', 'cluster: k3s', 'services:', '  traefik: {}', `  kafka: ${hosts}`];
      return buildPlatform(parsePlatform(file.join('\n'), 'lab.yaml', catalogue), catalogue);
    };

    test('each by its own', () => {
      const routes = all(objectsOf(named('{ hosts: { kafka-1: [broker] } }')()), 'IngressRouteTCP');
      expect(routes.map(({ spec }) => [spec.routes[0]?.match, spec.routes[0]?.services[0]?.name])).toEqual([
        ['HostSNI(`kafka-0.lab.test`)', 'kafka-0'],
        ['HostSNI(`broker.lab.test`)', 'kafka-1'],
        ['HostSNI(`kafka-2.lab.test`)', 'kafka-2'],
      ]);
    });

    test.each([
      ['one list for all', '{ hosts: [broker] }', 'hosts: could be those of several routes; write for example { kafka-0: '],
      ['no pod', '{ hosts: { kafka-3: [x] } }', 'hosts.kafka-3: is no host of this service; did you mean "kafka-0"?'],
    ])('%s is refused', (_, hosts, message) => expect(problems(named(hosts))).toContain(message));
  });

  test('a Deployment has no such pods', () => {
    const web: TestEntry = {
      build: (component) => {
        const entryPoint = { name: 'web', port: 9094 };
        TcpRoute.each(component, 'web', { host: 'web', entryPoint, to: server(component).endpoint('http') });
      },
    };
    expect(() => testPlatform({ web })).toThrow('web is no stateful set: its pods have no names of their own');
  });
});
