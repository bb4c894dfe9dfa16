import type { Platform } from '../../../lib/core/platform';
import { Refusal } from '../../../cli/refusal';
import { commandLine } from '../command-line';
import { MemoryCluster } from '../memory-cluster';
import { controller, notReady, object, pod, running, runPlatform, upStatus, workloadOf } from '../running-platform';
import { hearthFolder, platform as homePlatform } from '../world';

let home: Platform;
let memory: MemoryCluster;
beforeEach(() => {
  [home, memory] = [homePlatform(), new MemoryCluster()];
  runPlatform(memory, home);
});
const status = (...args: string[]) => commandLine(['status', 'home', ...args], { memory });

function breakMlflow(): void {
  const mlflow = workloadOf(home, 'mlflow');
  memory.put(controller(mlflow, { ...upStatus(mlflow), readyReplicas: 0 }));
  const waiting = { reason: 'CrashLoopBackOff' };
  const terminated = { exitCode: 1, message: 'no such table' };
  const container = running('mlflow', { ready: false, restartCount: 4, state: { waiting }, lastState: { terminated } });
  memory.put(pod(mlflow, 'mlflow-abc', notReady({ initContainerStatuses: [], containerStatuses: [container] })));
}

test('a platform that is up', async () => {
  const { code, out, err } = await status();
  expect(code).toBe(0);
  expect(err).toBe(memory.title);
  const cells = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(cells[0]).toEqual(['COMPONENT', 'WORKLOAD', 'KIND', 'STATE', 'READY', 'RESTARTS', 'AGE']);
  expect(cells).toContainEqual(['mlflow', 'mlflow', 'Deployment', 'ready', '1/1', '0', '60m']);
  expect(cells).toContainEqual(['minio', 'minio-buckets', 'Job', 'complete', '1/1', '0', '60m']);
  expect(cells).toContainEqual(['postgis', 'data-postgis-0', 'bound', '20Gi']);
  expect(out).toContain(`All ${home.graph.workloads.length} workloads are up.`);
  expect(out).not.toContain('npx hearth');
});

test('what is not up, why, and what to do', async () => {
  breakMlflow();
  const hbbr = workloadOf(home, 'hbbr');
  memory.put(controller(hbbr, {}, { replicas: 0 }));
  await memory.delete({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'traefik', namespace: 'home-gateway' });
  const { code, out } = await status();
  expect(code).toBe(3);
  expect(out).toMatch(/^mlflow +mlflow +Deployment +starting +0\/1 +4 /m);
  expect(out.split('\n')).toEqual(
    expect.arrayContaining([
      'mlflow: crashes: exit code 1: no such table',
      'hbbr: scaled to 0',
      'traefik: not in the cluster',
      'missing: npx hearth up home',
      'stopped: npx hearth start home rustdesk',
      'starting: npx hearth logs home mlflow',
      `${home.graph.workloads.length - 3} of ${home.graph.workloads.length} workloads are up.`,
    ]),
  );
});

test('claims and Secrets that are missing, without any value', async () => {
  await memory.delete({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data-postgis-0', namespace: 'home-data' });
  memory.secrets.remove('home-ai/postgis-mlflow', 'password');
  const { out } = await status();
  expect(out).toMatch(/^postgis +data-postgis-0 +missing +20Gi$/m);
  expect(out).toContain('Secret home-ai/postgis-mlflow lacks password\nnpx hearth credentials home makes them');
  expect(out).not.toContain('top-secret');
  expect((await status('--output', 'json')).out).not.toContain('top-secret');
});

test('an empty cluster', async () => {
  const { code, out } = await commandLine(['status', 'home'], { memory: new MemoryCluster() });
  expect(code).toBe(3);
  expect(out).toContain(`0 of ${home.graph.workloads.length} workloads are up.`);
  expect(out).toContain('missing: npx hearth up home');
});

test('who may not read Secrets sees the rest', async () => {
  jest.spyOn(memory.secrets, 'read').mockRejectedValue(new Refusal('the cluster forbids to read Secrets'));
  const { code, out, err } = await status();
  expect(code).toBe(0);
  expect(out).toContain('workloads are up');
  expect(err).toContain('note: the cluster forbids to read Secrets');
});

test('JSON alone on standard output', async () => {
  breakMlflow();
  const { code, out } = await status('--output', 'json');
  expect(code).toBe(3);
  const found = JSON.parse(out) as { workload: string }[];
  expect(found.map(({ workload }) => workload).sort()).toEqual(home.graph.workloads.map(({ name }) => name).sort());
  expect(found.find(({ workload }) => workload === 'mlflow')).toMatchObject({
    component: 'mlflow',
    kind: 'Deployment',
    namespace: 'home-ai',
    state: 'starting',
    up: false,
    ready: 0,
    wanted: 1,
    restarts: 4,
    reason: 'crashes: exit code 1: no such table',
    pods: [{ name: 'mlflow-abc', status: 'CrashLoopBackOff', restarts: 4 }],
    claims: [],
  });
  expect(found.find(({ workload }) => workload === 'postgis')).toMatchObject({
    claims: [{ name: 'data-postgis-0', state: 'bound', size: '20Gi' }],
  });
});

describe('--watch', () => {
  test('prints changes alone, and ends when everything is up', async () => {
    breakMlflow();
    let naps = 0;
    const { code, out } = await commandLine(['status', 'home', '--watch'], {
      memory,
      sleep: async () => {
        naps += 1;
        if (naps === 3) runPlatform(memory, home);
      },
    });
    expect(code).toBe(0);
    expect(naps).toBe(3);
    expect(out.match(/^COMPONENT +WORKLOAD/gm)).toHaveLength(2);
  });

  test('ends when it is interrupted', async () => {
    breakMlflow();
    const interrupted = new AbortController();
    const sleep = async () => {
      interrupted.abort();
      throw interrupted.signal.reason;
    };
    const { code } = await commandLine(['status', 'home', '--watch'], { memory, signal: interrupted.signal, sleep });
    expect(code).toBe(130);
  });
});

test('when each backup last succeeded and failed, also those by hand', async () => {
  const extra = '  backup:\n    target: { endpoint: https://s3.home.arpa, bucket: backups }\n';
  const [guarded, root] = [homePlatform(extra), hearthFolder(extra)];
  memory = new MemoryCluster();
  runPlatform(memory, guarded);
  const [postgis] = guarded.graph.backups.filter(({ component }) => component.name === 'postgis');
  if (!postgis) throw new Error('postgis is not in the backup');
  const { namespace, selector } = postgis.backup;
  const run = (name: string, status: object) =>
    memory.put(object('Job', { name, namespace, labels: { ...selector, 'hearth/run': 'backup' } }, { spec: {}, status }));
  const line = async () => {
    const { code, out } = await commandLine(['status', 'home'], { memory, root });
    const cells = out.split('\n').map((text) => text.split(/ {2,}/));
    return [code, cells[cells.findIndex(([, title]) => title === 'BACKUP') + 1 + guarded.graph.backups.indexOf(postgis)]];
  };
  expect(await line()).toEqual([0, ['postgis', 'postgis', '60m ago', 'never']]);
  run('by-hand', { conditions: [{ type: 'Complete', status: 'True' }], completionTime: '2026-01-02T03:02:05Z' });
  run('by-hand-2', { conditions: [{ type: 'Failed', status: 'True', lastTransitionTime: '2026-01-02T03:03:05Z' }] });
  expect(await line()).toEqual([0, ['postgis', 'postgis', '2m ago', '60s ago']]);
});
