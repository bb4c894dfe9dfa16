import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, findProgram, freePort, run, suiteWith } from '../api/support/programs';
import { container, find, findJob } from '../support/objects';

const mc = findProgram('mc');
const suite = suiteWith('test/config/minio', { 'minio on PATH': findProgram('minio'), 'mc, its client, on PATH': mc });

const refused = /Access Denied|Insufficient permissions/;
/** Platform → its buckets. */
const expected: Record<string, string[]> = { geoai: ['mlflow'], 'geoai-high': ['datasets', 'exports', 'mlflow'] };

/** MinIO, and the job that makes the buckets, both as the manifests start them. */
suite.each(Object.entries(expected))('the buckets of %s in a real MinIO', (name, buckets) => {
  const objects = objectsOf(platformNamed(name));
  const pod = container(find(objects, 'StatefulSet', 'minio').spec.template, 'minio');
  const job = container(findJob(objects, 'minio-buckets').spec.template, 'minio');
  const keys = new Map<string, string>();
  let folder: string;
  let server: Background;
  let address: string;

  const secret = (credential: string, key: string) => {
    const value = `${key}-of-${credential}`.toLowerCase();
    // Access keys are 20 characters at most.
    return (
      keys.get(`${credential}/${key}`) ?? (key === 'accessKeyId' ? value.replace('accesskeyid-of-', 'id-') : value)
    );
  };
  const here = () => ({
    PATH: `${folder}:${process.env.PATH}`,
    HOME: folder,
    MC_CONFIG_DIR: join(folder, 'mc-config'),
  });
  const inFolder = (text: string) => text.replaceAll('/etc/buckets', folder).replace(/^\/data$/, join(folder, 'data'));

  /** Runs what a container runs, with its files and its server where they are here. */
  const runContainer = (of: typeof job) => {
    const environment = environmentOf(of, secret);
    const env = {
      ...environment,
      MC_HOST_store: environment.MC_HOST_store?.replace(/@.*/, `@${address}`),
      ...here(),
    };
    const [command = '', ...args] = of.command.map(inFolder);
    return run(command, args, { env, cwd: folder });
  };

  /** Runs the client with the keys of a credential. */
  const client = (credential: string, args: string[], input?: string) =>
    run(mc ?? 'mc', ['--json', ...args], {
      input,
      env: {
        ...here(),
        MC_HOST_store: `http://${secret(credential, 'accessKeyId')}:${secret(credential, 'secretAccessKey')}@${address}`,
      },
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-minio-'));
    const { data } = find(objects, 'ConfigMap', 'minio-buckets');
    for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), inFolder(text));
    // Every call of the client leaves its arguments here, which is what a process list shows.
    const wrapper = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${folder}/arguments'\nexec '${mc}' "$@"\n`;
    writeFileSync(join(folder, 'mc'), wrapper, { mode: 0o755 });
    address = `127.0.0.1:${await freePort()}`;
    const console = `127.0.0.1:${await freePort()}`;
    const [command = '', ...args] = pod.command.map((part) =>
      inFolder(part)
        .replace('--address=:9000', `--address=${address}`)
        .replace('console-address=:9001', `console-address=${console}`),
    );
    server = new Background(command, args, { cwd: folder, env: { ...environmentOf(pod, secret), ...here() } });
    await server.until(async () => {
      expect((await fetch(`http://${address}${pod.readinessProbe.httpGet.path}`)).status).toBe(200);
    });
  }, 60_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  test('the server answers its probes and its metrics', async () => {
    expect((await fetch(`http://${address}${pod.livenessProbe.httpGet.path}`)).status).toBe(200);
    expect((await fetch(`http://${address}/minio/v2/metrics/cluster`)).status).toBe(200);
  });

  test('the job runs, and runs again', async () => {
    for (const attempt of [1, 2]) expect({ attempt, ...(await runContainer(job)) }).toMatchObject({ code: 0 });
  }, 60_000);

  test('every bucket has its user, whose policy allows all in it', async () => {
    const { stdout } = await client('minio', ['ls', 'store']);
    const names = lines<{ key: string }>(stdout).map(({ key }) => key.replace('/', ''));
    expect(names.sort()).toEqual(buckets);
    for (const bucket of buckets) {
      const user = await client('minio', ['admin', 'user', 'info', 'store', secret(`minio-${bucket}`, 'accessKeyId')]);
      expect(lines(user.stdout)).toMatchObject([{ policyName: `bucket-${bucket}`, userStatus: 'enabled' }]);
    }
  });

  test('a user reads and writes in its bucket, and nothing elsewhere', async () => {
    expect(await client('minio', ['mb', 'store/other'])).toMatchObject({ code: 0 });
    for (const bucket of buckets) {
      const user = `minio-${bucket}`;
      expect(await client(user, ['pipe', `store/${bucket}/folder/object`], 'content')).toMatchObject({ code: 0 });
      expect((await client(user, ['cat', `store/${bucket}/folder/object`])).stdout).toBe('content');
      for (const other of [...buckets.filter((candidate) => candidate !== bucket), 'other']) {
        expect((await client(user, ['pipe', `store/${other}/object`], 'content')).stdout).toMatch(refused);
        expect((await client(user, ['ls', `store/${other}`])).stdout).toMatch(refused);
      }
      expect((await client(user, ['mb', 'store/mine'])).stdout).toMatch(refused);
    }
  }, 60_000);

  test('the container that waits for the bucket of MLflow sees it', async () => {
    const wait = container(find(objects, 'Deployment', 'mlflow').spec.template, 'wait-for-minio');
    expect(await runContainer(wait)).toMatchObject({ code: 0 });
  }, 90_000);

  test('a new secret key holds after the next run', async () => {
    const former = secret('minio-mlflow', 'secretAccessKey');
    keys.set('minio-mlflow/secretAccessKey', 'another-secret-key');
    expect(await runContainer(job)).toMatchObject({ code: 0 });
    expect(await client('minio-mlflow', ['ls', 'store/mlflow'])).toMatchObject({ code: 0 });
    keys.set('minio-mlflow/secretAccessKey', former);
    expect((await client('minio-mlflow', ['ls', 'store/mlflow'])).stdout).toContain('signature');
    keys.set('minio-mlflow/secretAccessKey', 'another-secret-key');
  }, 30_000);

  test('no secret key stood in the arguments of a program', () => {
    const seen = readFileSync(join(folder, 'arguments'), 'utf8');
    expect(seen).toContain('admin user add store');
    for (const credential of ['minio', ...buckets.map((bucket) => `minio-${bucket}`)]) {
      expect(seen).not.toContain(`secretaccesskey-of-${credential}`);
    }
    expect(seen).not.toContain('another-secret-key');
  });
});

/** The documents of `--json`. */
function lines<T = unknown>(output: string): T[] {
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}
