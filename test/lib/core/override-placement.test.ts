import { find, objectsOf, podsOf } from '../../support/objects';
import { labWith, refused } from '../../support/lab';

const dedicated = '{ key: dedicated, value: data, effect: NoSchedule }';
const objects = objectsOf(
  labWith(
    ['availability: high'],
    'traefik: {}',
    'minio: {}',
    `mng-pg: { replicas: 3, placement: { nodeSelector: { disk: ssd }, tolerations: [${dedicated}], zones: topology.kubernetes.io/zone } }`,
    'mlflow: { placement: { zones: topology.kubernetes.io/zone } }',
    'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
  ),
);
const spread = (kind: 'StatefulSet' | 'Deployment', name: string) =>
  find(objects, kind, name).spec.template.spec.topologySpreadConstraints;

test('all pods of a service go where it says, those of its jobs included, and nobody else’s', () => {
  const placed = podsOf(objects).filter(({ template: { spec } }) => 'nodeSelector' in spec);
  expect(placed.map(({ owner }) => owner.replace(/-[0-9a-f]{8}$/, '')).sort()).toEqual([
    'CronJob lab-data/mng-pg-backup',
    'CronJob lab-data/mng-pg-restore',
    'Deployment lab-data/mng-pg',
    'Job lab-data/mng-pg-databases',
    'StatefulSet lab-data/mng-pg-etcd',
    'StatefulSet lab-data/mng-pg-patroni',
  ]);
  for (const { template } of placed) {
    expect(template.spec).toMatchObject({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'dedicated', value: 'data', effect: 'NoSchedule' }],
    });
  }
});

test('several pods spread over nodes and zones, as strictly over the one as over the other', () => {
  expect(spread('StatefulSet', 'mng-pg-patroni')).toMatchObject([
    { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
    { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
  ]);
  expect(spread('Deployment', 'mlflow')).toMatchObject([
    { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
    { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
  ]);
});

test.each<[what: string, service: string, message: string]>([
  [
    'zones for a single pod',
    'qdrant: { placement: { zones: topology.kubernetes.io/zone } }',
    'qdrant.placement.zones: has no effect on a single pod; remove it, or run several (availability: high)',
  ],
  [
    'a place for no pods',
    'backup: { placement: { nodeSelector: { a: b } }, target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
    'backup.placement: has no effect, since this service has no pods of its own; remove it',
  ],
  [
    'a toleration of nothing',
    'qdrant: { placement: { tolerations: [{ effect: NoSchedule }] } }',
    'qdrant.placement.tolerations.0: needs a key; write for example { key: dedicated, value: data, effect: NoSchedule }, or operator: Exists',
  ],
  [
    'a word that is none',
    'qdrant: { placement: { nodeselector: {} } }',
    'qdrant.placement.nodeselector: is not known here; did you mean "nodeSelector"?',
  ],
])('%s is refused', (_, service, message) => {
  expect(refused('traefik: {}', service)).toEqual([`lab.yaml:6  services.${message}`]);
});
