import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Asking, World } from '../../../cli/world';
import { commandLine } from '../command-line';
import { LivingCluster } from '../living-cluster';
import { hearthFolder } from '../world';

const root = hearthFolder('  backup:\n    target: { endpoint: https://s3.home.arpa, bucket: backups }\n');
const env = { HEARTH_BACKUP_ACCESSKEYID: 'key', HEARTH_BACKUP_SECRETACCESSKEY: 'secret' };
let memory: LivingCluster;
const run = (args: string[], given: Partial<World> & { answers?: Partial<Asking> } = {}) =>
  commandLine(args, { memory, root, env, ...given });

const snapshots = JSON.stringify([
  { id: 'a'.repeat(64), short_id: 'aaaaaaaa', time: '2026-01-01T01:00:00.123456789Z', hostname: 'home' },
  { id: 'b'.repeat(64), short_id: 'bbbbbbbb', time: '2026-01-02T01:00:00.123456789Z', hostname: 'home' },
]);

interface Job {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: Record<'initContainers' | 'containers', Container[]> } };
}
interface Container {
  readonly name: string;
  readonly env?: { readonly name: string; readonly value?: string }[];
}
/** The jobs that were run, as `name of what it is for: containers`, with the snapshot that they fetch. */
const runs = () =>
  memory.written
    .filter(({ verb, ref }) => verb === 'create' && ref.kind === 'Job')
    .map(({ body }) => {
      const { metadata, spec } = body as unknown as Job;
      const all = [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers];
      const snapshot = all.flatMap(({ env: variables = [] }) => variables.filter(({ name }) => name === 'SNAPSHOT'))[0];
      return [metadata.name.replace(/-[0-9a-f]{6}$/, ''), all.map(({ name }) => name).join(), snapshot?.value];
    });

beforeEach(async () => {
  memory = new LivingCluster();
  expect((await run(['up', 'home'])).code).toBe(0);
  memory.written.length = 0;
  memory.logOf = () => `a warning of restic\n${snapshots}\n`;
});

describe('backup', () => {
  test('makes every backup now, one after the other, and says where it is', async () => {
    const { code, out } = await run(['backup', 'home']);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toBe(memory.title);
    expect(runs().map(([name]) => name)).toEqual(['postgis-backup', 'minio-backup', 'rustdesk-backup']);
    expect(out).toContain('s3:https://s3.home.arpa/backups/home/postgis');
  });

  test('a failed one says what its container said, ends with 3, and leaves the others alone', async () => {
    memory.failing.set(/postgis-backup/, 'the backup target s3.home.arpa:443 cannot be reached');
    const { code, err } = await run(['backup', 'home', 'postgis']);
    expect(code).toBe(3);
    expect(err).toContain('the backup target s3.home.arpa:443 cannot be reached');
    expect(err).toContain('kubectl -n home-data logs job/postgis-backup-');
  });

  test('--list shows the snapshots, newest first, without making any', async () => {
    const { out } = await run(['backup', 'home', 'postgis', '--list', '--output', 'json']);
    expect(JSON.parse(out)).toMatchObject([
      { name: 'postgis', snapshot: 'bbbbbbbb', time: '2026-01-02T01:00:00.123Z' },
      { name: 'postgis', snapshot: 'aaaaaaaa' },
    ]);
    expect(runs()).toEqual([['postgis-restore-list', 'reach-target,fetch', 'list']]);
    memory.logOf = () => '[]\n';
    expect((await run(['backup', 'home', '--list'])).out).toContain('There is no backup yet.');
  });

  test('explains a platform without backups, an unknown name, and a cluster that does not know them yet', async () => {
    const without = await run(['backup', 'home'], { root: hearthFolder() });
    expect(without.err).toContain('add the service "backup" with its target to platforms/home.yaml');
    expect((await run(['backup', 'home', 'postgres'])).err).toBe('home has no backup of "postgres"; did you mean "postgis"?');
    memory.objects.clear();
    expect((await run(['backup', 'home'])).err).toBe('the cluster does not know the backup of postgis yet: npx hearth up home');
  });

  test('refuses where the target in the platform file is not the one in the cluster', async () => {
    const moved = hearthFolder('  backup:\n    target: { endpoint: https://s3.home.arpa, bucket: others }\n');
    const { code, err } = await run(['backup', 'home', 'minio'], { root: moved });
    expect(code).toBe(1);
    expect(err).toBe(
      'the cluster keeps the backup of minio in s3:https://s3.home.arpa/backups/home/minio, ' +
        'the platform file says s3:https://s3.home.arpa/others/home/minio: npx hearth up home first',
    );
  });

  test('a listing leaves no job behind, and is in nobody’s way', async () => {
    await run(['backup', 'home', '--list']);
    expect([...memory.objects.values()].filter(({ metadata }) => metadata.labels?.['hearth/run'])).toEqual([]);
    const labels = {
      'app.kubernetes.io/instance': 'minio-restore',
      'app.kubernetes.io/name': 'minio',
      'hearth/run': 'list',
    };
    memory.put({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x', namespace: 'home-data', labels },
      ...{ status: { active: 1 } },
    });
    expect((await run(['backup', 'home', 'minio'])).code).toBe(0);
  });

  test('refuses while one is under way', async () => {
    const labels = { 'app.kubernetes.io/name': 'minio', 'app.kubernetes.io/instance': 'minio-backup' };
    memory.put({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x', namespace: 'home-data', labels },
      ...{ status: { active: 1 } },
    });
    const { code, err } = await run(['backup', 'home']);
    expect(code).toBe(1);
    expect(err).toContain('minio-backup is under way');
    expect(runs()).toEqual([]);
  });
});

describe('restore', () => {
  test('stops users, restores by priority, brings roles and buckets up to date, and starts the users again', async () => {
    const { code, out } = await run(['restore', 'home', '--yes']);
    expect(code).toBe(0);
    const id = 'b'.repeat(64);
    expect(
      runs()
        .filter(([, , snapshot]) => snapshot !== 'list')
        .map(([name, , snapshot]) => [name, snapshot]),
    ).toEqual([
      ['postgis-restore', id],
      ['postgis-databases-again', undefined],
      ['minio-restore', id],
      ['minio-buckets-again', undefined],
      ['rustdesk-restore', id],
    ]);
    const order = memory.changes.filter((change) => /mlflow|hbbs|Job (postgis|rustdesk)-restore-[0-9a-f]{6}$/.test(change));
    expect(order.map((change) => change.replace(/-[0-9a-f]{6}$/, ''))).toEqual([
      'patch Deployment mlflow',
      'create Job postgis-restore',
      'patch StatefulSet hbbs',
      'create Job rustdesk-restore',
      'patch StatefulSet hbbs',
      'patch Deployment mlflow',
    ]);
    expect(out).toContain('restore postgis of 2026-01-02T01:00:00.123Z: done');
    expect((await run(['status', 'home'])).code).toBe(0);
    expect((await run(['diff', 'home', '--exit-code'])).code).toBe(0);
  });

  test('asks which one and whether, and changes nothing before', async () => {
    const asked: string[] = [];
    const no = await run(['restore', 'home', 'minio'], {
      answers: {
        select: async (message, choices) => {
          asked.push(message, ...choices.map(({ name }) => name));
          const last = choices.at(-1);
          if (!last) throw new Error('no choice');
          return last.value;
        },
        confirm: async (message) => {
          asked.push(message);
          return false;
        },
      },
    });
    expect(no).toMatchObject({ code: 1, err: 'Nothing was changed.' });
    expect(asked).toEqual([
      'Which backup of minio?',
      '2026-01-02T01:00:00.123Z  bbbbbbbb',
      '2026-01-01T01:00:00.123Z  aaaaaaaa',
      'Replace the present data by the backup of minio of 2026-01-01T01:00:00.123Z?',
    ]);
    expect(memory.changes.filter((change) => !change.includes('-list-'))).toEqual([]);
  });

  test('a snapshot by its id; one that does not exist, or no backup at all, changes nothing', async () => {
    expect((await run(['restore', 'home', 'minio', '--snapshot', 'aaaa', '--yes'])).code).toBe(0);
    expect(runs().find(([name]) => name === 'minio-restore')?.[2]).toBe('a'.repeat(64));
    memory.written.length = 0;
    const other = await run(['restore', 'home', 'minio', '--snapshot', 'cccc', '--yes']);
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('minio has no snapshot cccc') as unknown });
    memory.logOf = () => '[]';
    const none = await run(['restore', 'home', 'minio', '--yes']);
    expect(none.err).toContain('there is no backup of minio in s3:https://s3.home.arpa/backups/home/minio');
    expect(memory.changes.filter((change) => !change.includes('-list-'))).toEqual([]);
    expect((await run(['restore', 'home', '--snapshot', 'aaaa', '--yes'])).code).toBe(2);
  });

  test('schedules pause first, and a backup that began meanwhile stops it before anything else does', async () => {
    await run(['restore', 'home', 'postgis', '--yes']);
    const order = memory.changes.map((change) => change.replace(/-[0-9a-f]{6}$/, ''));
    expect(order.indexOf('patch CronJob postgis-backup')).toBeLessThan(order.indexOf('patch Deployment mlflow'));
    memory.written.length = 0;
    const labels = { 'app.kubernetes.io/name': 'postgis', 'app.kubernetes.io/instance': 'postgis-backup' };
    const began = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x', namespace: 'home-data', labels },
      ...{ status: { active: 1 } },
    };
    const { code, err } = await run(['restore', 'home', 'postgis'], {
      answers: {
        select: async (_, choices) => choices[0]?.value as never,
        confirm: async () => {
          memory.put(began);
          return true;
        },
      },
    });
    expect(code).toBe(1);
    expect(err).toContain('postgis-backup is under way');
    expect(memory.changes.filter((change) => /mlflow|restore-[0-9a-f]{6}$/.test(change))).toEqual([]);
  });

  test('starts again what it stopped, and nothing else', async () => {
    await run(['stop', 'home']);
    expect((await run(['restore', 'home', 'postgis', 'rustdesk', '--yes'])).code).toBe(0);
    const pods = [...memory.objects.values()].filter(({ kind, metadata }) => kind === 'Pod' && !metadata.name.endsWith('-pod'));
    expect(pods).toEqual([]);
  });

  test('of a service in several parts: who comes through another part stops too, and all parts run meanwhile', async () => {
    const clustered = hearthFolder('  backup:\n    target: { endpoint: https://s3.home.arpa, bucket: backups }\n');
    const file = join(clustered, 'platforms/home.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('  postgis:\n', '  mng-pg: { replicas: 3 }\n'));
    memory = new LivingCluster();
    memory.logOf = () => `${snapshots}\n`;
    expect((await run(['up', 'home'], { root: clustered })).code).toBe(0);
    await run(['stop', 'home', 'mng-pg'], { root: clustered });
    memory.written.length = 0;
    expect((await run(['restore', 'home', 'mng-pg', '--yes'], { root: clustered })).code).toBe(0);
    const order = memory.changes
      .filter((change) => /(Deployment|StatefulSet) |Job mng-pg-restore-[0-9a-f]{6}$/.test(change))
      .map((change) => change.replace(/-[0-9a-f]{6}$/, ''));
    expect(order).toEqual([
      'patch Deployment mlflow',
      'patch StatefulSet mng-pg-etcd',
      'patch StatefulSet mng-pg-patroni',
      'patch Deployment mng-pg',
      'create Job mng-pg-restore',
      'patch Deployment mng-pg',
      'patch StatefulSet mng-pg-patroni',
      'patch StatefulSet mng-pg-etcd',
      'patch Deployment mlflow',
    ]);
  });

  test('while its job goes on, it says to wait for it', async () => {
    const create = memory.create.bind(memory);
    memory.create = async (manifest) => {
      const made = await create(manifest);
      if (/minio-restore-[0-9a-f]{6}$/.test(manifest.metadata.name)) memory.put({ ...made, ...{ status: { active: 1 } } });
      return made;
    };
    const { code, err } = await run(['restore', 'home', 'minio', '--yes', '--timeout', '3']);
    expect(code).toBe(3);
    expect(err).toContain('minio-restore goes on; once it is done (kubectl -n home-data get jobs): npx hearth start home');
  });

  test('a failure says that users may be stopped, and how to go on', async () => {
    memory.failing.set(/minio-restore-[0-9a-f]{6}$/, 'no space left on device');
    const { code, err } = await run(['restore', 'home', 'minio', '--yes']);
    expect(code).toBe(3);
    expect(err).toContain('no space left on device');
    expect(err).toContain(
      'Run it again (npx hearth restore home minio), or go on with the data as it is; then: npx hearth start home',
    );
    memory.failing.clear();
    expect((await run(['restore', 'home', 'minio', '--yes'])).code).toBe(0);
    expect((await run(['start', 'home'])).code).toBe(0);
    expect((await run(['status', 'home'])).code).toBe(0);
  });
});
