import { parsePlatform } from '../../../../lib/config/load';
import { buildPlatform } from '../../../../lib/build-platform';
import { all, container, containersOf, envOf, find, findJob, objectsOf, podsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const objects = (options: object = {}) => objectsOf(geoai({}, { minio: options }));

test('the whole file', () => expect(manifestFile(geoai(), 'minio')).toMatchSnapshot());

test('S000-03: console and API have hosts of their own, and ask for keys themselves', () => {
  const routes = all(objects(), 'IngressRoute').filter(({ metadata }) => metadata.namespace === 'geoai-data');
  expect(routes.map(({ spec }) => spec.routes[0])).toEqual([
    { kind: 'Rule', match: 'Host(`minio.geoai.home.arpa`)', services: [{ name: 'minio', port: 'console' }] },
    { kind: 'Rule', match: 'Host(`minio-api.geoai.home.arpa`)', services: [{ name: 'minio', port: 's3' }] },
  ]);
});

test('S000-02: no port of it is published', () => {
  const services = all(objects(), 'Service').filter(({ spec }) => spec.selector['app.kubernetes.io/name'] === 'minio');
  expect(services.map(({ metadata, spec }) => [metadata.name, spec.type ?? spec.clusterIP])).toEqual([
    ['minio', 'ClusterIP'],
    ['minio-peers', 'None'],
  ]);
});

test('the root keys stay with the server and the job that makes buckets', () => {
  const users = podsOf(objects())
    .filter(({ template }) =>
      containersOf(template).some((candidate) =>
        Object.values(envOf(candidate)).some((value) => value?.startsWith('minio/')),
      ),
    )
    .map(({ owner }) => owner.replace(/-[0-9a-f]{8}$/, ''));
  expect(users).toEqual(['StatefulSet geoai-data/minio', 'Job geoai-data/minio-buckets']);
  const { template } = find(objects(), 'StatefulSet', 'minio').spec;
  expect(envOf(container(template, 'minio'))).toMatchObject({
    MINIO_ROOT_USER: 'minio/accessKeyId',
    MINIO_ROOT_PASSWORD: 'minio/secretAccessKey',
    MINIO_BROWSER_REDIRECT_URL: 'https://minio.geoai.home.arpa',
  });
});

test('buckets for people and for components: a policy, a user and keys each', () => {
  const made = objects({ buckets: ['datasets', 'tile-cache', 'datasets'] });
  expect(Object.keys(find(made, 'ConfigMap', 'minio-buckets').data).sort()).toEqual([
    'buckets.sh',
    'datasets.json',
    'mlflow.json',
    'tile-cache.json',
  ]);
  expect(envOf(container(findJob(made, 'minio-buckets').spec.template, 'minio'))).toMatchObject({
    DATASETS_ACCESS_KEY_ID: 'minio-datasets/accessKeyId',
    TILE_CACHE_SECRET_ACCESS_KEY: 'minio-tile-cache/secretAccessKey',
    MLFLOW_ACCESS_KEY_ID: 'minio-mlflow/accessKeyId',
    MC_HOST_store: 'http://$(MINIO_ACCESSKEYID):$(MINIO_SECRETACCESSKEY)@minio.geoai-data.svc:9000',
  });
});

test('no bucket, no job', () => {
  const text = 'name: geoai\ndomain: geoai.home.arpa\ncluster: k3s\nservices: { traefik: {}, minio: {} }\n';
  const alone = objectsOf(buildPlatform(parsePlatform(text, 'geoai.yaml')));
  expect(find(alone, 'StatefulSet', 'minio').spec.replicas).toBe(1);
  expect(all(alone, 'Job')).toEqual([]);
});

test('new keys: of a bucket its secret key alone, by the job that makes it; of the server by a restart', () => {
  const rotation = (name: string) => geoai().graph.credentials.find((credential) => credential.name === name)?.rotation;
  const ofBucket = rotation('minio-mlflow');
  if (ofBucket?.by !== 'job') throw new Error('rotated in another way');
  expect([ofBucket.keys, ofBucket.job().name]).toEqual([['secretAccessKey'], 'minio-buckets']);
  expect(rotation('minio')).toEqual({ by: 'restart' });
});
