import { Deployment } from '../../../lib/core/controllers';
import type { Component } from '../../../lib/core/component';
import { Started } from '../../../lib/bindings/started';
import { HttpRoute } from '../../../lib/core/route';
import { UdpRoute } from '../../../lib/core/stream-routes';
import { departures } from '../../../lib/derived/exceptions';
import { edges } from '../../../lib/derived/network-policies';
import { topology } from '../../../lib/derived/topology';
import { all, find, objectsOf } from '../../support/objects';
import { geoai, sleeper, testPlatform } from '../../support/platforms';

const ports = { http: 8080, admin: 9000, media: { port: 5000, protocol: 'UDP' as const } };
const server = (component: Component) => new Deployment(component, component.name, { ...sleeper, ports });
const instance = (component: string, name = component) => ({
  matchLabels: { 'app.kubernetes.io/name': component, 'app.kubernetes.io/instance': name },
});
const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
const dns = {
  to: [{ namespaceSelector: inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
};
const tcp = (port: number) => ({ port, protocol: 'TCP' });

describe('declared edges, and nothing else', () => {
  let shop: Deployment;
  const objects = objectsOf(
    testPlatform({
      shop: { tier: 'data', build: (component) => void (shop = server(component)) },
      client: {
        build: (component) => {
          component.platform.component('shop');
          const near = new Deployment(component, 'near', { ...sleeper, ports: { http: 8080 } });
          new Deployment(component, 'client', {
            ...sleeper,
            uses: [
              new Started(shop.endpoint('http'), 'buys'),
              { endpoint: shop.endpoint('media'), why: 'listens' },
              { endpoint: near.endpoint('http'), why: 'asks' },
            ],
          });
        },
      },
      lonely: { build: (component) => void new Deployment(component, 'lonely', sleeper) },
    }),
  );
  const policy = (name: string) => find(objects, 'NetworkPolicy', name).spec;

  test('the consumer: names, and the ports it uses, those of one pod under one rule', () => {
    expect(policy('client')).toEqual({
      podSelector: instance('client'),
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        dns,
        {
          to: [{ namespaceSelector: inNamespace('test-data'), podSelector: instance('shop') }],
          ports: [tcp(8080), { port: 5000, protocol: 'UDP' }],
        },
        // Within the namespace the pods are enough.
        { to: [{ podSelector: instance('client', 'near') }], ports: [tcp(8080)] },
      ],
    });
  });

  test('the provider: only those ports, only from there', () => {
    expect(policy('shop')).toEqual({
      podSelector: instance('shop'),
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ namespaceSelector: inNamespace('test-apps'), podSelector: instance('client') }],
          ports: [tcp(8080), { port: 5000, protocol: 'UDP' }],
        },
      ],
    });
    expect(policy('near').ingress).toEqual([{ from: [{ podSelector: instance('client') }], ports: [tcp(8080)] }]);
  });

  test('a pod without edges has no policy but the one that denies everything', () => {
    expect(all(objects, 'NetworkPolicy').map(({ metadata }) => metadata.name)).not.toContain('lonely');
  });
});

test('a route opens its port to the gateway', () => {
  const objects = objectsOf(
    testPlatform({
      wiki: {
        build: (component) => {
          const to = server(component);
          new HttpRoute(component, 'wiki', { hosts: ['wiki'], access: 'public', to: to.endpoint('http') });
          new UdpRoute(component, 'media', { entryPoint: { name: 'media', port: 5000 }, to: to.endpoint('media') });
        },
      },
    }),
  );
  expect(find(objects, 'NetworkPolicy', 'wiki').spec).toEqual({
    podSelector: instance('wiki'),
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [{ namespaceSelector: inNamespace('test-gateway'), podSelector: instance('gateway') }],
        ports: [tcp(8080), { port: 5000, protocol: 'UDP' }],
      },
    ],
  });
});

test('a public port is open to the world', () => {
  const build = (component: Component) =>
    void new Deployment(component, 'relay', {
      ...sleeper,
      ports: { relay: { port: 21117, public: 443 }, inner: 9000 },
    });
  const objects = objectsOf(testPlatform({ relay: { build } }));
  expect(find(objects, 'NetworkPolicy', 'relay').spec.ingress).toEqual([{ ports: [tcp(21117)] }]);
});

test('the API server: only for pods with rights there, only where the file says that it is', () => {
  const kubernetes = { why: 'It reads.', namespaces: ['test-apps'], rules: [] };
  const build = (component: Component) => void new Deployment(component, 'reader', { ...sleeper, kubernetes });
  const objects = objectsOf(
    testPlatform(
      { reader: { build } },
      { network: { clusterDomain: 'cluster.local', apiServer: ['10.1.0.0/16', '10.2.0.1/32'] } },
    ),
  );
  expect(find(objects, 'NetworkPolicy', 'reader').spec.egress).toEqual([
    {
      to: [{ ipBlock: { cidr: '10.1.0.0/16' } }, { ipBlock: { cidr: '10.2.0.1/32' } }],
      ports: [tcp(6443), tcp(443)],
    },
  ]);
});

test('the internet: names and HTTPS, but no private address', () => {
  const build = (component: Component) =>
    void new Deployment(component, 'fetcher', { ...sleeper, internet: { why: 'It fetches the weather.' } });
  const objects = objectsOf(testPlatform({ fetcher: { build } }));
  expect(find(objects, 'NetworkPolicy', 'fetcher').spec.egress).toEqual([
    dns,
    {
      to: [
        {
          ipBlock: {
            cidr: '0.0.0.0/0',
            except: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
          },
        },
      ],
      ports: [tcp(443)],
    },
  ]);
});

test('other ports than HTTPS, and private addresses, where a workload says so', () => {
  const internet = { why: 'It talks to a neighbour.', ports: [22, 9000], privateToo: true };
  const build = (component: Component) => void new Deployment(component, 'talker', { ...sleeper, internet });
  const platform = testPlatform({ talker: { build } });
  expect(find(objectsOf(platform), 'NetworkPolicy', 'talker').spec.egress).toEqual([
    dns,
    { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [tcp(22), tcp(9000)] },
  ]);
  expect(departures(platform).map(({ what, why }) => [what, why])).toEqual([
    ['egress to the internet and private addresses, port 22, 9000', 'It talks to a neighbour.'],
  ]);
  expect(topology(platform)).toContain('component_talker -->|"22, 9000"| internet');
});

describe('geoai', () => {
  const platform = geoai();

  test('all edges', () => {
    const lines = edges(platform).map(
      ({ from, to, port, why }) => `${from.podLabels['app.kubernetes.io/instance']} → ${to.name}:${port.name} (${why})`,
    );
    expect(lines.sort()).toEqual([
      'hbbs → hbbr:relay (starts after the relay)',
      'minio-buckets → minio:s3 (makes buckets and users)',
      'mlflow → minio:s3 (bucket mlflow)',
      'mlflow → postgis:postgres (database mlflow)',
      'postgis-databases → postgis:postgres (makes databases and roles)',
      'traefik → hbbr:websocket (route rustdesk.geoai.home.arpa)',
      'traefik → hbbs:websocket (route rustdesk.geoai.home.arpa)',
      'traefik → homepage:http (route geoai.home.arpa, www.geoai.home.arpa)',
      'traefik → minio:console (route minio.geoai.home.arpa)',
      'traefik → minio:s3 (route minio-api.geoai.home.arpa)',
      'traefik → mlflow:http (route mlflow.geoai.home.arpa)',
      'traefik → postgis:postgres (route postgres.geoai.home.arpa)',
    ]);
  });

  test('who may reach names, the API server, the internet', () => {
    const objects = objectsOf(platform);
    const who = (text: string) =>
      all(objects, 'NetworkPolicy')
        .filter((policy) => JSON.stringify(policy.spec).includes(text))
        .map(({ metadata }) => metadata.name)
        .sort();
    expect(who('kube-dns')).toEqual(['hbbs', 'minio-buckets', 'mlflow', 'postgis-databases']);
    expect(who('6443')).toEqual(['homepage', 'traefik']);
    expect(who('0.0.0.0/0')).toEqual([]);
  });
});
