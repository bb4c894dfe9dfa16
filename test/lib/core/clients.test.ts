import type { Platform } from '../../../lib/core/platform';
import { find, findJob, objectsOf } from '../../support/objects';
import { lab, labWith, refused } from '../../support/lab';

const shop = 'shop: { namespace: web, pods: { app: shop } }';
const from = (labels: Readonly<Record<string, string>>) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'web' } },
  // Not `matchLabels: {}`, which the API server drops: each apply would be a change to it.
  podSelector: Object.keys(labels).length > 0 ? { matchLabels: labels } : {},
});
/** The ports of a workload that pods of the namespace web may come in to. */
const open = (platform: Platform, name: string) =>
  find(objectsOf(platform), 'NetworkPolicy', name).spec.ingress.flatMap((rule) =>
    JSON.stringify(rule).includes('"web"')
      ? [{ from: Reflect.get(rule, 'from'), ports: rule.ports?.map(({ port }) => port) }]
      : [],
  );
const secretsIn = (platform: Platform, namespace: string) =>
  platform.graph.credentials.flatMap(({ secrets }) => secrets.filter((secret) => secret.namespace === namespace));

test('a client of a database server gets a database, a role of its own and the way there', () => {
  const platform = lab('traefik: {}', 'minio: {}', `postgis: { clients: { ${shop} } }`, 'mlflow: {}');
  expect(open(platform, 'postgis')).toEqual([{ from: [from({ app: 'shop' })], ports: [5432] }]);
  expect(find(objectsOf(platform), 'ConfigMap', 'postgis-databases').data['databases.sql']).toContain(
    'CREATE DATABASE "shop" OWNER "shop"',
  );
  expect(secretsIn(platform, 'web')).toEqual([
    { namespace: 'web', name: 'postgis-shop', keys: ['username', 'password'], foreign: true },
  ]);
  expect(findJob(objectsOf(platform), 'postgis-databases').metadata.namespace).toBe('lab-data');
});

test('of a cluster it comes by the router, and reaches nothing else of it', () => {
  const platform = lab('traefik: {}', `pg-cluster: { replicas: 3, clients: { ${shop} } }`);
  expect(open(platform, 'pg-router')).toEqual([{ from: [from({ app: 'shop' })], ports: [5432] }]);
  for (const other of ['pg-cluster', 'etcd']) expect(open(platform, other)).toEqual([]);
});

test('of an object store a bucket with a user of its own; of a cache its password', () => {
  const platform = lab('traefik: {}', `minio: { clients: { ${shop} } }`, 'mng-valkey: { clients: { jobs: { namespace: web } } }');
  expect(open(platform, 'minio')).toEqual([{ from: [from({ app: 'shop' })], ports: [9000] }]);
  expect(open(platform, 'mng-valkey')).toEqual([{ from: [from({})], ports: [6379] }]);
  expect(secretsIn(platform, 'web').map(({ name }) => name)).toEqual(['mng-valkey', 'minio-shop']);
});

test('of others the ports to which their routes lead, or those that it names', () => {
  expect(open(lab('traefik: {}', `qdrant: { clients: { ${shop} } }`), 'qdrant')[0]?.ports).toEqual([6333]);
  const named = 'qdrant: { clients: { shop: { namespace: web, ports: [grpc] } } }';
  expect(open(lab('traefik: {}', named), 'qdrant')[0]?.ports).toEqual([6334]);
});

test('of a store of secrets a role and a policy, and no credential: it signs in as its service account', () => {
  const said = 'namespace: web, pods: { app: shop }, serviceAccount: shop, secrets: [shop/*]';
  for (const store of ['openbao', 'vault']) {
    const platform = lab('traefik: {}', `${store}: { clients: { shop: { ${said} } } }`);
    expect(open(platform, store)).toEqual([{ from: [from({ app: 'shop' })], ports: [8200] }]);
    expect(secretsIn(platform, 'web')).toEqual([]);
    const state = find(objectsOf(platform), 'ConfigMap', `${store}-setup`).data['state.json'] ?? '';
    expect(JSON.parse(state)).toMatchObject({
      roles: { shop: { namespace: 'web', serviceAccount: 'shop', policy: 'hearth-role-shop' } },
    });
  }
});

test('what a store of secrets is told of a client, no other service is', () => {
  const wrong = refused('traefik: {}', 'postgis: { clients: { shop: { namespace: web, serviceAccount: shop } } }');
  expect(wrong).toEqual([
    'lab.yaml:6  services.postgis.clients.shop.serviceAccount: is not known here; write one of pods, ports',
  ]);
});

test('where a store keeps the credentials, what a client reads of it is its own affair', () => {
  const platform = labWith(['secrets: external'], 'traefik: {}', `postgis: { clients: { ${shop} } }`);
  expect(secretsIn(platform, 'web')).toEqual([]);
  expect(open(platform, 'postgis')).toHaveLength(1);
});

test.each<[what: string, services: string[], message: string]>([
  [
    'the name of a service, whose database it would share',
    ['minio: {}', 'postgis: { clients: { mlflow: { namespace: web } } }', 'mlflow: {}'],
    'lab.yaml:7  services.postgis.clients.mlflow: is the name of a service of the platform; write another name',
  ],
  [
    'a namespace of the platform',
    ['postgis: { clients: { shop: { namespace: lab-data } } }'],
    'lab.yaml:6  services.postgis.clients.shop.namespace: belongs to the platform, whose services find each other; write another one',
  ],
  [
    'a port that is none',
    ['qdrant: { clients: { shop: { namespace: web, ports: [grcp] } } }'],
    'lab.yaml:6  services.qdrant.clients.shop.ports.0: there is no port "grcp"; did you mean "grpc"?',
  ],
  [
    'nothing to reach',
    ['backup: { clients: { shop: { namespace: web } }, target: { endpoint: "https://s3.hearth.dev", bucket: lab } }'],
    'lab.yaml:6  services.backup.clients.shop: must say which ports it reaches; remove it',
  ],
  [
    'a name that is too short',
    ['minio: { clients: { a: { namespace: web } } }'],
    'lab.yaml:6  services.minio.clients.a: must be 3 to 30 lower-case letters, digits and dashes, and begin with a letter; write for example shop',
  ],
])('%s is refused', (_, services, message) => expect(refused('traefik: {}', ...services)).toEqual([message]));
