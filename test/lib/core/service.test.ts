import type { Settings } from '../../../lib/core/settings';
import { Deployment } from '../../../lib/core/controllers';
import { nodePort } from '../../../lib/core/service';
import { all, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

const selector = { 'app.kubernetes.io/name': 'app', 'app.kubernetes.io/instance': 'web' };
const ports = {
  http: { port: 8080, service: 80, public: 443 },
  media: { port: 21116, public: 21116, protocol: 'UDP' as const },
  admin: 9000,
  debug: { port: 6060, offered: false },
};
const services = (cluster: Settings['cluster']) =>
  objectsOf(
    testPlatform({ app: { build: (component) => void new Deployment(component, 'web', { ...sleeper, ports }) } }, { cluster }),
  );

test('inside the cluster: every offered port under its own number', () => {
  expect(find(services('k3s'), 'Service', 'web').spec).toEqual({
    type: 'ClusterIP',
    selector,
    ports: [
      { name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' },
      { name: 'media', port: 21116, targetPort: 'media', protocol: 'UDP' },
      { name: 'admin', port: 9000, targetPort: 'admin', protocol: 'TCP' },
    ],
  });
});

test('further ports of the Service lead to the same container port', () => {
  const platform = testPlatform({
    app: {
      build: (component) =>
        void new Deployment(component, 'web', {
          ...sleeper,
          ports: { write: { port: 15432, service: 5432, aliases: [5000] } },
        }),
    },
  });
  expect(find(objectsOf(platform), 'Service', 'web').spec.ports).toEqual([
    { name: 'write', port: 5432, targetPort: 'write', protocol: 'TCP' },
    { name: 'write-5000', port: 5000, targetPort: 'write', protocol: 'TCP' },
  ]);
});

test.each(['k3s', 'kubernetes'] as const)('for the world on %s: a load balancer with the public ports', (cluster) => {
  expect(find(services(cluster), 'Service', 'web-public').spec).toEqual({
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    selector,
    ports: [
      { name: 'http', port: 443, targetPort: 'http', protocol: 'TCP' },
      { name: 'media', port: 21116, targetPort: 'media', protocol: 'UDP' },
    ],
  });
});

test('for the world on kind: node ports with fixed numbers', () => {
  const { type, externalTrafficPolicy, ports: published } = find(services('kind'), 'Service', 'web-public').spec;
  expect(type).toBe('NodePort');
  expect(externalTrafficPolicy).toBe('Cluster');
  expect(published.map((port) => [port.port, port.nodePort])).toEqual([
    [443, 30443],
    [21116, 30116],
  ]);
});

test.each([
  [80, 30080],
  [5432, 30432],
  [21119, 30119],
])('the node port of %i is %i', (port, expected) => expect(nodePort(port)).toBe(expected));

test('a workload without ports has no Service', () => {
  const platform = testPlatform({ app: { build: (component) => void new Deployment(component, 'web', sleeper) } });
  expect(all(objectsOf(platform), 'Service')).toEqual([]);
});

test('a workload whose ports only its pod uses has no Service', () => {
  const hidden = { ...sleeper, ports: { debug: { port: 6060, offered: false } } };
  const platform = testPlatform({ app: { build: (component) => void new Deployment(component, 'web', hidden) } });
  expect(all(objectsOf(platform), 'Service')).toEqual([]);
});

test('an endpoint is what others call', () => {
  const platform = testPlatform({
    app: { build: (component) => void new Deployment(component, 'web', { ...sleeper, ports }) },
  });
  const endpoint = platform.graph.workloads[0]?.endpoint('http');
  expect([endpoint?.host, endpoint?.address, endpoint?.url(), endpoint?.url('grpc')]).toEqual([
    'web.test-apps.svc',
    'web.test-apps.svc:80',
    'http://web.test-apps.svc:80',
    'grpc://web.test-apps.svc:80',
  ]);
});
