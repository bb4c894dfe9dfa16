import { Certificate } from '../../../lib/core/certificate';
import { Deployment } from '../../../lib/core/controllers';
import type { PortProps } from '../../../lib/core/endpoint';
import { gateway } from '../../../lib/core/gateway';
import { HttpRoute } from '../../../lib/core/route';
import { TcpRoute, type TcpRouteProps } from '../../../lib/core/stream-routes';
import { sleeper, testPlatform, type TestEntry } from '../../support/platforms';

/** A broker whose only port is `mqtts`, and a route to it that passes TLS on. */
const broker = (
  hosts: string[],
  { port = {}, route = {} }: { port?: Partial<Exclude<PortProps, number>>; route?: Partial<TcpRouteProps> } = {},
): TestEntry => ({
  build: (component) => {
    const tls = new Certificate(component, 'mqtt', { hosts });
    const pods = new Deployment(component, 'mqtt', {
      ...sleeper,
      ports: { mqtts: { port: 8883, tls, ...port } },
      mounts: { '/etc/tls': tls.shown },
    });
    const entryPoint = { name: 'mqtts', port: 8883 };
    const to = pods.endpoint('mqtts');
    new TcpRoute(component, 'mqtts', { host: 'mqtt', entryPoint, to, passthrough: true, ...route });
  },
});
const built = (mqtt: TestEntry) => () => testPlatform({ mqtt });

test.each<[string, TestEntry, string]>([
  [
    'no TLS that could be passed on',
    broker(['mqtt.hearth.test'], { port: { tls: undefined } }),
    'route mqtts passes TLS on to port mqtts of mqtt, which speaks none; say tls of that port, or leave passthrough out',
  ],
  [
    'a certificate for another host',
    broker(['mqtt.example.org']),
    'route mqtts passes TLS on to port mqtts of mqtt, whose certificate is not for mqtt.hearth.test; say it among its hosts',
  ],
  [
    'a protocol that the gateway would have to agree on',
    broker(['mqtt.hearth.test'], { route: { alpn: 'mqtt' } }),
    'route mqtts passes TLS on, where the gateway answers no alpn; leave one of the two out',
  ],
  [
    'a port that no Service offers',
    broker(['mqtt.hearth.test'], { port: { offered: false } }),
    'route mqtts leads to port mqtts of mqtt, which no Service offers',
  ],
])('a route to %s is an error that names it', (_, entry, message) => expect(built(entry)).toThrow(message));

test.each([['mqtt.hearth.test'], ['*.hearth.test']])('TLS is passed on to a certificate for %s', (host) => {
  expect(built(broker([host]))).not.toThrow();
});

test('the gateway does not lead to what shows its own certificate', () => {
  const edge: TestEntry = {
    tier: 'gateway',
    provides: { gateway },
    build: (component) => {
      const pods = new Deployment(component, 'edge', { ...sleeper, ports: { web: { port: 8443, tls: 'gateway' } } });
      new HttpRoute(component, 'loop', { hosts: ['loop'], to: pods.endpoint('web'), access: 'public' });
      const peer = { namespace: pods.namespace, podLabels: pods.selector };
      return { gateway: { peer, routeTls: {}, requests: { strictTransport: false } } };
    },
  };
  expect(() => testPlatform({ edge }, { services: { edge: {} } })).toThrow(
    'route loop leads to port web of edge, which shows the gateway’s own certificate',
  );
});
