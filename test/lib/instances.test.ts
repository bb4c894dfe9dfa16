import { select, unsettled } from '../../cli/presets';
import { buildPlatform } from '../../lib/build-platform';
import { catalogue } from '../../lib/catalogue';
import { parsePlatform } from '../../lib/config/load';
import { manifests } from '../../lib/core/manifest-writer';
import { container, envOf, find, findJob, objectsOf, podsOf } from '../support/objects';
import { problems } from '../support/platforms';
import { rules } from '../support/rules';
import { synthesis } from '../support/synthesis';

const settings = (...services: string[]) =>
  parsePlatform(
    ['name: lab', 'domain: lab.home.arpa', 'cluster: k3s', 'services:', ...services.map((line) => `  ${line}`)].join('\n'),
    'lab.yaml',
  );
const platform = (...services: string[]) => buildPlatform(settings(...services));
const refused = (...services: string[]) => problems(() => platform(...services))?.split('\n');

const base = ['traefik: {}', 'minio: {}', 'postgis: {}', 'mlflow: {}'];
const two = [
  ...base.slice(0, 3),
  'mlflow: { uses: { sql: postgis } }',
  'orders-db: { component: postgis, databases: { orders: {} } }',
  'lab-2: { component: mlflow, uses: { sql: orders-db } }',
];

describe('two services of one component', () => {
  const built = platform(...two);
  const objects = objectsOf(built);

  test('have files, workloads, hosts, databases and buckets of their own', () => {
    expect([...manifests(built).keys()]).toEqual(
      expect.arrayContaining([
        'lab/04-data/postgis.k8s.yaml',
        'lab/04-data/orders-db.k8s.yaml',
        'lab/08-ai/mlflow.k8s.yaml',
        'lab/08-ai/lab-2.k8s.yaml',
      ]),
    );
    const env = (name: string) => envOf(container(find(objects, 'Deployment', name).spec.template, name));
    expect(env('mlflow').MLFLOW_BACKEND_STORE_URI).toMatch(/@postgis\.lab-data\.svc:5432\/mlflow$/);
    expect(env('lab-2').MLFLOW_BACKEND_STORE_URI).toMatch(/@orders-db\.lab-data\.svc:5432\/lab_2$/);
    expect(env('lab-2').MLFLOW_ARTIFACTS_DESTINATION).toBe('s3://lab-2/');
    expect(find(objects, 'IngressRoute', 'lab-2').spec.routes[0]?.match).toContain('Host(`lab-2.lab.home.arpa`)');
    expect(find(objects, 'IngressRouteTCP', 'orders-db-postgres').spec.routes[0]?.match).toBe(
      'HostSNI(`orders-db-postgres.lab.home.arpa`)',
    );
  });

  test('each has its own edge to the server that it uses, and no other one', () => {
    const to = (name: string) =>
      find(objects, 'NetworkPolicy', name)
        .spec.egress.flatMap(({ to: peers }) => peers ?? [])
        .map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/instance']);
    expect(to('mlflow')).toContain('postgis');
    expect(to('mlflow')).not.toContain('orders-db');
    expect(to('lab-2')).toContain('orders-db');
    expect(to('lab-2')).not.toContain('postgis');
  });

  test('each server makes the databases that it was asked for', () => {
    const script = (name: string) => find(objects, 'ConfigMap', `${name}-databases`).data['databases.sql'] ?? '';
    expect(script('orders-db')).toContain('CREATE DATABASE "lab_2"');
    expect(script('postgis')).not.toContain('lab_2');
    expect(findJob(objects, 'orders-db-databases').metadata.namespace).toBe('lab-data');
  });
});

test('a service of another name is all that there is of its component', () => {
  const objects = objectsOf(platform('edge: { component: traefik }', 'store: { component: minio }'));
  expect(find(objects, 'StatefulSet', 'store').metadata.namespace).toBe('lab-data');
  expect(find(objects, 'Deployment', 'edge').metadata.namespace).toBe('lab-gateway');
});

describe('what cannot be is said with its line', () => {
  test.each<[string, string[], string[]]>([
    [
      'a component that the catalogue does not have',
      ['traefik: {}', 'lab: { component: mlfow }'],
      ['lab.yaml:6  services.lab.component: there is no component "mlfow"; did you mean "mlflow"?'],
    ],
    [
      'the name of another component',
      ['traefik: {}', 'minio: { component: postgis }'],
      ['lab.yaml:6  services.minio: is the name of a component, which postgis is not; write another name'],
    ],
    [
      'a name that Kubernetes would not take',
      ['traefik: {}', 'Orders_DB: { component: postgis }'],
      [
        'lab.yaml:6  services.Orders_DB: must be lower-case letters, digits and dashes, start with a letter, at most 30 characters; write for example orders-db',
      ],
    ],
    [
      'a second one of what a platform has once',
      ['traefik: {}', 'edge: { component: traefik }'],
      [expect.stringContaining('lab.yaml:6  services.edge: a platform has one traefik, since ')],
    ],
    [
      'a service that serves nobody so',
      [...base, 'lab: { component: mlflow, uses: { sql: minio } }'],
      ['lab.yaml:9  services.lab.uses.sql: "minio" gives none; write postgis'],
    ],
    [
      'a need that the component does not have',
      [...base, 'lab: { component: mlflow, uses: { cache: minio } }'],
      ['lab.yaml:9  services.lab.uses.cache: is not known here; write one of objectStore, sql'],
    ],
    [
      'an option of it',
      [...base, 'lab: { component: mlflow, worker: 1 }'],
      ['lab.yaml:9  services.lab.worker: is not known here; did you mean "workers"?'],
    ],
    [
      'two servers, and nobody says which serves whom',
      [...base, 'orders-db: { component: postgis }'],
      ['lab.yaml  providers.sql: postgis and orders-db are each a database server; write providers: { sql: postgis }'],
    ],
  ])('%s', (_, services, expected) => expect(refused(...services) ?? []).toEqual(expected));

  test('names that become one database', () => {
    expect(refused(...base.slice(0, 2), 'postgis: { databases: { a_b: {} } }', 'a-b: { component: mlflow }')).toEqual([
      'lab.yaml:8  services.a-b: its database would be a_b, as that of a_b is; give one of them another name',
    ]);
  });

  test('a name that PostgreSQL has itself', () => {
    expect(refused(...base.slice(0, 3), 'postgres: { component: mlflow }')).toEqual([
      'lab.yaml:8  services.postgres: its database would be postgres, which is a name of PostgreSQL’s own; give the service another name',
    ]);
  });
});

describe('a service may be called like what its pods mount', () => {
  const settled = Object.keys(catalogue).filter((component) => !unsettled(catalogue).includes(component));

  test.each(['data', 'config', 'tmp', 'logs', 'run'])('%s', (name) => {
    for (const component of settled) {
      const { services } = select(catalogue, { services: [component], with: [], without: [] });
      const named = services.map((one) => (one === component ? `${name}: { component: ${component} }` : `${one}: {}`));
      const { config, ...rest } = synthesis(settings(...named));
      expect(rules['whatever a pod, role or route refers to exists']({ config, ...rest })).toEqual([]);
      for (const { owner, template, claimTemplates } of podsOf(rest.objects)) {
        const volumes = (template.spec.volumes as { name: string }[] | undefined) ?? [];
        const names = [...volumes.map((volume) => volume.name), ...claimTemplates];
        expect({ component, owner, names }).toEqual({ component, owner, names: [...new Set(names)] });
      }
    }
  });
});
