import { Certificate } from '../../../lib/core/certificate';
import type { Component } from '../../../lib/core/component';
import { CronJob, Deployment, Job, StatefulSet, type ReplicatedProps } from '../../../lib/core/controllers';
import { temporary, type MountSource } from '../../../lib/core/mount';
import { http, tcp } from '../../../lib/core/probe';
import { HttpRoute } from '../../../lib/core/route';
import { problems, sleeper, testPlatform, type TestEntry } from '../../support/platforms';

const app = (build: (component: Component) => unknown): TestEntry => ({ build: (component) => void build(component) });
const deployed = (props: Partial<ReplicatedProps>) =>
  app((component) => new Deployment(component, 'shop', { ...sleeper, ...props }));
const built = (entry: TestEntry) => () => testPlatform({ app: entry });

describe('mistakes of a component are errors that name its workload', () => {
  test.each<[string, Partial<ReplicatedProps>, string]>([
    [
      'a port with a long name',
      { ports: { 'metrics-exporter': 9000 } },
      'Deployment shop has a port "metrics-exporter": at most 15 lower-case letters, digits and single dashes, of which one is a letter',
    ],
    ['a port with a capital letter', { ports: { httpApi: 9000 } }, 'Deployment shop has a port "httpApi": '],
    ['a port without a letter', { ports: { '9000': 9000 } }, 'Deployment shop has a port "9000": '],
    ['a port with two dashes', { ports: { 'a--b': 9000 } }, 'Deployment shop has a port "a--b": '],
    [
      'two ports of one name in a pod',
      { ports: { http: 8000 }, sidecars: { beside: { ...sleeper, ports: { http: 9000 } } } },
      'Deployment shop has two ports http',
    ],
    [
      'a port for which it has no right',
      { ports: { http: 80 } },
      'Deployment shop listens on port 80 (http), for which it has no right; let it listen above 1023, and say service: 80',
    ],
    ['root', { user: { uid: 0, gid: 1000 } }, 'Deployment shop runs with uid 0; write that of a user without rights, above 0'],
    ['the group of root', { user: { uid: 1000, gid: 0 } }, 'Deployment shop runs with gid 0; '],
    [
      'a probe on no port',
      { ports: { web: 8000 }, probes: { ready: http('/') } },
      'Deployment shop asks its container app on a port http, which that does not have',
    ],
    [
      'a probe on a port of another container',
      {
        ports: { http: 8000 },
        sidecars: { beside: { ...sleeper, ports: { web: 9000 }, probes: { ready: tcp('web'), live: tcp('http') } } },
      },
      'Deployment shop asks its container beside on a port http, which that does not have',
    ],
    [
      'metrics on no port',
      { ports: { http: 8000 }, metrics: { port: 'metrics', path: '/metrics' } },
      'Deployment shop has metrics on a port metrics, which it does not have',
    ],
    ['peers on no port', { peers: { ports: ['gossip'], why: 'talk' } }, 'shop has no port gossip'],
    ['two containers of one name', { init: { app: sleeper } }, 'Deployment shop has two containers app'],
    [
      'a volume that no pod can have',
      { mounts: { '/tmp': temporary('tmp.d', '1Mi') } },
      'Deployment shop mounts a volume "tmp.d": at most 63 lower-case letters, digits and dashes',
    ],
    [
      'the certificate of the gateway',
      { ports: { http: { port: 8000, tls: 'gateway' } } },
      "Deployment shop shows the gateway’s certificate on port http, which only the gateway has; give it one of its own: new Certificate(self, 'shop')",
    ],
  ])('%s', (_, props, message) => expect(built(deployed(props))).toThrow(message));

  test.each<[string, string, 'TCP' | 'UDP', boolean, string]>([
    [
      'for another workload',
      'wiki',
      'TCP',
      true,
      'Deployment shop shows wiki-tls on port http, which is not for shop.test-apps.svc',
    ],
    ['that it does not have', 'shop', 'TCP', false, 'Deployment shop shows shop-tls on port http, but mounts it nowhere'],
    [
      'by a protocol without',
      'shop',
      'UDP',
      true,
      'Deployment shop speaks TLS on port http, which is none of TCP; leave tls out',
    ],
  ])('a certificate %s', (_, owner, protocol, mounted, message) => {
    const shop = app((self) => {
      const tls = new Certificate(self, owner);
      const mounts: Record<string, MountSource> = mounted ? { '/etc/tls': tls.shown } : {};
      return new Deployment(self, 'shop', { ...sleeper, ports: { http: { port: 8000, protocol, tls } }, mounts });
    });
    expect(built(shop)).toThrow(message);
  });

  test.each<[string, (component: Component) => unknown]>([
    ['no port', (self) => new Deployment(self, 'shop', { ...sleeper, ports: { web: 8000 } }).endpoint('http')],
    [
      'a port that no Service offers',
      (self) =>
        new HttpRoute(self, 'shop', {
          hosts: ['shop'],
          access: 'public',
          to: new Deployment(self, 'shop', { ...sleeper, ports: { http: { port: 8000, offered: false } } }).endpoint('http'),
        }),
    ],
  ])('a route to %s', (_, build) => {
    expect(built(app(build))).toThrow(/^shop has no port http$|^route shop leads to port http of shop, which no Service offers$/);
  });

  test('all of them come at once', () => {
    expect(built(deployed({ ports: { A: 80 } }))).toThrow(/ has a port "A": .*\n.* listens on port 80 /);
  });

  const name = (length: number) => 'a'.repeat(length);
  test.each<[string, number, (component: Component, name: string) => unknown]>([
    ['Deployment', 63, (self, name) => new Deployment(self, name, sleeper)],
    ['StatefulSet', 52, (self, name) => new StatefulSet(self, name, sleeper)],
    ['Job', 54, (self, name) => new Job(self, name, sleeper)],
    ['CronJob', 52, (self, name) => new CronJob(self, name, { ...sleeper, schedule: '0 0 * * *' })],
    ['Deployment', 56, (self, name) => new Deployment(self, name, { ...sleeper, ports: { web: { port: 8000, public: 80 } } })],
  ])('a %s has a name of at most %d characters', (kind, longest, make) => {
    expect(built(app((self) => make(self, name(longest))))).not.toThrow();
    expect(built(app((self) => make(self, name(longest + 1))))).toThrow(
      `${kind} ${name(longest + 1)} must be called by lower-case letters, digits and dashes, at most ${longest} characters`,
    );
  });

  test('a name that is none of a Service', () => {
    expect(built(app((self) => new Deployment(self, '2nd', sleeper)))).toThrow('Deployment 2nd must be called by ');
  });
});

describe('what another name of the service mends is a problem of the platform file', () => {
  const services = (name: string) => ({ [name]: { component: 'shop' }, gateway: {} });

  test('an init container that is called like the service', () => {
    const shop = app((self) => new Deployment(self, self.name, { ...sleeper, init: { prepare: sleeper } }));
    expect(problems(() => testPlatform({ shop }, { services: services('prepare') }))).toBe(
      'test.yaml  services.prepare: Deployment prepare has two containers prepare; give the service another name',
    );
    expect(problems(() => testPlatform({ shop }, { services: services('other') }))).toBeUndefined();
  });

  test('a name that becomes too long', () => {
    const shop = app((self) => new StatefulSet(self, `${self.name}-and-something-that-is-long`, sleeper));
    expect(problems(() => testPlatform({ shop }, { services: services('one-of-nearly-thirty-letters') }))).toBe(
      'test.yaml  services.one-of-nearly-thirty-letters: StatefulSet one-of-nearly-thirty-letters-and-something-that-is-long ' +
        'must be called by lower-case letters, digits and dashes, at most 52 characters; give the service another name',
    );
  });
});
