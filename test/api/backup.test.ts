import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { all, container, find } from '../support/objects';
import { ApiServer } from './support/api-server';
import { commandOf, environmentOf } from './support/container';
import { objectsOf, platformFiles, platformNamed, Workspace } from './support/platforms';
import { apiServerNeeds, asset, Background, eventually, run, suiteWith, type Result } from './support/programs';

const suite = suiteWith('test/api/backup', apiServerNeeds());
const namespace = 'geoai-backup-tooling';
const labels = { 'app.kubernetes.io/name': 'rustdesk', 'app.kubernetes.io/instance': 'hbbs' };

interface Program {
  metadata: { generation: number };
  spec: { replicas: number };
}

/**
 * The containers that stop a program for its backup and start it again, with the rights of their pod at a real API server.
 * What a controller does, the test does.
 */
suite('a program that is stopped for its backup', () => {
  let server: ApiServer;
  let workspace: Workspace;
  let folder: string;
  let kubeconfig: string;
  let reconciling: Promise<void>;
  let ended = false;

  const objects = objectsOf(platformNamed('geoai-backup'));
  const { template } = find(objects, 'CronJob', 'rustdesk-backup').spec.jobTemplate.spec;
  const kubectl = (...args: string[]) => server.kubectl([`--namespace=${namespace}`, ...args]);
  const replicas = async () => (JSON.parse(await kubectl('get', 'sts/hbbs', '-o', 'json')) as Program).spec.replicas;
  const replicasFile = () => join(folder, '.hearth-replicas');

  /** Makes the pods of the program follow its replicas. */
  const reconcile = async () => {
    while (!ended) {
      const { metadata, spec } = JSON.parse(await kubectl('get', 'sts/hbbs', '-o', 'json')) as Program;
      const status = { status: { observedGeneration: metadata.generation, replicas: spec.replicas } };
      if (spec.replicas === 0) await kubectl('delete', 'pod', 'hbbs-0', '--ignore-not-found', '--grace-period=1');
      else await server.try(['create', '-f', '-'], { input: pod('hbbs-0', labels) });
      await kubectl('patch', 'sts/hbbs', '--subresource=status', '--type=merge', `--patch=${JSON.stringify(status)}`);
      await sleep(100);
    }
  };
  const pod = (name: string, podLabels: Record<string, string>) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: podLabels },
      spec: template.spec,
    });
  const createBackup = async (name: string) => {
    const created = await server.try(['create', '-f', '-'], { input: pod(name, template.metadata.labels) });
    expect(created).toMatchObject({ code: 0 });
  };
  const setStatus = (name: string, status: object) =>
    kubectl('patch', `pod/${name}`, '--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`);
  const terminated = {
    containerStatuses: [
      {
        name: 'backup',
        image: 'i',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: '2030-01-01T00:00:00Z' } },
      },
    ],
  };

  /** Program, arguments and options of a container, as the pod of that name starts it. */
  const started = (name: string, backup: string) => {
    const found = container(template, name);
    const environment = { ...environmentOf(found, () => ''), POD: backup };
    const [command = '', ...args] = commandOf(found, environment).map((text) => text.replaceAll('/volume', folder));
    const path = `${process.env.KUBEBUILDER_ASSETS}:${process.env.PATH}`;
    return [command, args, { cwd: folder, env: { ...environment, PATH: path, HOME: folder, KUBECONFIG: kubeconfig } }] as const;
  };
  const runIn = (backup: string, name: string): Promise<Result> => run(...started(name, backup));

  beforeAll(async () => {
    workspace = new Workspace(fixture());
    server = await ApiServer.start();
    folder = mkdtempSync(join(tmpdir(), 'hearth-volume-'));
    const apply = ['apply', '--server-side', '-R', '-f'];
    await server.kubectl([...apply, 'dist/geoai-backup/00-cluster'], { cwd: workspace.folder });
    await server.kubectl([...apply, 'dist/geoai-backup/09-tooling'], { cwd: workspace.folder }).catch(() => undefined);
    kubeconfig = server.writeKubeconfig('rustdesk-backup', (await kubectl('create', 'token', 'rustdesk-backup')).trim());
    await run(asset('kubectl') ?? '', ['config', 'set-context', 'test', `--namespace=${namespace}`], {
      env: { KUBECONFIG: kubeconfig },
    });
    reconciling = reconcile();
  });

  beforeEach(async () => {
    await kubectl('delete', 'pod', '--selector=app.kubernetes.io/instance=rustdesk-backup', '--force');
    await kubectl('scale', 'sts/hbbs', '--replicas=1');
    await eventually(() => kubectl('get', 'pod', 'hbbs-0'));
    rmSync(replicasFile(), { force: true });
  });

  afterAll(async () => {
    ended = true;
    await reconciling?.catch(() => undefined);
    await server?.stop();
    workspace?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  test('it has no pod any more once it is stopped, and runs again after the backup, even one that was killed', async () => {
    await createBackup('one');
    expect(await runIn('one', 'stop')).toMatchObject({ code: 0 });
    expect([await replicas(), await kubectl('get', 'pod', `--selector=app.kubernetes.io/instance=hbbs`, '-o', 'name')]).toEqual([
      0,
      '',
    ]);
    expect(readFileSync(replicasFile(), 'utf8')).toBe('1');
    await setStatus('one', terminated);
    expect(await runIn('one', 'start')).toMatchObject({ code: 0 });
    expect([await replicas(), existsSync(replicasFile())]).toEqual([1, false]);
  });

  test('one that was stopped before stays stopped', async () => {
    await kubectl('scale', 'sts/hbbs', '--replicas=0');
    await createBackup('one');
    expect(await runIn('one', 'stop')).toMatchObject({ code: 0 });
    await setStatus('one', terminated);
    expect(await runIn('one', 'start')).toMatchObject({ code: 0 });
    expect([await replicas(), existsSync(replicasFile())]).toEqual([0, false]);
  });

  test('one that a backup left stopped when its node died runs again after the next', async () => {
    await kubectl('scale', 'sts/hbbs', '--replicas=0');
    writeFileSync(replicasFile(), '1');
    await createBackup('two');
    expect(await runIn('two', 'stop')).toMatchObject({ code: 0 });
    await setStatus('two', terminated);
    expect(await runIn('two', 'start')).toMatchObject({ code: 0 });
    expect(await replicas()).toBe(1);
  });

  test('it runs again at once when the pod is told to end', async () => {
    await createBackup('one');
    expect(await runIn('one', 'stop')).toMatchObject({ code: 0 });
    const [command, args, options] = started('start', 'one');
    const waiting = new Background(command, args, options);
    await sleep(1000);
    await waiting.stop('SIGTERM');
    expect(await replicas()).toBe(1);
  });

  test('of two backups the later one waits', async () => {
    await createBackup('b-first');
    await sleep(1100);
    await createBackup('a-second');
    const [command, args, options] = started('stop', 'a-second');
    const waiting = new Background(command, args, options);
    await sleep(2000);
    expect(await replicas()).toBe(1);
    await setStatus('b-first', { phase: 'Succeeded' });
    await waiting.until(async () => expect(await replicas()).toBe(0));
    await waiting.stop('SIGTERM');
  });

  test('its rights are to scale this program, and no more', async () => {
    const can = async (...question: string[]) =>
      (
        await run(asset('kubectl') ?? '', ['auth', 'can-i', ...question], {
          env: { KUBECONFIG: kubeconfig, HOME: folder },
        })
      ).stdout.trim();
    expect(await can('patch', 'statefulsets/hbbs', '--subresource=scale')).toBe('yes');
    expect(await can('patch', 'statefulsets/hbbs')).toBe('no');
    expect(await can('patch', 'statefulsets/other', '--subresource=scale')).toBe('no');
    expect(await can('delete', 'pods')).toBe('no');
    expect(await can('list', 'pods', '--namespace=geoai-backup-data')).toBe('no');
    expect(all(objects, 'ServiceAccount').map(({ metadata }) => metadata.name)).toContain('rustdesk-backup');
  });
});

function fixture() {
  const found = platformFiles().find(({ name }) => name === 'geoai-backup');
  if (!found) throw new Error('no platform geoai-backup');
  return found;
}
