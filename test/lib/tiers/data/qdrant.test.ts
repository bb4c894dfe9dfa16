import { all, container, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const high = { availability: 'high' };
const objects = (options: object = {}, settings: object = {}) => objectsOf(geoai({ ...settings }, { qdrant: options }));
const server = (options: object = {}, settings: object = {}) =>
  container(find(objects(options, settings), 'StatefulSet', 'qdrant').spec.template, 'qdrant');

/** What the manifest says, where the client library renames `from`. */
interface IngressRule {
  from: { podSelector: { matchLabels: Record<string, string> } }[];
  ports: { port: number }[];
}

test('the whole file', () => expect(manifestFile(geoai({}, { qdrant: {} }), 'qdrant')).toMatchSnapshot());

test('the whole file where availability is high', () =>
  expect(manifestFile(geoai(high, { qdrant: {} }), 'qdrant')).toMatchSnapshot());

test('REST and gRPC inside the cluster, REST outside; nothing without a key', () => {
  const made = objects();
  expect(find(made, 'Service', 'qdrant').spec.ports.map(({ name, port }) => [name, port])).toEqual([
    ['http', 6333],
    ['grpc', 6334],
  ]);
  const route = all(made, 'IngressRoute').find(({ metadata }) => metadata.name === 'qdrant');
  expect(route?.spec.routes).toEqual([
    {
      kind: 'Rule',
      match: 'Host(`qdrant.geoai.home.arpa`)',
      middlewares: [{ name: 'edge' }, { name: 'upstream' }],
      services: [{ name: 'qdrant', port: 'http' }],
    },
  ]);
  expect(envOf(server())).toMatchObject({
    QDRANT__SERVICE__API_KEY: 'qdrant/apiKey',
    QDRANT__SERVICE__READ_ONLY_API_KEY: 'qdrant/readOnlyApiKey',
    QDRANT__TELEMETRY_DISABLED: 'true',
  });
});

test('three pods are one cluster and keep two copies of each shard', () => {
  const made = objects({}, high);
  const { spec } = find(made, 'StatefulSet', 'qdrant');
  expect([spec.replicas, spec.podManagementPolicy]).toEqual([3, 'Parallel']);
  expect(envOf(server({}, high))).toMatchObject({
    QDRANT__CLUSTER__ENABLED: 'true',
    QDRANT__STORAGE__COLLECTION__REPLICATION_FACTOR: '2',
  });
  const script = find(made, 'ConfigMap', 'qdrant').data['join.sh'];
  for (const pod of [0, 1, 2]) expect(script).toContain(`qdrant-${pod}.qdrant-peers.geoai-data.svc.cluster.local`);
});

test('one pod is no cluster', () => {
  expect(server().command).toEqual(['./qdrant']);
  expect(envOf(server())).toMatchObject({
    QDRANT__CLUSTER__ENABLED: 'false',
    QDRANT__STORAGE__COLLECTION__REPLICATION_FACTOR: '1',
  });
  expect(() => objects({ replicas: 2 })).toThrow('write 3');
});

test('there are no more copies than pods', () => {
  expect(envOf(server({ copies: 9 }, high))).toMatchObject({ QDRANT__STORAGE__COLLECTION__REPLICATION_FACTOR: '3' });
});

test('the consensus is for the pods among each other', () => {
  const ingress = find(objects({}, high), 'NetworkPolicy', 'qdrant').spec.ingress as unknown as IngressRule[];
  const consensus = ingress.filter(({ ports }) => ports.some(({ port }) => port === 6335));
  expect(consensus.flatMap(({ from }) => from.map(({ podSelector }) => podSelector.matchLabels))).toEqual([
    { 'app.kubernetes.io/name': 'qdrant', 'app.kubernetes.io/instance': 'qdrant' },
  ]);
});

test('metrics come from a port without a key that no Service for clients has, or not at all', () => {
  const annotations = (options: object) => find(objects(options), 'StatefulSet', 'qdrant').spec.template.metadata.annotations;
  expect(annotations({})).toMatchObject({ 'prometheus.io/port': '6336', 'prometheus.io/path': '/metrics' });
  expect(annotations({ metrics: false }) ?? {}).not.toHaveProperty('prometheus.io/scrape');
  expect(envOf(server({ metrics: false }))).not.toHaveProperty('QDRANT__SERVICE__METRICS_PORT');
});

test('data of the version before is brought up to date, older data is refused', () => {
  const check = container(find(objects(), 'StatefulSet', 'qdrant').spec.template, 'check-data-version');
  expect(envOf(check)).toMatchObject({ VERSION: '1.17', KNOWN: '1.17 1.16' });
});

test('new keys by a restart', () => {
  const credential = geoai({}, { qdrant: {} }).graph.credentials.find(({ name }) => name === 'qdrant');
  expect(credential?.rotation).toEqual({ by: 'restart' });
});
