import { container, containersOf, envOf, find, objectsOf } from '../../support/objects';
import { lab, refused } from '../../support/lab';

const base = ['traefik: {}', 'minio: {}', 'postgis: {}'];

describe('further environment variables', () => {
  const objects = objectsOf(
    lab(
      ...base,
      'mlflow: { env: { MLFLOW_LOGGING_LEVEL: DEBUG, GUNICORN_CMD_ARGS: "--log-level $(LEVEL)", HTTP2: true, KEY: { secret: own, key: token } } }',
    ),
  );
  const pod = find(objects, 'Deployment', 'mlflow').spec.template;

  test('are those of the main container, beside its own', () => {
    expect(envOf(container(pod, 'mlflow'))).toMatchObject({
      MLFLOW_DISABLE_TELEMETRY: 'true',
      MLFLOW_LOGGING_LEVEL: 'DEBUG',
      HTTP2: 'true',
      KEY: 'own/token',
    });
  });

  test('say what is written: Kubernetes fills nothing in', () => {
    expect(envOf(container(pod, 'mlflow')).GUNICORN_CMD_ARGS).toBe('--log-level $$(LEVEL)');
  });

  test('are nobody else’s', () => {
    const others = containersOf(pod).filter(({ name }) => name !== 'mlflow');
    expect(others.length).toBeGreaterThan(0);
    for (const other of others) expect(envOf(other)).not.toHaveProperty('MLFLOW_LOGGING_LEVEL');
  });
});

test('of several programs the main one gets them', () => {
  const objects = objectsOf(lab('traefik: {}', 'opensearch: { env: { LEVEL: low } }'));
  const level = (kind: 'StatefulSet' | 'Deployment', name: string) =>
    envOf(container(find(objects, kind, name).spec.template, 'opensearch')).LEVEL;
  expect(level('StatefulSet', 'opensearch')).toBe('low');
  expect(level('Deployment', 'opensearch-dashboards')).toBeUndefined();
  expect(level('Deployment', 'opensearch-exporter')).toBeUndefined();
});

test.each<[what: string, name: string]>([
  ['a text', 'MLFLOW_SERVER_ALLOWED_HOSTS'],
  ['a secret', 'AWS_SECRET_ACCESS_KEY'],
  ['a text with a secret', 'MLFLOW_BACKEND_STORE_URI'],
  ['a helper of one', 'POSTGIS_MLFLOW_PASSWORD'],
  ['what every container has', 'TZ'],
])('what hearth sets itself is refused: %s', (_, name) => {
  expect(refused(...base, `mlflow: { env: { ${name}: mine } }`)).toEqual([
    `lab.yaml:8  services.mlflow.env.${name}: is set by hearth itself, as other settings of the platform file want it; remove it`,
  ]);
});

test.each<[what: string, env: string, message: string]>([
  [
    'a name that is none',
    '{ 1ST: a }',
    'services.mlflow.env.1ST: must be letters, digits, underscores, dots and dashes, and begin with no digit; write for example LOG_LEVEL',
  ],
  ['a list', '{ A: [1] }', 'services.mlflow.env.A: must be a text, or { secret: name, key: key }'],
])('%s is refused', (_, env, message) => {
  expect(refused(...base, `mlflow: { env: ${env} }`)).toEqual([`lab.yaml:8  ${message}`]);
});
