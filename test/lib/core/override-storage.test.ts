import { find, objectsOf } from '../../support/objects';
import { lab, labWith, refused } from '../../support/lab';
import { geoai } from '../../support/platforms';

const backup = 'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }';

/** `size class` of the claims of a stateful set. */
const claims = (service: string, name: string, settings: string[] = []) =>
  find(objectsOf(labWith(settings, 'traefik: {}', service)), 'StatefulSet', name).spec.volumeClaimTemplates?.map(
    ({ spec }) => `${String(spec?.resources?.requests?.['storage'])} ${spec?.storageClassName ?? 'default'}`,
  );

test.each<[what: string, service: string, expected: string]>([
  ['nothing', 'qdrant: {}', '20Gi lab-retain'],
  ['a size', 'qdrant: { storage: 30Gi }', '30Gi lab-retain'],
  ['a class', 'qdrant: { storage: { class: fast } }', '20Gi fast'],
  ['both', 'qdrant: { storage: { size: 30Gi, class: fast } }', '30Gi fast'],
  ['both by the name of the volume', 'qdrant: { storage: { data: { size: 30Gi, class: fast } } }', '30Gi fast'],
  ['a size by the name of the volume', 'qdrant: { storage: { data: 30Gi } }', '30Gi lab-retain'],
])('a volume can be told %s', (_, service, expected) => {
  expect(claims(service, 'qdrant')).toEqual([expected]);
});

test('the class of a volume is in place of that of the platform', () => {
  const platform = ['storage: { class: slow }'];
  expect(claims('qdrant: {}', 'qdrant', platform)).toEqual(['20Gi slow']);
  expect(claims('qdrant: { storage: { class: fast } }', 'qdrant', platform)).toEqual(['20Gi fast']);
});

test('of several volumes each is called by its name, and without one the main volume is meant', () => {
  const of = (storage: string) => {
    const service = `pg-cluster: { replicas: 3, storage: ${storage} }`;
    return [...(claims(service, 'pg-cluster') ?? []), ...(claims(service, 'etcd') ?? [])];
  };
  expect(of('{ data: { size: 50Gi, class: fast }, etcd: 3Gi }')).toEqual(['50Gi fast', '3Gi lab-retain']);
  expect(of('{ size: 50Gi, class: fast }')).toEqual(['50Gi fast', '2Gi lab-retain']);
  expect(of('{ etcd: { class: fast } }')).toEqual(['20Gi lab-retain', '2Gi fast']);
});

test('claims keep their names, so that data stays where it is', () => {
  const objects = objectsOf(lab('traefik: {}', 'pg-cluster: { replicas: 3, storage: { etcd: 3Gi } }'));
  const names = find(objects, 'StatefulSet', 'etcd').spec.volumeClaimTemplates?.map(({ metadata }) => metadata?.name);
  expect(names).toEqual(['data']);
});

test('the claim of a deployment, and what the chart of k3s makes, are told the same', () => {
  const acme = { domain: 'geoai.hearth.dev', tls: { mode: 'lets-encrypt', email: 'ops@hearth.dev' } };
  const traefik = { storage: { size: '256Mi', class: 'fast' } };
  const own = find(objectsOf(geoai(acme, { traefik })), 'PersistentVolumeClaim', 'traefik-acme');
  expect(own.spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '256Mi' } } });
  const bundled = objectsOf(geoai({ ...acme, gateway: 'k3s-bundled' }, { traefik }));
  const chart = bundled.find(({ kind }) => kind === 'HelmChartConfig') as { spec?: { valuesContent?: string } };
  expect(chart.spec?.valuesContent).toMatch(/size: 256Mi\n +storageClass: fast\n/);
});

test('what follows from the size follows from the other one', () => {
  const objects = objectsOf(lab('traefik: {}', 'mng-valkey: { storage: 9Gi }', backup));
  const restore = find(objects, 'CronJob', 'mng-valkey-restore').spec.jobTemplate.spec?.template.spec;
  expect(JSON.stringify(restore?.volumes)).toContain('"sizeLimit":"9Gi"');
});

test.each<[what: string, service: string, message: string]>([
  [
    'a volume that the service does not have',
    'qdrant: { storage: { dat: 50Gi } }',
    'qdrant.storage.dat: is not known here; did you mean "data"?',
  ],
  ['a word that is none', 'qdrant: { storage: { clas: fast } }', 'qdrant.storage.clas: is not known here; did you mean "class"?'],
  [
    'a word of a volume that is none',
    'qdrant: { storage: { data: { siz: 50Gi } } }',
    'qdrant.storage.data.siz: is not known here; did you mean "size"?',
  ],
  [
    'a class for a service without volumes',
    'nginx: { storage: { class: fast } }',
    'nginx.storage: has no effect, since this service has no volumes; remove it',
  ],
  [
    'a size for a service without pods',
    backup.replace('{ target', '{ storage: 1Gi, target'),
    'backup.storage: has no effect, since this service has no volumes; remove it',
  ],
  [
    'a size of one volume beside another one by name',
    'pg-cluster: { storage: { size: 50Gi, etcd: 3Gi } }',
    'pg-cluster.storage.size: is of a single volume, and etcd is named beside it; write for example etcd: { size: 20Gi }',
  ],
  [
    'a class that is none',
    'qdrant: { storage: { class: Fast_Disk } }',
    'qdrant.storage.class: must be lower-case letters, digits, dashes and dots; write for example longhorn',
  ],
  [
    'a size that is none',
    'qdrant: { storage: { data: { size: lots } } }',
    'qdrant.storage.data.size: "lots" is no Kubernetes quantity; write for example 20Gi',
  ],
  [
    'a size without its unit',
    'qdrant: { storage: { data: 50 } }',
    'qdrant.storage.data: "50" is too little, its unit is bytes; write for example 20Gi',
  ],
  ['a list', 'qdrant: { storage: [50Gi] }', 'qdrant.storage: must be a quantity, not a list; write for example 20Gi'],
  [
    'a class of a volume that other settings leave out',
    'mng-pg: { storage: { etcd: { class: fast } } }',
    'mng-pg.storage: the class fast has no effect, since with these settings the service has no volume etcd; remove it',
  ],
  [
    'the volume of a part as an option of that part',
    'pg-cluster: { etcd: { storage: 3Gi } }',
    'pg-cluster.etcd: is no option; write storage: { etcd: 2Gi } and resources: { etcd: … } beside it',
  ],
])('%s is refused', (_, service, message) => {
  expect(refused('traefik: {}', service)).toEqual([`lab.yaml:6  services.${message}`]);
});
