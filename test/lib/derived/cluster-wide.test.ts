import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { distFiles } from '../../../lib/synth';
import { all, find, objectsOf, parse } from '../../support/objects';
import { geoai, root } from '../../support/platforms';

const objects = objectsOf(geoai());

test('namespaces enforce the restricted Pod Security Standard', () => {
  const namespaces = all(objects, 'Namespace');
  expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(['geoai-ai', 'geoai-data', 'geoai-gateway', 'geoai-tooling']);
  for (const { metadata } of namespaces) {
    expect(metadata).not.toHaveProperty('namespace');
    expect(metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/audit': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    });
  }
});

test('two priority classes, the foundation first', () => {
  expect(all(objects, 'PriorityClass').map(({ metadata, value }) => [metadata.name, value])).toEqual([
    ['geoai-foundation', 100000],
    ['geoai-service', 10000],
  ]);
});

test('a storage class that keeps data, on k3s', () => {
  expect(find(objects, 'StorageClass', 'geoai-retain')).toMatchObject({
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
});

test.each([
  ['kind', { cluster: 'kind' }],
  ['kubernetes', { cluster: 'kubernetes' }],
  ['k3s with a class of its own', { storage: { class: 'longhorn' } }],
  ['k3s where nothing is to be kept', { storage: { retain: false } }],
])('no storage class on %s, and no claim asks for it', (_, settings) => {
  const other = objectsOf(geoai(settings));
  expect(all(other, 'StorageClass')).toEqual([]);
  expect(JSON.stringify(other)).not.toContain('geoai-retain');
});

test('the definitions of the kinds that the platform uses', () => {
  const file = distFiles(geoai()).get('geoai/00-cluster/traefik-crds.k8s.yaml') ?? '';
  const names = (text: string) => parse(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names(file)).toEqual(names(readFileSync(join(root, 'crds/traefik.yaml'), 'utf8')));
  expect(names(file)).toContain('CustomResourceDefinition ingressroutes.traefik.io');
  for (const { metadata } of parse(file)) {
    expect(metadata.annotations?.['argocd.argoproj.io/sync-options']).toBe('Prune=false,Delete=false');
  }
});

describe('kind', () => {
  const file = distFiles(geoai({ cluster: 'kind' })).get('kind/geoai.yaml') ?? '';
  const cluster = YAML.parse(file) as {
    name: string;
    nodes: {
      role: string;
      extraPortMappings: { containerPort: number; hostPort: number; listenAddress: string; protocol: string }[];
    }[];
  };

  test('leads every public port of this machine to its node port', () => {
    expect(cluster).toMatchObject({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', name: 'geoai' });
    const mappings = cluster.nodes[0]?.extraPortMappings ?? [];
    expect(mappings.map(({ hostPort, protocol, containerPort }) => `${hostPort}/${protocol} ${containerPort}`).sort()).toEqual([
      '21115/TCP 30115',
      '21116/TCP 30116',
      '21116/UDP 30116',
      '21117/TCP 30117',
      '21118/TCP 30118',
      '21119/TCP 30119',
      '443/TCP 30443',
      '5432/TCP 30432',
      '80/TCP 30080',
    ]);
    expect(new Set(mappings.map(({ listenAddress }) => listenAddress))).toEqual(new Set(['127.0.0.1']));
  });

  test('and those are the node ports of the Services', () => {
    const published = all(objectsOf(geoai({ cluster: 'kind' })), 'Service').filter(({ spec }) => spec.type === 'NodePort');
    const nodePorts = published.flatMap(({ spec }) => spec.ports.map((port) => `${port.nodePort}/${port.protocol}`));
    const mapped = (cluster.nodes[0]?.extraPortMappings ?? []).map((port) => `${port.containerPort}/${port.protocol}`);
    expect(nodePorts.sort()).toEqual(mapped.sort());
  });

  test('is there for kind alone', () => {
    expect([...distFiles(geoai()).keys()].filter((path) => path.startsWith('kind/'))).toEqual([]);
  });
});
