import { containersOf, container, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const deployment = (options: object = {}, settings: Record<string, unknown> = {}) =>
  find(objectsOf(geoai(settings, { mlflow: options })), 'Deployment', 'mlflow').spec;
const env = (options: object = {}) => envOf(container(deployment(options).template, 'mlflow'));

test('the whole file', () => expect(manifestFile(geoai(), 'mlflow')).toMatchSnapshot());

test('runs in PostgreSQL by psycopg2, artifacts in the bucket, keys from a Secret', () => {
  expect(env()).toMatchObject({
    MLFLOW_BACKEND_STORE_URI: 'postgresql+psycopg2://mlflow:$(POSTGIS_MLFLOW_PASSWORD)@postgis.geoai-data.svc:5432/mlflow',
    POSTGIS_MLFLOW_PASSWORD: 'postgis-mlflow/password',
    MLFLOW_ARTIFACTS_DESTINATION: 's3://mlflow/',
    MLFLOW_S3_ENDPOINT_URL: 'http://minio.geoai-data.svc:9000',
    AWS_ACCESS_KEY_ID: 'minio-mlflow/accessKeyId',
    AWS_SECRET_ACCESS_KEY: 'minio-mlflow/secretAccessKey',
  });
  expect(container(deployment().template, 'mlflow').command).toContain('--host=0.0.0.0');
});

test('waits for its database and its bucket', () => {
  const { template } = deployment();
  expect(containersOf(template).map(({ name }) => name)).toEqual(['wait-for-postgis', 'wait-for-minio', 'mlflow']);
  expect(envOf(container(template, 'wait-for-postgis'))).toMatchObject({
    PGHOST: 'postgis.geoai-data.svc',
    PGDATABASE: 'mlflow',
    PGPASSWORD: 'postgis-mlflow/password',
  });
  expect(container(template, 'wait-for-minio').command.join(' ')).toContain('mc ls store/mlflow');
});

test('artifacts: proxied by default, or direct to the bucket', () => {
  expect(env()).not.toHaveProperty('MLFLOW_DEFAULT_ARTIFACT_ROOT');
  expect(env({ artifacts: 'direct' })['MLFLOW_DEFAULT_ARTIFACT_ROOT']).toBe('s3://mlflow/');
});

test('only requests for its own host names are answered', () => {
  const { MLFLOW_SERVER_ALLOWED_HOSTS: hosts, MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: origins } = env();
  expect(hosts?.split(',')).toEqual(expect.arrayContaining(['mlflow.geoai.home.arpa', 'mlflow.geoai-ai.svc:5000']));
  expect(origins).toBe('https://mlflow.geoai.home.arpa');
});

test('image, workers, resources', () => {
  const { image, command, resources } = container(
    deployment({ image: 'registry.hearth.dev/mlflow:1', workers: 5, resources: { limits: { memory: '3Gi' } } }).template,
    'mlflow',
  );
  expect(image).toBe('registry.hearth.dev/mlflow:1');
  expect(command).toContain('--workers=5');
  expect(resources.limits).toEqual({ cpu: '2', memory: '3Gi' });
});

test('replicas: one, two where availability is high, or as said', () => {
  const high = { availability: 'high' };
  expect([deployment(), deployment({}, high), deployment({ replicas: 3 }, high)].map((spec) => spec.replicas)).toEqual([1, 2, 3]);
});

test('access: the gateway password, or none', () => {
  const middlewares = (options: object) =>
    find(objectsOf(geoai({}, { mlflow: options })), 'IngressRoute', 'mlflow').spec.routes[0]?.middlewares;
  expect(middlewares({})).toEqual([{ name: 'edge' }, { name: 'basic-auth' }, { name: 'upstream' }]);
  expect(middlewares({ access: 'public' })).toEqual([{ name: 'edge' }, { name: 'upstream' }]);
});
