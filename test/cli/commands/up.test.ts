import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../../cli/world';
import { commandLine } from '../command-line';
import { LivingCluster } from '../living-cluster';
import { description, hearthFolder, temporaryFolder } from '../world';

const root = hearthFolder();
let memory: LivingCluster;
beforeEach(() => (memory = new LivingCluster()));
const up = (args: string[] = [], given: Partial<World> = {}) => commandLine(['up', 'home', ...args], { memory, root, ...given });

test('names the cluster, applies in order, makes the Secrets in between, and ends with the addresses', async () => {
  const { code, out } = await up();
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect(lines[0]).toBe(memory.title);
  const at = (text: string) => lines.findIndex((line) => line.includes(text));
  const order = [
    '00-cluster: ',
    'made home-data/postgis',
    '01-gateway: ',
    '04-data: ',
    '08-ai: ',
    'mlflow: ready',
    'https://mlflow.home.arpa/',
    'npx hearth credentials home --show',
  ];
  expect(order.map(at)).toEqual([...order.map(at)].sort((a, b) => a - b));
  expect(order.map(at)).not.toContain(-1);
  for (const value of [...memory.secrets.secrets.values()]
    .flatMap((data) => Object.values(data))
    .filter((text) => text.length > 12)) {
    expect(out).not.toContain(Buffer.from(value, 'base64').toString());
  }
});

test('a second time it changes nothing', async () => {
  await up();
  const [versions, secrets] = [[...memory.objects], memory.secrets.content];
  const { code, out } = await up();
  expect(code).toBe(0);
  expect(out.match(/\d+ made or changed/g)).toEqual(['0', '0', '0', '0', '0'].map((n) => `${n} made or changed`));
  expect([...memory.objects]).toEqual(versions);
  expect(memory.secrets.content).toBe(secrets);
});

test('ends once everything is applied with --no-wait', async () => {
  const { code, out } = await up(['--no-wait']);
  expect(code).toBe(0);
  expect(out).not.toContain('ready after');
});

test('says what does not become ready, and ends with 3', async () => {
  const apply = memory.apply.bind(memory);
  memory.apply = async (manifest, options) => {
    const applied = await apply(manifest, options);
    if (manifest.metadata.name === 'mlflow' && manifest.kind === 'Deployment') {
      memory.put({ ...applied, ...{ status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 } } });
    }
    return applied;
  };
  const { code, err } = await up(['--timeout', '10']);
  expect(code).toBe(3);
  expect(err).toContain('not ready after 10s:\n  mlflow: ');
  expect(err).toContain('npx hearth logs home mlflow');
});

test('removes jobs that newer ones replaced; what else is left over it names, and deletes with --prune', async () => {
  await up();
  const labels = { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': 'home' };
  const left = (apiVersion: string, kind: string, name: string) =>
    memory.put({ apiVersion, kind, metadata: { name, namespace: 'home-data', labels } });
  left('batch/v1', 'Job', 'postgis-databases-0ld');
  left('v1', 'Service', 'gone');
  memory.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'home-auth', labels } });
  memory.written.length = 0;
  const { err } = await up();
  const deleted = () => memory.changes.filter((change) => change.startsWith('delete'));
  expect(deleted()).toEqual(['delete Job postgis-databases-0ld']);
  expect(err).toContain('no longer in the platform: Service home-data/gone, Namespace home-auth; --prune deletes it');
  memory.written.length = 0;
  expect((await up(['--prune'])).err).toContain('Namespace home-auth; it may hold data');
  expect(deleted()).toEqual(['delete Service gone']);
});

test('refuses where Argo CD would undo it, unless told to go on', async () => {
  memory.put({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'home-04-data', namespace: 'argocd' },
    ...{ spec: { project: 'home', syncPolicy: { automated: {} } } },
  });
  const { code, err } = await up();
  expect(code).toBe(1);
  expect(err).toContain('argocd app set home-04-data --sync-policy none');
  expect(memory.written).toEqual([]);
  expect((await up(['--force'])).code).toBe(0);
});

test('runs a job again that had failed, and says so', async () => {
  await up();
  const job = [...memory.objects.values()].find(
    ({ kind, metadata }) => kind === 'Job' && metadata.name.startsWith('postgis-databases'),
  );
  if (!job) throw new Error('no job');
  memory.put({ ...job, ...{ status: { conditions: [{ type: 'Failed', status: 'True' }] } } });
  memory.written.length = 0;
  const { code, out } = await up();
  expect(code).toBe(0);
  expect(out).toContain('postgis-databases failed before: runs it again');
  const { name } = job.metadata;
  expect(memory.changes.filter((change) => change.includes(' Job postgis-databases'))).toEqual([
    `delete Job ${name}`,
    `apply Job ${name}`,
  ]);
  expect((await up()).out).not.toContain('failed before');
});

test('a platform file with mistakes is explained, and nothing is asked of the cluster', async () => {
  const wrong = temporaryFolder();
  mkdirSync(join(wrong, 'platforms'));
  writeFileSync(join(wrong, 'platforms/home.yaml'), description.replace('k3s', 'k4s'));
  const { code, err } = await up([], { root: wrong, cluster: () => Promise.reject(new Error('asked')) });
  expect(code).toBe(1);
  expect(err).toContain('home.yaml:3  cluster: "k4s" is not possible here; did you mean "k3s"?');
});

describe('on kind', () => {
  const kindRoot = temporaryFolder();
  mkdirSync(join(kindRoot, 'platforms'));
  writeFileSync(join(kindRoot, 'platforms/home.yaml'), description.replace('k3s', 'kind'));
  const given = (contexts: string[], result?: { code: number; stdout: string; stderr: string }) => {
    const [calls, used]: [string[][], (string | undefined)[]] = [[], []];
    const world: Partial<World> = {
      root: kindRoot,
      contexts: async () => contexts,
      cluster: async (context) => {
        used.push(context);
        return memory;
      },
      program: async (command, args, input = '') => {
        calls.push([command, ...args, input]);
        if (result?.code === 0) contexts.push('kind-home');
        return result;
      },
    };
    return { world, calls, used };
  };

  test('makes the cluster when it is missing, with the public ports of the platform, and uses it', async () => {
    const { world, calls, used } = given(['other'], { code: 0, stdout: '', stderr: '' });
    expect((await up([], world)).code).toBe(0);
    expect(calls.map(([command, verb, noun]) => [command, verb, noun])).toEqual([['kind', 'create', 'cluster']]);
    const configuration = calls[0]?.at(-1);
    for (const line of ['kind: Cluster', 'name: home', 'hostPort: 80\n', 'hostPort: 443\n', 'hostPort: 21116\n']) {
      expect(configuration).toContain(line);
    }
    expect(used).toEqual(['kind-home']);
  });

  test('uses the cluster that is there, and another one where a context is named', async () => {
    const { world, calls, used } = given(['kind-home', 'lab']);
    expect((await up([], world)).code).toBe(0);
    expect((await up(['--context', 'lab'], world)).code).toBe(0);
    expect(used).toEqual(['kind-home', 'lab']);
    expect(calls).toEqual([]);
  });

  test('says what to do where kind is not installed, or fails', async () => {
    const missing = await up([], given([]).world);
    expect(missing.code).toBe(1);
    expect(missing.err).toContain('kind is not installed: see https://kind.sigs.k8s.io');
    const failed = await up([], given([], { code: 1, stdout: '', stderr: 'no docker\n' }).world);
    expect(failed).toMatchObject({ code: 1, err: 'kind could not create the cluster:\nno docker' });
    expect(memory.written).toEqual([]);
  });
});
