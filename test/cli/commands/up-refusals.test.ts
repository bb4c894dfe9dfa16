import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes, Refusal } from '../../../cli/refusal';
import type { World } from '../../../cli/world';
import { commandLine } from '../command-line';
import { LivingCluster } from '../living-cluster';
import { hearthFolder } from '../world';

const root = hearthFolder();
let memory: LivingCluster;
beforeEach(() => (memory = new LivingCluster()));
const up = (args: string[] = [], given: Partial<World> = {}) => commandLine(['up', 'home', ...args], { memory, root, ...given });

describe('what the cluster would refuse', () => {
  const claims =
    'the cluster refuses StatefulSet home-data/postgis (422): spec: Forbidden: updates to statefulset spec for fields other than';
  const changed = (options: string) => {
    const folder = hearthFolder();
    const file = join(folder, 'platforms/home.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('  postgis:\n', `  postgis: ${options}\n`));
    return { root: folder };
  };
  beforeEach(async () => {
    await up();
    memory.written.length = 0;
    memory.immutable.set('StatefulSet postgis', claims);
  });

  test('is named before anything is changed, with the way to enlarge a volume', async () => {
    memory.immutable.set('Namespace home-ai', 'the cluster refuses Namespace home-ai (409)');
    memory.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'home-ai' } });
    const { code, err } = await up([], changed('{ storage: 1Ti }'));
    expect(code).toBe(1);
    expect(err).toContain('nothing was changed\nNamespace home-ai: the cluster refuses');
    expect(err).toContain(`StatefulSet home-data/postgis: ${claims}`);
    const commands = [
      `kubectl -n home-data patch pvc data-postgis-0 -p '{"spec":{"resources":{"requests":{"storage":"1Ti"}}}}'`,
      'kubectl -n home-data delete statefulset postgis --cascade=orphan',
      'npx hearth up home',
    ];
    expect(err).toContain(commands.map((command) => `\n  ${command}`).join(''));
    expect(memory.written).toEqual([]);
  });

  test('is no obstacle once the stateful set was deleted', async () => {
    await memory.delete({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'home-data', name: 'postgis' });
    expect((await up([], changed('{ storage: 1Ti }'))).code).toBe(0);
  });

  test('cannot be mended where a volume would shrink', async () => {
    const { err } = await up([], changed('{ storage: 1Gi }'));
    expect(err).toContain('A volume cannot shrink: set the size back');
    expect(err).not.toContain('kubectl');
  });

  test('names the way to another class of a volume, which keeps its own', async () => {
    const { err } = await up([], changed('{ storage: { class: fast } }'));
    const commands = [
      'npx hearth backup home postgis',
      'kubectl -n home-data delete statefulset postgis',
      'kubectl -n home-data delete pvc data-postgis-0',
      'npx hearth up home',
      'npx hearth restore home postgis',
    ];
    const mend = 'A volume keeps its class: set it back, or begin with new volumes and bring the data over:';
    expect(err).toContain(`${mend}\n  ${commands.join('\n  ')}`);
    expect(err).not.toContain('orphan');
    expect(memory.written).toEqual([]);
  });

  test('has another mend where it is about something else', async () => {
    memory.immutable.set('Deployment mlflow', 'spec.selector: field is immutable');
    memory.put({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'mlflow', namespace: 'home-ai' } });
    const { err } = await up();
    expect(err).toContain('set it back, or let up make the object anew:\n  kubectl -n home-ai delete deployment mlflow');
  });

  test('is not looked for with other fields than those that are applied: --force takes over', async () => {
    const apply = memory.apply.bind(memory);
    memory.apply = async (manifest, options = {}) => {
      if (manifest.metadata.name === 'mlflow' && !options.force) throw new Refusal('conflict with "helm"');
      return apply(manifest, options);
    };
    const { code, err } = await up();
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining('Deployment home-ai/mlflow: conflict with "helm"') as string,
    });
    expect(memory.written).toEqual([]);
    expect((await up(['--force'])).code).toBe(0);
  });

  test('is not mixed up with a cluster that does not answer, or a webhook that cannot rehearse', async () => {
    const apply = memory.apply.bind(memory);
    let refusal = new Refusal('no answer', exitCodes.unreachable);
    memory.apply = async (manifest, options = {}) => {
      if (options.dryRun) throw refusal;
      return apply(manifest, options);
    };
    expect(await up()).toMatchObject({ code: 4, err: expect.stringMatching(/no answer$/) as string });
    refusal = new Refusal('admission webhook "x" does not support dry run');
    expect((await up()).code).toBe(0);
  });

  test('is not guessed at for objects whose definition changes as well', async () => {
    const route = [...memory.objects.values()].find(({ kind }) => kind === 'IngressRoute');
    if (!route) throw new Error('no route');
    const definition = [...memory.objects.values()].find(
      ({ kind, metadata }) => kind === 'CustomResourceDefinition' && metadata.name === 'ingressroutes.traefik.io',
    );
    if (!definition) throw new Error('no definition');
    const apply = memory.apply.bind(memory);
    let defined = false;
    memory.apply = async (manifest, options = {}) => {
      if (manifest.kind === 'IngressRoute' && !defined) throw new Refusal('field not declared in schema');
      if (manifest.metadata.name === 'ingressroutes.traefik.io' && !options.dryRun) defined = true;
      return apply(manifest, options);
    };
    expect((await up()).err).toContain('field not declared in schema');
    const older = definition as typeof definition & { spec: object };
    memory.put({ ...older, ...{ spec: { ...older.spec, versions: [] } } });
    expect((await up()).code).toBe(0);
  });
});

describe('while a backup or a restore is under way', () => {
  const given = {
    root: hearthFolder('  backup:\n    target: { endpoint: https://s3.home.arpa, bucket: backups }\n'),
    env: { HEARTH_BACKUP_ACCESSKEYID: 'key', HEARTH_BACKUP_SECRETACCESSKEY: 'secret' },
  };
  const job = (cronJob: string, namespace: string, active: number) =>
    memory.put({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'now', namespace, ...{ ownerReferences: [{ kind: 'CronJob', name: cronJob }] } },
      ...{ status: { active } },
    });
  beforeEach(async () => {
    expect((await up([], given)).code).toBe(0);
    memory.written.length = 0;
  });

  test.each([
    ['rustdesk-backup', 'home-tooling', 'the backup of rustdesk is under way and has stopped hbbs'],
    ['rustdesk-restore', 'home-tooling', 'the restore of rustdesk is under way and has stopped hbbs'],
    ['postgis-restore', 'home-data', 'the restore of postgis is under way and has stopped mlflow'],
  ])('nothing that it has stopped is started: %s', async (name, namespace, message) => {
    job(name, namespace, 1);
    const { code, err } = await up(['--force'], given);
    expect(code).toBe(1);
    expect(err).toContain(`${message}; wait until it is done: kubectl -n ${namespace} get jobs`);
    expect(memory.written).toEqual([]);
    job(name, namespace, 0);
    expect((await up([], given)).code).toBe(0);
  });

  test('a backup of a running program is no obstacle', async () => {
    job('postgis-backup', 'home-data', 1);
    expect((await up([], given)).code).toBe(0);
  });
});

describe('fewer pods with volumes', () => {
  const has = (name: string, replicas: number) => {
    const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace: 'home-data' }, spec: { replicas } };
    memory.put(set);
  };

  test('are refused before anything is changed, all at once', async () => {
    has('postgis', 3);
    has('minio', 4);
    const { code, err } = await up();
    expect(code).toBe(1);
    expect(err).toContain('services.postgis: StatefulSet home-data/postgis has 3 pods, and would have 1 pod\n');
    expect(err).toContain('services.minio: StatefulSet home-data/minio has 4 pods, and would have 1 pod\n');
    expect(err).toContain('Write as many as before');
    expect(memory.written).toEqual([]);
  });

  test('are taken away where that is wanted', async () => {
    has('postgis', 3);
    expect((await up(['--fewer-members'])).code).toBe(0);
  });

  test('as many as before, more, and none since they are stopped, are no obstacle', async () => {
    for (const replicas of [1, 0]) {
      has('postgis', replicas);
      expect((await up()).code).toBe(0);
    }
  });
});

describe('volumes under other names', () => {
  const claim = (name: string, labels: Record<string, string>) =>
    memory.put({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'home-data', labels } });
  const postgis = { 'app.kubernetes.io/name': 'postgis', 'hearth/backup-priority': 'critical' };

  test('are refused, with the way to bring the data over, before anything is changed', async () => {
    claim('data-database-0', postgis);
    const { code, err } = await up();
    expect(code).toBe(1);
    expect(err).toContain(
      'postgis would begin with empty volumes (data-postgis-0), and what it had is in data-database-0 of home-data',
    );
    expect(err).toContain('npx hearth up home --new-data');
    expect(memory.written).toEqual([]);
  });

  test('are left aside where that is wanted', async () => {
    claim('data-database-0', postgis);
    expect((await up(['--new-data'])).code).toBe(0);
  });

  test('are no obstacle: replicas that are no longer wanted, and data that can be made again', async () => {
    claim('data-postgis-4', postgis);
    claim('cache-database-0', { ...postgis, 'hearth/backup-priority': 'none' });
    claim('data-other-0', { ...postgis, 'app.kubernetes.io/name': 'other' });
    expect((await up()).code).toBe(0);
  });
});
