import { containersOf, find, objectsOf, podsOf } from '../../support/objects';
import { lab, refused } from '../../support/lab';

const backup = 'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }';

/** `owner, container` → its resources, of all containers whose resources differ from those without the word. */
function changed(service: string, word: string) {
  const sizes = (options: string) =>
    new Map(
      podsOf(objectsOf(lab('traefik: {}', `${service}: { ${options} }`, backup))).flatMap(({ owner, template }) =>
        containersOf(template).map(({ name, resources }) => [
          `${owner.replace(/-[0-9a-f]{8}$/, '').replace(/.*\//, '')}, ${name}`,
          resources,
        ]),
      ),
    );
  const usual = sizes('');
  return Object.fromEntries(
    [...sizes(`resources: ${word}`)].filter(([name, size]) => JSON.stringify(size) !== JSON.stringify(usual.get(name))),
  );
}

test('the main program gets them, and nothing beside it', () => {
  expect(changed('couchdb', '{ requests: { cpu: 500m }, limits: { memory: 4Gi } }')).toEqual({
    'couchdb, couchdb': { requests: { cpu: '500m', memory: '256Mi' }, limits: { cpu: '1', memory: '4Gi' } },
  });
});

test('a request above the usual limit takes the limit along, and a limit below the usual request the request', () => {
  expect(changed('couchdb', '{ requests: { cpu: 3 }, limits: { memory: 128Mi } }')).toEqual({
    'couchdb, couchdb': { requests: { cpu: '3', memory: '128Mi' }, limits: { cpu: '3', memory: '128Mi' } },
  });
});

test('a service of two main programs has them in both', () => {
  expect(Object.keys(changed('rustdesk', '{ limits: { memory: 1Gi } }')).sort()).toEqual(['hbbr, rustdesk', 'hbbs, rustdesk']);
});

test('further programs are called by their names, as images calls them', () => {
  const dashboards = 'opensearch-dashboards: { limits: { memory: 3Gi } }';
  const word = `{ limits: { memory: 6Gi }, ${dashboards}, restic: { limits: { cpu: 3 } } }`;
  const sizes = changed('opensearch', word);
  expect(sizes).toMatchObject({
    'opensearch, opensearch': { limits: { memory: '6Gi' } },
    'opensearch-dashboards, opensearch': { limits: { memory: '3Gi' } },
  });
  const restic = Object.keys(sizes).filter((name) => name.startsWith('opensearch-'));
  expect(restic).toEqual(expect.arrayContaining([expect.stringMatching(/^opensearch-backup, /)]));
  for (const [name, size] of Object.entries(sizes).filter(([key]) => /-(backup|restore), /.test(key))) {
    expect({ name, cpu: size?.limits?.['cpu'] }).toEqual({ name, cpu: '3' });
  }
});

test('what follows from the memory limit follows from the other one', () => {
  const objects = objectsOf(lab('traefik: {}', 'opensearch: { resources: { limits: { memory: 6Gi } } }'));
  const { env } = find(objects, 'StatefulSet', 'opensearch').spec.template.spec.containers[0] ?? {};
  expect(env?.find(({ name }) => name === 'OPENSEARCH_JAVA_OPTS')?.value).toContain('-Xmx3072m');
});

test('a component that says nothing of sizes has the word, too', () => {
  expect(Object.keys(changed('rustdesk', '{ requests: { cpu: 50m } }'))).toHaveLength(2);
  expect(refused('traefik: {}', 'homepage: { resources: { requests: { cpu: 60m } } }')).toEqual([]);
});

test.each<[what: string, service: string, message: string]>([
  [
    'a program that the service does not have',
    'pg-cluster: { replicas: 3, resources: { etdc: { limits: { cpu: 2 } } } }',
    'pg-cluster.resources.etdc: is no program of this service; did you mean "etcd"?',
  ],
  [
    'the main program by its name',
    'mng-valkey: { resources: { valkey: { limits: { cpu: 2 } } } }',
    'mng-valkey.resources.valkey: is the main program; write its requests and limits without its name',
  ],
  [
    'a word that is nearly one',
    'qdrant: { resources: { limit: { memory: 2Gi } } }',
    'qdrant.resources.limit: is not known here; did you mean "limits"?',
  ],
  [
    'a word of a program that is none',
    'pg-cluster: { resources: { etcd: { limit: { memory: 2Gi } } } }',
    'pg-cluster.resources.etcd.limit: is not known here; did you mean "limits"?',
  ],
  [
    'a request above its limit',
    'qdrant: { resources: { requests: { memory: 2Gi }, limits: { memory: 1Gi } } }',
    'qdrant.resources.requests.memory: 2Gi is more than the limit of 1Gi; write at most 1Gi, or a higher limit',
  ],
  [
    'a request of a further program above its limit',
    'pg-cluster: { resources: { etcd: { requests: { cpu: 2 }, limits: { cpu: 1 } } } }',
    'pg-cluster.resources.etcd.requests.cpu: 2 is more than the limit of 1; write at most 1, or a higher limit',
  ],
  [
    'what is no quantity',
    'qdrant: { resources: { limits: { cpu: lots } } }',
    'qdrant.resources.limits.cpu: "lots" is no Kubernetes quantity; write for example 250m or 2',
  ],
  [
    'resources of a service without pods of its own',
    backup.replace('{ target', '{ resources: { limits: { cpu: 2 } }, target'),
    'backup.resources: has no effect, since this service has no pods that run all the time; remove it',
  ],
  [
    'keys that fill the memory limit',
    'mng-valkey: { maxMemory: 1Gi, resources: { limits: { memory: 1Gi } } }',
    'mng-valkey.maxMemory: 1Gi is not below the memory limit of 1Gi; write less, or a higher resources.limits.memory',
  ],
  [
    'sizes of a part as its option',
    'pg-cluster: { router: { resources: { limits: { cpu: 2 } } } }',
    'pg-cluster.router.resources: is no option; write resources: { haproxy: … } of the service',
  ],
])('%s is refused', (_, service, message) => {
  expect(refused('traefik: {}', service)).toEqual([`lab.yaml:6  services.${message}`]);
});
