import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectStore, type BucketSettings } from '../../../../lib/bindings/bucket';
import { gateway } from '../../../../lib/core/gateway';
import { buildPlatform } from '../../../../lib/build-platform';
import { catalogue } from '../../../../lib/catalogue';
import { parsePlatform } from '../../../../lib/config/load';
import { StatefulSet } from '../../../../lib/core/controllers';
import { edges } from '../../../../lib/derived/network-policies';
import { all, container, containersOf, envOf, find, findJob, objectsOf, podsOf } from '../../../support/objects';
import { geoai, manifestFile, problems, testPlatform, type TestEntry } from '../../../support/platforms';

const objects = (options: object = {}) => objectsOf(geoai({}, { minio: options }));

test('the whole file', () => expect(manifestFile(geoai(), 'minio')).toMatchSnapshot());

test('the whole file, where availability is high', () =>
  expect(manifestFile(geoai({ availability: 'high' }), 'minio')).toMatchSnapshot());

const { minio } = catalogue;
if (!minio) throw new Error('the catalogue has no minio');
/** MinIO alone. */
const own = { minio };

/** What a platform file with these options of MinIO is told. */
const problemsOf = (options: string): string => {
  const text = `name: geoai\ndomain: geoai.home.arpa\ncluster: k3s\nservices: { traefik: {}, minio: ${options} }\n`;
  try {
    parsePlatform(text, 'geoai.yaml');
    return 'nothing';
  } catch (error) {
    return String(error);
  }
};

describe('several servers', () => {
  const several = objects({ servers: 6 });
  const { spec } = find(several, 'StatefulSet', 'minio');

  test('one where availability is single, four where it is high, as many as the file says', () => {
    const count = (made: ReturnType<typeof objects>) => find(made, 'StatefulSet', 'minio').spec.replicas;
    expect(count(objects())).toBe(1);
    expect(count(objectsOf(geoai({ availability: 'high' })))).toBe(4);
    expect(count(objectsOf(geoai({ availability: 'high' }, { minio: { servers: 1 } })))).toBe(1);
    expect(spec.replicas).toBe(6);
  });

  test.each([2, 3, 17, 0])('%d are refused', (servers) => {
    expect(problemsOf(`{ servers: ${servers} }`)).toContain(
      'services.minio.servers: must be 1, or 4 to 16: fewer drives than four do not survive the loss of one; write 4',
    );
  });

  test.each([
    [4, 1],
    [5, 2],
    [6, 2],
    [8, 3],
    [12, 4],
    [16, 4],
  ])('of %d a drain may take %d away, without which writes go on', (servers, spared) => {
    const objects = objectsOf(geoai({}, { minio: { servers } }));
    expect(find(objects, 'PodDisruptionBudget', 'minio').spec.maxUnavailable).toBe(spared);
  });

  test('they start at once and find each other by the names that they have', () => {
    const workload = geoai({}, { minio: { servers: 6 } }).graph.workloads.find(({ name }) => name === 'minio');
    if (!(workload instanceof StatefulSet)) throw new Error('no stateful set');
    const drives = container(spec.template, 'minio').command[2] ?? '';
    const [, before, last, after] = /^http:\/\/(.*)\{0\.\.\.(\d+)\}(.*):9000\/data$/.exec(drives) ?? [];
    const names = Array.from({ length: Number(last) + 1 }, (_, n) => `${before}${n}${after}`);
    expect(names).toEqual(workload.peerHosts);
    expect(spec.podManagementPolicy).toBe('Parallel');
    const ownPeers = edges(geoai({}, { minio: { servers: 6 } })).filter(({ to }) => to === workload);
    expect(ownPeers.filter((edge) => edge.workload === workload).map(({ port }) => port.name)).toEqual(['s3']);
  });

  test('being alive does not depend on the others; a silent one is given up before clients give up', () => {
    const { livenessProbe, startupProbe, readinessProbe, env, command } = container(spec.template, 'minio');
    expect([livenessProbe, startupProbe].map((probe) => probe.httpGet.path)).toEqual([
      '/minio/health/live',
      '/minio/health/live',
    ]);
    // The answer comes before the probe gives up, also where a peer says nothing.
    expect(env.find(({ name }) => name === 'MINIO_API_CLUSTER_DEADLINE')?.value).toBe('3s');
    expect(readinessProbe.timeoutSeconds).toBeGreaterThan(3);
    expect(command).toContain('--conn-user-timeout=5s');
    expect(container(find(objects(), 'StatefulSet', 'minio').spec.template, 'minio').command).toHaveLength(5);
  });

  test('they are healed on a schedule; one alone has nothing to heal from', () => {
    const healing = (made: ReturnType<typeof objects>) =>
      all(made, 'CronJob').filter(({ metadata }) => metadata.name === 'minio-heal');
    const [heal] = healing(objects({ servers: 4, heal: '0 5 * * 0' }));
    expect(heal?.spec.schedule).toBe('0 5 * * 0');
    expect(healing(objects())).toEqual([]);
    expect(problemsOf('{ heal: daily }')).toContain('must be the five fields of cron');
  });

  test('one that stops has the time to wait until the others can write without it', () => {
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(45);
  });

  test('a backup has room for all that they can hold', () => {
    const room = (servers: number) => {
      const target = { endpoint: 'https://s3.example.org', bucket: 'backups' };
      const made = objectsOf(geoai({}, { minio: { servers, storage: '10Gi' }, backup: { target } }));
      const { volumes = [] } = find(made, 'CronJob', 'minio-backup').spec.jobTemplate.spec.template.spec;
      return volumes.find(({ name }) => name === 'backup')?.emptyDir?.sizeLimit;
    };
    expect([1, 4, 5, 6, 8].map(room)).toEqual(['10Gi', '20480Mi', '30720Mi', '30720Mi', '40960Mi']);
  });
});

describe('a drive', () => {
  const format = (drives: number) => {
    const id = (n: number) => `071cc2b5-7801-4ea3-8afc-f1654b5484${String(n).padStart(2, '0')}`;
    const sets = [Array.from({ length: drives }, (_, n) => id(n))];
    return JSON.stringify({ version: '1', format: 'xl', id: id(99), xl: { version: '3', this: id(0), sets } });
  };
  /** Runs the check of a platform with that many servers on a drive. @param content of MinIO's own note */
  const check = (servers: number, content?: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-drive-'));
    try {
      if (content !== undefined) {
        mkdirSync(join(folder, '.minio.sys'));
        writeFileSync(join(folder, '.minio.sys/format.json'), content);
      }
      const { template } = find(objects({ servers }), 'StatefulSet', 'minio').spec;
      const [command = '', ...args] = container(template, 'check-data-version').command;
      const env = { PATH: process.env.PATH, SERVERS: String(servers) };
      const run = spawnSync(
        command,
        args.map((arg) => arg.replaceAll('/volume', folder)),
        { env, encoding: 'utf8' },
      );
      return { code: run.status, stderr: run.stderr };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test.each([1, 4, 16])('of a store of %d servers is taken, as is an empty one', (servers) => {
    expect(check(servers, format(servers))).toEqual({ code: 0, stderr: '' });
    expect(check(servers)).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    [1, 4],
    [4, 1],
    [4, 6],
  ])('of a store of %d servers is refused where %d are wanted', (found, wanted) => {
    const { code, stderr } = check(wanted, format(found));
    expect(code).toBe(1);
    expect(stderr).toContain(`a store with servers: ${found}, and MinIO cannot make it one with servers: ${wanted}`);
    expect(stderr).toContain(`Write servers: ${found}`);
  });
});

test('console and API have hosts of their own, and ask for keys themselves', () => {
  const routes = all(objects(), 'IngressRoute').filter(({ metadata }) => metadata.namespace === 'geoai-data');
  expect(routes.map(({ spec }) => spec.routes[0])).toEqual([
    {
      kind: 'Rule',
      match: 'Host(`minio.geoai.home.arpa`)',
      middlewares: [{ name: 'edge' }, { name: 'upstream' }],
      services: [{ name: 'minio', port: 'console' }],
    },
    {
      kind: 'Rule',
      match: 'Host(`minio-api.geoai.home.arpa`)',
      middlewares: [{ name: 'security-headers' }, { name: 'upstream' }],
      services: [{ name: 'minio', port: 's3' }],
    },
  ]);
});

test('no port of it is published', () => {
  const services = all(objects(), 'Service').filter(({ spec }) => spec.selector['app.kubernetes.io/name'] === 'minio');
  expect(services.map(({ metadata, spec }) => [metadata.name, spec.type ?? spec.clusterIP])).toEqual([
    ['minio', 'ClusterIP'],
    ['minio-peers', 'None'],
  ]);
});

test('the root keys stay with the server and the job that makes buckets', () => {
  const users = podsOf(objects())
    .filter(({ template }) =>
      containersOf(template).some((candidate) => Object.values(envOf(candidate)).some((value) => value?.startsWith('minio/'))),
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

test('the variables of a bucket whose name begins with a digit have names that a shell knows', () => {
  const made = objects({ buckets: ['2024-tiles'] });
  expect(Object.keys(envOf(container(findJob(made, 'minio-buckets').spec.template, 'minio')))).toEqual(
    expect.arrayContaining(['_2024_TILES_ACCESS_KEY_ID', '_2024_TILES_SECRET_ACCESS_KEY']),
  );
  expect(find(made, 'ConfigMap', 'minio-buckets').data['buckets.sh']).toContain(
    'printf \'%s\\n%s\\n\' "$_2024_TILES_ACCESS_KEY_ID" "$_2024_TILES_SECRET_ACCESS_KEY" |',
  );
});

test('a bucket by the name of its service, which must be long enough', () => {
  const named = (name: string) => {
    const build: TestEntry['build'] = (app) => void app.provider(objectStore).bucket(app.name);
    const needs = { gateway, objectStore };
    return problems(() => testPlatform({ [name]: { needs, build } }, { services: { [name]: {}, gateway: {}, minio: {} } }, own));
  };
  expect(named('ml')).toContain(
    'services.ml: its bucket would be "ml", but names of buckets are 3 to 63 lower-case letters, digits and dashes; choose a longer name for the service',
  );
  expect(named('mlo')).toBeUndefined();
});

test('a second one beside it has names, drives and buckets of its own', () => {
  const lab = { component: 'minio', servers: 4, buckets: ['shared'] };
  const two = geoai({ providers: { objectStore: 'minio' } }, { minio: { buckets: ['shared'] }, lab });
  const made = objectsOf(two);
  expect(container(find(made, 'StatefulSet', 'lab').spec.template, 'lab').command[2]).toBe(
    'http://lab-{0...3}.lab-peers.geoai-data.svc.cluster.local:9000/data',
  );
  expect(all(made, 'IngressRoute').map(({ metadata }) => metadata.name)).toEqual(
    expect.arrayContaining(['minio', 'minio-api', 'lab', 'lab-api']),
  );
  expect(envOf(container(findJob(made, 'lab-buckets').spec.template, 'lab'))).toMatchObject({
    SHARED_ACCESS_KEY_ID: 'lab-shared/accessKeyId',
    MC_HOST_store: 'http://$(LAB_ACCESSKEYID):$(LAB_SECRETACCESSKEY)@lab.geoai-data.svc:9000',
  });
  expect(manifestFile(two, 'lab')).not.toMatch(/\b(name|secretName|serviceName|host\w*): minio/);
});

test('a list of names and a map without settings are the same', () => {
  const file = (buckets: unknown) => manifestFile(geoai({}, { minio: { buckets } }), 'minio');
  expect(file({ datasets: null, exports: {} })).toBe(file(['datasets', 'exports']));
});

test.each([
  ['{ buckets: { cdn: { acces: public-read } } }', 'services.minio.buckets.cdn.acces: is not known here; did you mean "access"?'],
  ['{ buckets: { cdn: { access: public } } }', 'services.minio.buckets.cdn.access: "public" is not possible here'],
  ['{ buckets: { cdn: { expireAfterDays: 0 } } }', 'must be at least a day; write 1'],
  ['{ buckets: { cdn: { noncurrentExpireAfterDays: 3 } } }', 'of which none are kept; write versions: true, or remove it'],
  ['{ buckets: { cdn: { quota: 5 } } }', '"5" is too little'],
  ['{ buckets: { C: {} } }', 'must be 3 to 63 lower-case letters'],
  ['{ buckets: [C] }', 'must be 3 to 63 lower-case letters'],
  ['{ buckets: cdn }', 'must be a list of names, or names with settings; write for example [datasets]'],
])('%s is refused', (options, problem) => expect(problemsOf(options)).toContain(problem));

describe('settings of a bucket that several ask for', () => {
  const platform = (...wanted: BucketSettings[]) => withBuckets({}, ...wanted);
  const withBuckets = (buckets: Record<string, BucketSettings>, ...wanted: BucketSettings[]) => {
    const entries = wanted.map((settings, i): [string, TestEntry] => [
      `app-${i}`,
      { needs: { gateway, objectStore }, build: (app) => void app.provider(objectStore).bucket('shared', settings) },
    ]);
    const services = {
      ...Object.fromEntries(entries.map(([name]) => [name, {}])),
      gateway: {},
      minio: { buckets },
    };
    return testPlatform(Object.fromEntries(entries), { services }, own);
  };

  test('come together', () => {
    const script = find(
      objectsOf(platform({ versions: true }, { quota: '1Gi', versions: true }, {})),
      'ConfigMap',
      'minio-buckets',
    ).data['buckets.sh'];
    expect(script).toContain('mc version enable store/shared');
    expect(script).toContain('mc quota set store/shared --size 1073741824B');
  });

  test('must not contradict each other', () => {
    expect(() => platform({ expireAfterDays: 7 }, { expireAfterDays: 30 })).toThrow(
      'bucket shared: expireAfterDays is 7 for app-0 and 30 for app-1; write the same for both, or give each a bucket of its own',
    );
    expect(() => withBuckets({ shared: { expireAfterDays: 7 } }, { expireAfterDays: 30 })).toThrow(
      'services.minio.buckets.shared.expireAfterDays: app-0 wants 30; write that, or leave it out',
    );
  });

  test('for older versions need some', () => {
    expect(() => platform({ noncurrentExpireAfterDays: 7 })).toThrow('bucket shared: noncurrentExpireAfterDays needs versions');
  });
});

test('without metrics and backup nothing of them is there', () => {
  const made = objects({ metrics: false, backup: 'none' });
  const { template, volumeClaimTemplates } = find(made, 'StatefulSet', 'minio').spec;
  expect(template.metadata.annotations).toBeUndefined();
  expect(volumeClaimTemplates?.[0]?.metadata.labels).toMatchObject({ 'hearth/backup-priority': 'none' });
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
  expect(rotation('minio')).toEqual({ by: 'restart', together: true });
});
