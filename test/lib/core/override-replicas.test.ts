import { catalogue } from '../../../lib/catalogue';
import { maySeveral } from '../../../lib/core/replicas';
import { find, objectsOf } from '../../support/objects';
import { lab, labWith, refused } from '../../support/lab';

const podsOf = (kind: 'Deployment' | 'StatefulSet', name: string, settings: string[], ...services: string[]) =>
  find(objectsOf(labWith(settings, 'traefik: {}', ...services)), kind, name).spec.replicas;
const high = ['availability: high'];

test('by default one, or as many as high availability wants', () => {
  expect(podsOf('Deployment', 'nginx', [], 'nginx: {}')).toBe(1);
  expect(podsOf('Deployment', 'nginx', high, 'nginx: {}')).toBe(2);
  expect(podsOf('StatefulSet', 'qdrant', high, 'qdrant: {}')).toBe(3);
  expect(podsOf('Deployment', 'homepage', high, 'homepage: {}')).toBe(1);
});

test('as many as it says, whatever the availability', () => {
  expect(podsOf('Deployment', 'nginx', [], 'nginx: { replicas: 4 }')).toBe(4);
  expect(podsOf('Deployment', 'nginx', high, 'nginx: { replicas: 1 }')).toBe(1);
  expect(podsOf('Deployment', 'homepage', [], 'homepage: { replicas: 2 }')).toBe(2);
  expect(podsOf('StatefulSet', 'qdrant', [], 'qdrant: { replicas: 5 }')).toBe(5);
});

test('those of a service are its own', () => {
  const services = ['nginx: { replicas: 4 }', 'paths: { component: nginx }'];
  expect(podsOf('Deployment', 'nginx', [], ...services)).toBe(4);
  expect(podsOf('Deployment', 'paths', [], ...services)).toBe(1);
});

test('what other parts of a service run stays as it is', () => {
  const objects = objectsOf(lab('traefik: {}', 'opensearch: { replicas: 3 }'));
  expect(find(objects, 'StatefulSet', 'opensearch').spec.replicas).toBe(3);
  expect(find(objects, 'Deployment', 'opensearch-dashboards').spec.replicas).toBe(1);
});

test('every component says why it has one pod, where it has', () => {
  const silent = Object.entries(catalogue).filter(([, load]) => load().replicas === undefined);
  expect(silent.map(([name]) => name)).toEqual([]);
  expect(Object.values(catalogue).filter((load) => !maySeveral(load().replicas)).length).toBeGreaterThan(5);
});

test.each<[what: string, service: string, message: string]>([
  [
    'several of a single server',
    'postgis: { replicas: 2 }',
    'postgis.replicas: is not possible: it is one server in one pod, with all data on its volume; remove it; pg-cluster has several, by replicas: 3 or availability: high',
  ],
  [
    'several of what has a file on its volume',
    'rustdesk: { replicas: 2 }',
    'rustdesk.replicas: is not possible: it is one pod, since it notes its clients in a file on its volume; remove it',
  ],
  [
    'the other name of a number of its own',
    'minio: { replicas: 4 }',
    'minio.replicas: is not possible: the number of its servers is that of the drives of a store; write servers: 4, or availability: high',
  ],
  [
    'the other name of two numbers of its own',
    'valkey-cluster: { replicas: 6 }',
    'valkey-cluster.replicas: is not possible: the number of its pods follows from its masters; write shards, and replicasPerShard: 1 or availability: high',
  ],
  [
    'pods of what runs none',
    'backup: { replicas: 2, target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
    'backup.replicas: is not possible: it runs jobs only; remove it',
  ],
  [
    'members that are no majority without one',
    'qdrant: { replicas: 2 }',
    'qdrant.replicas: must be 1, or 3 and more in steps of two, so that a majority survives the loss of one; write 3',
  ],
  ['what is no number', 'nginx: { replicas: many }', 'nginx.replicas: must be a whole number; write for example 2'],
  ['none', 'nginx: { replicas: 0 }', 'nginx.replicas: must be at least 1; write 1'],
  ['a word that is none', 'nginx: { replica: 2 }', 'nginx.replica: is not known here; did you mean "replicas"?'],
])('%s is refused', (_, service, message) => {
  expect(refused('traefik: {}', service)).toEqual([`lab.yaml:6  services.${message}`]);
});
