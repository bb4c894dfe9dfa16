import { find, objectsOf, podsOf } from '../../support/objects';
import { lab, refused } from '../../support/lab';

const metallb = '"metallb.io/loadBalancerIPs"';
const objects = objectsOf(
  lab(
    `traefik: { publicServices: { labels: { team: edge }, annotations: { ${metallb}: 192.0.2.7 } } }`,
    'mng-valkey: { pods: { labels: { team: data, paid: true }, annotations: { my-company.org/runbook: "https://wiki.hearth.dev" } } }',
    'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
  ),
);

test('pods have them beside those of hearth', () => {
  const { metadata } = find(objects, 'StatefulSet', 'mng-valkey').spec.template;
  expect(metadata).toMatchObject({
    labels: { 'app.kubernetes.io/instance': 'mng-valkey', team: 'data', paid: 'true' },
    annotations: { 'prometheus.io/scrape': 'true', 'my-company.org/runbook': 'https://wiki.hearth.dev' },
  });
  expect(find(objects, 'StatefulSet', 'mng-valkey').spec).toMatchObject({
    selector: { matchLabels: { 'app.kubernetes.io/name': 'mng-valkey', 'app.kubernetes.io/instance': 'mng-valkey' } },
  });
  const marked = podsOf(objects).filter(({ template }) => template.metadata.labels.team === 'data');
  expect(marked.map(({ owner }) => owner)).toEqual([
    'StatefulSet lab-data/mng-valkey',
    'CronJob lab-data/mng-valkey-backup',
    'CronJob lab-data/mng-valkey-restore',
  ]);
});

test('the Services for the world have theirs, those for the inside do not', () => {
  expect(find(objects, 'Service', 'traefik-public').metadata).toMatchObject({
    labels: { 'app.kubernetes.io/name': 'traefik', team: 'edge' },
    annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.7' },
  });
  const others = objects.filter(({ kind, metadata }) => kind === 'Service' && metadata.name !== 'traefik-public');
  expect(others.length).toBeGreaterThan(0);
  for (const { metadata } of others) expect(metadata.labels).not.toHaveProperty('team');
});

const own = 'is set by hearth itself; remove it';
test.each<[what: string, service: string, message: string]>([
  [
    'a label of hearth',
    'mng-valkey: { pods: { labels: { app.kubernetes.io/instance: a } } }',
    `mng-valkey.pods.labels.app.kubernetes.io/instance: ${own}`,
  ],
  [
    'an annotation of hearth',
    'mng-valkey: { pods: { annotations: { hearth/config-a: a } } }',
    `mng-valkey.pods.annotations.hearth/config-a: ${own}`,
  ],
  [
    'where metrics are',
    'mng-valkey: { pods: { annotations: { prometheus.io/port: 1 } } }',
    `mng-valkey.pods.annotations.prometheus.io/port: ${own}`,
  ],
  [
    'a Service that is not there',
    'mng-valkey: { publicServices: { labels: { a: b } } }',
    'mng-valkey.publicServices: has no effect, since the world reaches this service through the gateway alone; remove it',
  ],
  [
    'pods that are not there',
    'backup: { pods: { labels: { a: b } }, target: { endpoint: "https://s3.hearth.dev", bucket: lab } }',
    'backup.pods: has no effect, since this service has no pods of its own; remove it',
  ],
  [
    'a value that is none',
    'mng-valkey: { pods: { labels: { a: "b c" } } }',
    'mng-valkey.pods.labels.a: must be at most 63 letters, digits, dashes, underscores and dots; write for example platform',
  ],
  [
    'a name that is none',
    'mng-valkey: { pods: { labels: { "a b": c } } }',
    'mng-valkey.pods.labels.a b: must be a name of Kubernetes; write for example my-company.org/team',
  ],
])('%s is refused', (_, service, message) => {
  expect(refused('traefik: {}', service)).toEqual([`lab.yaml:6  services.${message}`]);
});

test('metrics of one’s own are fine where the program has none', () => {
  expect(refused('traefik: {}', 'homepage: { pods: { annotations: { prometheus.io/port: 1 } } }')).toEqual([]);
});
