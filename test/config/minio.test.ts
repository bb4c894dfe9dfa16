import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf } from '../api/support/container';
import { objectsOf } from '../api/support/platforms';
import { Background, findProgram, freePort, run, suiteWith, type Result } from '../api/support/programs';
import { container, find, findJob } from '../support/objects';
import { geoai } from '../support/platforms';

const mc = findProgram('mc');
const suite = suiteWith('test/config/minio', { 'minio on PATH': findProgram('minio'), 'mc, its client, on PATH': mc });

const refused = /Access Denied|Insufficient permissions/;
/** The objects of a platform with these buckets for people. */
const withBuckets = (buckets: unknown) => objectsOf(geoai({}, { minio: { buckets } }));
type Objects = ReturnType<typeof withBuckets>;

/** MinIO and the job that makes the buckets, both as the manifests start them, on this host. */
class Store {
  private readonly folder = mkdtempSync(join(tmpdir(), 'hearth-minio-'));
  private readonly keys = new Map<string, string>();
  private server?: Background;
  address = '';

  async start(objects: Objects): Promise<void> {
    const pod = container(find(objects, 'StatefulSet', 'minio').spec.template, 'minio');
    // Every call of the client leaves its arguments here, which is what a process list shows.
    const wrapper = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${this.folder}/arguments'\nexec '${mc}' "$@"\n`;
    writeFileSync(join(this.folder, 'mc'), wrapper, { mode: 0o755 });
    this.address = `127.0.0.1:${await freePort()}`;
    const console = `127.0.0.1:${await freePort()}`;
    const [command = '', ...args] = pod.command.map((part) =>
      this.inFolder(part)
        .replace('--address=:9000', `--address=${this.address}`)
        .replace('console-address=:9001', `console-address=${console}`),
    );
    const env = { ...environmentOf(pod, this.secret), ...this.here };
    this.server = new Background(command, args, { cwd: this.folder, env });
    await this.server.until(async () => {
      expect((await fetch(`http://${this.address}${pod.readinessProbe.httpGet.path}`)).status).toBe(200);
    });
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The value of a credential's key, made up. */
  readonly secret = (credential: string, key: string): string => {
    const value = `${key}-of-${credential}`.toLowerCase();
    // Access keys are 20 characters at most.
    const short = key === 'accessKeyId' ? value.replace('accesskeyid-of-', 'id-') : value;
    return this.keys.get(`${credential}/${key}`) ?? short;
  };

  replaceSecret(credential: string, key: string, value: string): void {
    this.keys.set(`${credential}/${key}`, value);
  }

  /** Runs the job of a platform to its end, with its files. */
  runJob(objects: Objects): Promise<Result> {
    const { data } = find(objects, 'ConfigMap', 'minio-buckets');
    for (const [file, text] of Object.entries(data)) writeFileSync(join(this.folder, file), this.inFolder(text));
    return this.runContainer(container(findJob(objects, 'minio-buckets').spec.template, 'minio'));
  }

  /** Runs what a container runs, with its server where it is here. */
  runContainer(of: ReturnType<typeof container>): Promise<Result> {
    const environment = environmentOf(of, this.secret);
    const env = {
      ...environment,
      MC_HOST_store: environment.MC_HOST_store?.replace(/@.*/, `@${this.address}`),
      ...this.here,
    };
    const [command = '', ...args] = of.command.map((part) => this.inFolder(part));
    return run(command, args, { env, cwd: this.folder });
  }

  /** Runs the client with the keys of a credential. */
  client(credential: string, args: string[], input?: string): Promise<Result> {
    const keys = `${this.secret(credential, 'accessKeyId')}:${this.secret(credential, 'secretAccessKey')}`;
    return run(mc ?? 'mc', ['--json', ...args], {
      input,
      env: { ...this.here, MC_HOST_store: `http://${keys}@${this.address}` },
    });
  }

  /** The arguments of all calls of the client by containers. */
  get arguments(): string {
    return readFileSync(join(this.folder, 'arguments'), 'utf8');
  }

  private get here(): Record<string, string> {
    return {
      PATH: `${this.folder}:${process.env.PATH}`,
      HOME: this.folder,
      MC_CONFIG_DIR: join(this.folder, 'mc-config'),
    };
  }

  private readonly inFolder = (text: string) =>
    text
      .replaceAll('/etc/buckets', this.folder)
      .replaceAll('=/volume', `=${join(this.folder, 'data')}`)
      .replace(/^\/data$/, join(this.folder, 'data'));
}

suite.each([
  { title: 'for MLflow', declared: [], buckets: ['mlflow'] },
  { title: 'for MLflow and people', declared: ['datasets', 'exports'], buckets: ['datasets', 'exports', 'mlflow'] },
])('buckets $title in a real MinIO', ({ declared, buckets }) => {
  const objects = withBuckets(declared);
  const pod = container(find(objects, 'StatefulSet', 'minio').spec.template, 'minio');
  const store = new Store();
  const client = store.client.bind(store);
  const secret = store.secret;

  beforeAll(() => store.start(objects));

  afterAll(() => store.stop());

  test('the server answers its probes and its metrics', async () => {
    expect((await fetch(`http://${store.address}${pod.livenessProbe.httpGet.path}`)).status).toBe(200);
    expect((await fetch(`http://${store.address}/minio/v2/metrics/cluster`)).status).toBe(200);
  });

  test('its drive is taken for that of one server, and refused for one of several', async () => {
    const check = (servers: number) => {
      const wanted = objectsOf(geoai({}, { minio: { servers } }));
      const { template } = find(wanted, 'StatefulSet', 'minio').spec;
      return store.runContainer(container(template, 'check-data-version'));
    };
    expect(await check(1)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await check(4)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a store with servers: 1') as string,
    });
  });

  test('the job runs, and runs again', async () => {
    for (const attempt of [1, 2]) expect({ attempt, ...(await store.runJob(objects)) }).toMatchObject({ code: 0 });
  });

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
  });

  test('the container that waits for the bucket of MLflow sees it', async () => {
    const wait = container(find(objects, 'Deployment', 'mlflow').spec.template, 'wait-for-minio');
    expect(await store.runContainer(wait)).toMatchObject({ code: 0 });
  });

  test('a new secret key holds after the next run', async () => {
    const former = secret('minio-mlflow', 'secretAccessKey');
    store.replaceSecret('minio-mlflow', 'secretAccessKey', 'another-secret-key');
    expect(await store.runJob(objects)).toMatchObject({ code: 0 });
    expect(await client('minio-mlflow', ['ls', 'store/mlflow'])).toMatchObject({ code: 0 });
    store.replaceSecret('minio-mlflow', 'secretAccessKey', former);
    expect((await client('minio-mlflow', ['ls', 'store/mlflow'])).stdout).toContain('signature');
    store.replaceSecret('minio-mlflow', 'secretAccessKey', 'another-secret-key');
  });

  test('no secret key stood in the arguments of a program', () => {
    const seen = store.arguments;
    expect(seen).toContain('admin user add store');
    for (const credential of ['minio', ...buckets.map((bucket) => `minio-${bucket}`)]) {
      expect(seen).not.toContain(`secretaccesskey-of-${credential}`);
    }
    expect(seen).not.toContain('another-secret-key');
  });
});

suite('settings of buckets in a real MinIO', () => {
  const store = new Store();
  const all = {
    cdn: { access: 'public-read' },
    logs: { expireAfterDays: 30, quota: '1Mi' },
    state: { versions: true, noncurrentExpireAfterDays: 90, expireAfterDays: 365 },
  };
  const none = ['cdn', 'logs', 'state'];
  const root = (...args: string[]) => store.client('minio', args);
  const anonymous = async (path: string) => (await fetch(`http://${store.address}/${path}`)).status;
  const rules = async (bucket: string) => {
    const { stdout } = await root('ilm', 'rule', 'export', `store/${bucket}`);
    const [{ config }] = lines<{ config?: { Rules?: { ID: string }[] } }>(stdout) as [{ config?: { Rules?: { ID: string }[] } }];
    return config?.Rules ?? [];
  };
  const state = async () => {
    const [versions] = lines<{ versioning: { status: string } }>((await root('version', 'info', 'store/state')).stdout);
    const [quota] = lines<{ quota?: number }>((await root('quota', 'info', 'store/logs')).stdout);
    return {
      anonymous: await Promise.all(['cdn/logo', 'cdn/', 'logs/logo', 'state/logo'].map(anonymous)),
      versions: versions?.versioning.status,
      quota: quota?.quota,
      rules: Object.fromEntries(
        await Promise.all(none.map(async (bucket) => [bucket, (await rules(bucket)).map(({ ID }) => ID)] as const)),
      ),
    };
  };
  const done = { code: 0 };
  const set = {
    anonymous: [200, 403, 403, 403],
    versions: 'Enabled',
    quota: 2 ** 20,
    rules: { cdn: [], logs: ['hearth-expire'], state: ['hearth-expire', 'hearth-versions'] },
  };

  beforeAll(() => store.start(withBuckets(all)));

  afterAll(() => store.stop());

  test('are applied, and applied again', async () => {
    expect(await store.runJob(withBuckets(all))).toMatchObject(done);
    for (const bucket of none) {
      expect(await store.client(`minio-${bucket}`, ['pipe', `store/${bucket}/logo`], 'a')).toMatchObject(done);
    }
    expect(await state()).toEqual(set);
    expect(await store.runJob(withBuckets(all))).toMatchObject(done);
    expect(await state()).toEqual(set);
    expect(await rules('logs')).toMatchObject([{ Status: 'Enabled', Expiration: { Days: 30 } }]);
    expect(await rules('state')).toMatchObject([
      { Expiration: { Days: 365 } },
      { Expiration: { ExpiredObjectDeleteMarker: true }, NoncurrentVersionExpiration: { NoncurrentDays: 90 } },
    ]);
  });

  test('hold: an older version is there, and what exceeds the quota is refused', async () => {
    await store.client('minio-state', ['pipe', 'store/state/logo'], 'b');
    const { stdout } = await store.client('minio-state', ['ls', '--versions', 'store/state/logo']);
    expect(lines(stdout)).toHaveLength(2);
    const big = 'x'.repeat(2 ** 21);
    expect((await store.client('minio-logs', ['pipe', 'store/logs/big'], big)).stdout).toMatch(/quota/i);
  });

  test('that nobody declares any more are taken back; what people set stays', async () => {
    expect(await root('ilm', 'rule', 'add', '--expire-days=5', '--prefix=tmp/', 'store/logs')).toMatchObject(done);
    expect(await store.runJob(withBuckets(none))).toMatchObject(done);
    const left = await state();
    expect(left).toMatchObject({
      anonymous: [403, 403, 403, 403],
      versions: 'Suspended',
      rules: { cdn: [], state: [] },
    });
    expect(left.quota).toBeUndefined();
    expect(await rules('logs')).toMatchObject([{ Expiration: { Days: 5 }, Filter: { Prefix: 'tmp/' } }]);
    // No object is touched, older versions included.
    const { stdout } = await store.client('minio-state', ['ls', '--versions', 'store/state/logo']);
    expect(lines(stdout)).toHaveLength(2);
  });

  test('of people are left alone where the platform file says nothing about them', async () => {
    await root('version', 'enable', 'store/cdn');
    await root('quota', 'set', 'store/cdn', '--size=5MiB');
    await root('anonymous', 'set', 'download', 'store/state');
    expect(await store.runJob(withBuckets(none))).toMatchObject(done);
    expect((await root('version', 'info', 'store/cdn')).stdout).toContain('"Enabled"');
    expect((await root('quota', 'info', 'store/cdn')).stdout).toContain(`"quota":${5 * 2 ** 20}`);
    expect(await anonymous('state/logo')).toBe(200);
  });

  test('come back beside what people set', async () => {
    expect(await store.runJob(withBuckets(all))).toMatchObject(done);
    expect((await rules('logs')).map(({ ID }) => ID)).toContain('hearth-expire');
    expect(await rules('logs')).toHaveLength(2);
    expect(await store.runJob(withBuckets({ ...all, logs: { expireAfterDays: 7 } }))).toMatchObject(done);
    const [changed] = (await rules('logs')).filter(({ ID }) => ID === 'hearth-expire');
    expect(changed).toMatchObject({ Expiration: { Days: 7 } });
    expect(await rules('logs')).toHaveLength(2);
  });
});

/** The documents of `--json`. */
function lines<T = unknown>(output: string): T[] {
  return output
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}
