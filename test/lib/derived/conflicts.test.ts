import type { Settings } from '../../../lib/core/settings';
import { ConfigFiles } from '../../../lib/core/config-files';
import { Deployment, StatefulSet } from '../../../lib/core/controllers';
import { Credential, password } from '../../../lib/core/credential';
import type { PortProps } from '../../../lib/core/endpoint';
import { problems, routed, sleeper, testPlatform, type TestEntry } from '../../support/platforms';

const opens = (ports: Record<string, PortProps>): TestEntry => ({
  build: (component) => void new Deployment(component, component.name, { ...sleeper, ports }),
});
const clusters: Settings['cluster'][] = ['k3s', 'kind', 'kubernetes'];

describe('public ports', () => {
  test.each(clusters)('on %s no two have the same number and protocol', (cluster) => {
    const services = {
      shop: opens({ web: { port: 8080, public: 8443 } }),
      wiki: opens({ pages: { port: 3000, public: 8443 } }),
    };
    expect(() => testPlatform(services, { cluster })).toThrow(
      'port web of test-apps/shop and port pages of test-apps/wiki have the same public port 8443/TCP',
    );
  });

  test.each(clusters)('on %s one workload may have TCP and UDP of the same number', (cluster) => {
    const relay = opens({
      tcp: { port: 5000, public: 5000 },
      udp: { port: 5000, public: 5000, protocol: 'UDP' },
      private: 8080,
    });
    expect(() => testPlatform({ relay, shop: opens({ web: 8080 }) }, { cluster })).not.toThrow();
  });

  test.each<[string, PortProps]>([
    ['of another number', { port: 3000, public: 9443 }],
    ['of another protocol', { port: 3000, public: 8443, protocol: 'UDP' }],
    ['of another number and protocol', { port: 3000, public: 9443, protocol: 'UDP' }],
  ])('one %s may have the same node port anywhere but on kind', (_, port) => {
    const services = { shop: opens({ web: { port: 8080, public: 8443 } }), wiki: opens({ pages: port }) };
    const build = (cluster: Settings['cluster']) => () => testPlatform(services, { cluster });
    expect(build('k3s')).not.toThrow();
    expect(build('kind')).toThrow(
      /^test\.yaml {2}services\.wiki: port web of test-apps\/shop and port pages of test-apps\/wiki have the public ports 8443 and [89]443, .* node port 30443;/,
    );
  });

  test('on kind two numbers of one workload must have node ports of their own', () => {
    const relay = opens({ a: { port: 1080, public: 1080 }, b: { port: 2080, public: 2080, protocol: 'UDP' } });
    expect(() => testPlatform({ relay }, { cluster: 'kind' })).toThrow(
      /^test\.yaml {2}services\.relay: port a .* and port b .* node port 30080;/,
    );
  });
});

test('two credentials of the same name: both components are named', () => {
  const remembers = (tier: TestEntry['tier']): TestEntry => ({
    tier,
    build: (component) => void new Credential(component, 'token', { keys: { token: password(8) } }),
  });
  expect(() => testPlatform({ shop: remembers('apps'), wiki: remembers('apps') })).toThrow(
    'test-apps/shop and test-apps/wiki both have a credential token',
  );
  // In a secret store, and in namespaces that use both, these two would be one.
  expect(() => testPlatform({ shop: remembers('apps'), base: remembers('data') })).toThrow(
    'test-apps/shop and test-data/base both have a credential token',
  );
});

test('two routes with the same address, which would take requests from each other; other paths and hosts do not', () => {
  const shop = routed('shop');
  expect(problems(() => testPlatform({ shop, wiki: routed('wiki', { hosts: ['wiki', 'shop'] }) }))).toBe(
    'test.yaml  services.wiki: route shop of shop and route wiki of wiki have the same address https://shop.hearth.test/; choose another name',
  );
  const apart = { shop, wiki: routed('wiki', { hosts: ['shop'], path: '/wiki' }), other: routed('other') };
  expect(problems(() => testPlatform(apart))).toBeUndefined();
});

describe('two services that make the same object', () => {
  const runs = (name: string): TestEntry => ({
    build: (component) => void new Deployment(component, name, { ...sleeper, ports: { http: 8000 } }),
  });

  test('a workload: all of its objects are named once', () => {
    expect(problems(() => testPlatform({ shop: runs('worker'), wiki: runs('worker') }))).toBe(
      'test.yaml  services.wiki: makes Service worker and Deployment worker, as shop does; give it another name',
    );
    expect(problems(() => testPlatform({ shop: runs('worker'), wiki: { ...runs('worker'), tier: 'data' } }))).toBe(undefined);
  });

  test('a ConfigMap', () => {
    const configures: TestEntry = { build: (component) => void new ConfigFiles(component, 'settings', { a: 'b' }) };
    expect(problems(() => testPlatform({ shop: configures, wiki: configures }))).toBe(
      'test.yaml  services.wiki: makes ConfigMap settings, as shop does; give it another name',
    );
  });

  test('a service whose name the file chose is the one to be renamed, whichever is built first', () => {
    const set: TestEntry = { build: (component) => void new StatefulSet(component, component.name, sleeper) };
    const services = { 'shop-peers': { component: 'page' }, shop: {}, gateway: {} };
    expect(problems(() => testPlatform({ shop: set, page: runs('shop-peers') }, { services }))).toBe(
      'test.yaml  services.shop-peers: makes Service shop-peers, as shop does; give it another name',
    );
  });
});
