import { containersOf, find, objectsOf, podsOf } from '../../support/objects';
import { lab, refused } from '../../support/lab';

/** `owner, container` → image, of everything that runs such a program. */
const running = (services: string[], program: RegExp) =>
  Object.fromEntries(
    podsOf(objectsOf(lab(...services))).flatMap(({ owner, template }) =>
      containersOf(template).flatMap(({ name, image }) =>
        program.test(image) ? [[`${owner.replace(/-[0-9a-f]{8}$/, '')}, ${name}`, image]] : [],
      ),
    ),
  );
const base = ['traefik: {}', 'minio: {}', 'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }'];

test('another image stands wherever the service uses the one of its main container, its clients included', () => {
  const services = [...base, 'postgis: { image: "registry.hearth.dev/gis:16" }', 'mlflow: {}'];
  expect(running(services, /pgrouting/)).toEqual({});
  expect(Object.keys(running(services, /hearth\.dev\/gis/)).sort()).toEqual([
    'CronJob lab-data/postgis-backup, save',
    'CronJob lab-data/postgis-restore, load',
    'Deployment lab-ai/mlflow, wait-for-postgis',
    'Job lab-data/postgis-databases, postgis',
    'StatefulSet lab-data/postgis, postgis',
  ]);
});

test('what looks at the version of the data is the other image, too', () => {
  expect(running(['traefik: {}', 'mng-pg: { image: "registry.hearth.dev/pg:18" }'], /hearth\.dev/)).toMatchObject({
    'StatefulSet lab-data/mng-pg, check-data-version': 'registry.hearth.dev/pg:18',
    'StatefulSet lab-data/mng-pg, mng-pg': 'registry.hearth.dev/pg:18',
  });
});

test('of several programs the main one is meant, and the others are called by their names', () => {
  const services = [
    'traefik: {}',
    'pg-cluster: { replicas: 3, image: "registry.hearth.dev/patroni:17", images: { etcd: "registry.hearth.dev/etcd:3" } }',
    'opensearch: { image: "registry.hearth.dev/search:3" }',
  ];
  expect(running(services, /hearth\.dev/)).toEqual({
    'StatefulSet lab-data/etcd, etcd': 'registry.hearth.dev/etcd:3',
    'StatefulSet lab-data/pg-cluster, check-data-version': 'registry.hearth.dev/patroni:17',
    'StatefulSet lab-data/pg-cluster, pg-cluster': 'registry.hearth.dev/patroni:17',
    'StatefulSet lab-data/opensearch, configure': 'registry.hearth.dev/search:3',
    'StatefulSet lab-data/opensearch, opensearch': 'registry.hearth.dev/search:3',
  });
});

test('two services of one component have each their own', () => {
  const objects = objectsOf(
    lab('traefik: {}', 'mng-valkey: {}', 'shop: { component: mng-valkey, image: "registry.hearth.dev/valkey:9" }'),
  );
  const images = (name: string) =>
    containersOf(find(objects, 'StatefulSet', name).spec.template).map((container) => container.image);
  expect(images('shop')).toContain('registry.hearth.dev/valkey:9');
  expect(images('mng-valkey')).not.toContain('registry.hearth.dev/valkey:9');
});

test.each<[what: string, service: string, message: string]>([
  [
    'an image that the service does not have',
    'pg-cluster: { replicas: 3, images: { etdc: "registry.hearth.dev/etcd:3" } }',
    'lab.yaml:6  services.pg-cluster.images.etdc: is no image of this service; did you mean "etcd"?',
  ],
  [
    'the main image among the others',
    'mng-valkey: { images: { valkey: "registry.hearth.dev/valkey:9" } }',
    'lab.yaml:6  services.mng-valkey.images.valkey: is the main image; write it under image, beside images',
  ],
  [
    'what is no image',
    'mng-valkey: { image: "https://registry.hearth.dev/valkey" }',
    'lab.yaml:6  services.mng-valkey.image: must be the name of an image; write for example registry.my-company.org/mlflow:3.17',
  ],
  [
    'an image for a service without pods of its own',
    'backup: { image: restic, target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
    'lab.yaml:6  services.backup.image: has no effect, since this service has no pods that run all the time; remove it',
  ],
])('%s is refused', (_, service, message) => expect(refused('traefik: {}', service)).toEqual([message]));
