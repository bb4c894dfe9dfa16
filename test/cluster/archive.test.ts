import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupTarget } from './support/backup-target';
import { Hearth } from './support/hearth';
import { eventually, kubectl } from './support/kubectl';
import { suite } from './support/suite';

/**
 * The backup of a volume whose program must be stopped meanwhile. No program of the catalogue with such a volume has a
 * stand-in, so that one of the test takes its place: support/hearth-with-notes.ts.
 */
suite('an archive on a cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-archive-'));
  let target: BackupTarget;
  let hearth: Hearth;
  const inPod = (command: string) => kubectl(['exec', 'notes-0', '--namespace=notes-tooling', '--', 'sh', '-c', command]);
  const lines = async () => Number(await inPod('cat /data/open | wc -l'));
  const files = async () => (await inPod('ls -A /data')).trim().split('\n').sort();

  beforeAll(async () => {
    target = await BackupTarget.start();
    mkdirSync(join(folder, 'platforms'));
    const file = {
      name: 'notes',
      domain: 'notes.home.arpa',
      cluster: 'kubernetes',
      network: { apiServer: ['0.0.0.0/0'] },
      services: { traefik: {}, rustdesk: {}, backup: { target: { endpoint: target.endpoint, bucket: 'backups' } } },
    };
    writeFileSync(join(folder, 'platforms/notes.yaml'), JSON.stringify(file));
    hearth = new Hearth(folder, target.env, join(__dirname, 'support/hearth-with-notes.ts'));
    await hearth.succeed('up', 'notes');
  }, 240_000);

  afterAll(async () => {
    if (process.env.HEARTH_TEST_KEEP) return;
    await hearth?.attempt('destroy', 'notes', '--delete-data', '--confirm', 'notes');
    await target?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  let archived = 0;

  test('the program is stopped while its files are read, and runs again afterwards', async () => {
    await eventually(async () => expect(await lines()).toBeGreaterThan(10));
    await hearth.succeed('backup', 'notes');
    await eventually(async () => expect(await lines()).toBeGreaterThan(0));
    archived = await lines();
    expect(await files()).toEqual(['open']);
    expect(archived).toBeGreaterThan(10);
  }, 240_000);

  test('after it, the program can be stopped and started as before', async () => {
    await hearth.succeed('stop', 'notes');
    expect(
      await kubectl(['get', 'pods', '--namespace=notes-tooling', '--field-selector=status.phase=Running', '-o', 'name']),
    ).toBe('');
    await hearth.succeed('start', 'notes');
    expect((await hearth.attempt('diff', 'notes', '--exit-code')).stdout).toContain('Nothing differs');
  }, 240_000);

  test('restore brings back exactly the files of the archive, whole', async () => {
    await inPod('rm /data/open; seq 3 > /data/other; touch /data/damaged');
    await hearth.succeed('restore', 'notes', '--yes');
    await eventually(async () => expect(await lines()).toBeGreaterThan(10));
    expect(await files()).toEqual(['open']);
    expect(await inPod('sort -u /data/open')).toBe('note\n');
    expect(await inPod('stat -c %u:%g /data/open')).toBe('1000:1000\n');
  }, 240_000);

  test('a program that was stopped stays stopped, and its archive is made all the same', async () => {
    await hearth.succeed('stop', 'notes');
    await hearth.succeed('backup', 'notes');
    expect(await kubectl(['get', 'statefulset', 'notes', '--namespace=notes-tooling', '-o', 'jsonpath={.spec.replicas}'])).toBe(
      '0',
    );
    const list = JSON.parse(await hearth.succeed('backup', 'notes', '--list', '--output', 'json')) as unknown[];
    expect(list).toHaveLength(2);
    await hearth.succeed('start', 'notes');
  }, 240_000);

  test('a backup that is killed while the program is stopped brings it back', async () => {
    const backup = hearth.attempt('backup', 'notes');
    await eventually(async () => {
      const replicas = await kubectl([
        'get',
        'statefulset',
        'notes',
        '--namespace=notes-tooling',
        '-o',
        'jsonpath={.spec.replicas}',
      ]);
      expect(replicas).toBe('0');
    });
    const jobs = await kubectl([
      'get',
      'jobs',
      '--namespace=notes-tooling',
      '--selector=hearth/run=backup',
      '-o',
      'jsonpath={.items[?(@.status.active==1)].metadata.name}',
    ]);
    await kubectl([
      'delete',
      'pods',
      '--namespace=notes-tooling',
      `--selector=batch.kubernetes.io/job-name=${jobs.trim()}`,
      '--grace-period=0',
      '--force',
    ]);
    await backup;
    await eventually(async () => expect(await lines()).toBeGreaterThan(10), 180);
    expect((await files()).filter((name) => name !== 'open')).toEqual([]);
  }, 400_000);
});
