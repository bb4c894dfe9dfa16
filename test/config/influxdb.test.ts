import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf } from '../api/support/container';
import { objectsOf, platformNamed } from '../api/support/platforms';
import { Background, findProgram, freePort, run, suiteWith, type Result } from '../api/support/programs';
import { all, container, find } from '../support/objects';

const suite = suiteWith('test/config/influxdb', {
  'influxd on PATH': findProgram('influxd'),
  'influx, its client, on PATH': findProgram('influx'),
  'curl on PATH': findProgram('curl'),
});

/** InfluxDB 2 with its set-up and its backup, all as the manifests start them. */
suite('a real InfluxDB 2', () => {
  const objects = objectsOf(platformNamed('documents'));
  const { template } = find(objects, 'StatefulSet', 'influxdb').spec;
  const folders: string[] = [];
  const servers: Background[] = [];

  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-influxdb-'));
    folders.push(folder);
    return folder;
  };
  const secretsOf = (suffix: string) => (_: string, key: string) => (key === 'username' ? 'admin' : `${key}-${suffix}`);

  /** What a container of a cron job runs. */
  const ofCronJob = (name: string, containerName: string) => {
    const job = all(objects, 'CronJob').find(({ metadata }) => metadata.name === name);
    if (!job) throw new Error(`no cron job ${name}`);
    return container(job.spec.jobTemplate.spec.template, containerName);
  };

  class Server {
    server?: Background;
    url = '';

    constructor(
      readonly suffix: string,
      readonly volume = newFolder(),
    ) {}

    private environment(name: string): Record<string, string> {
      const environment = environmentOf(container(template, name), secretsOf(this.suffix));
      const here = Object.entries(environment).map(([key, value]) => [key, value.replace('/var/lib/influxdb2', this.volume)]);
      return { ...Object.fromEntries(here), PATH: process.env.PATH ?? '', HOME: this.volume };
    }

    async setUp(): Promise<Result> {
      const [command = '', ...args] = container(template, 'set-up').command;
      return run(command, args, { env: { ...this.environment('set-up'), PORT: String(await freePort()) } });
    }

    async start(): Promise<void> {
      const port = await freePort();
      this.url = `http://127.0.0.1:${port}`;
      const [command = '', ...args] = container(template, 'influxdb').command;
      const env = { ...this.environment('influxdb'), INFLUXD_HTTP_BIND_ADDRESS: `127.0.0.1:${port}` };
      this.server = new Background(command, args, { env });
      servers.push(this.server);
      await this.server.until(async () => {
        if (!(await fetch(`${this.url}/ready`)).ok) throw new Error('not ready');
      }, 60);
    }

    request(path: string, body?: string, token = `token-${this.suffix}`): Promise<Response> {
      return fetch(`${this.url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Token ${token}`,
          ...(path.includes('query') ? { 'content-type': 'application/vnd.flux' } : {}),
        },
        body,
      });
    }

    async json(path: string): Promise<Record<string, unknown>> {
      return (await (await this.request(path)).json()) as Record<string, unknown>;
    }

    /** Values in a bucket. */
    async values(bucket = 'metrics'): Promise<string[]> {
      const flux = `from(bucket: "${bucket}") |> range(start: -1h) |> keep(columns: ["_value"]) |> sort()`;
      const answer = await this.request('/api/v2/query?org=hy_home', flux);
      const lines = (await answer.text()).split('\r\n').filter((line) => line.startsWith(',_result'));
      return lines.map((line) => line.split(',').at(-1) ?? '').sort();
    }

    async write(value: number, bucket = 'metrics'): Promise<void> {
      const answer = await this.request(`/api/v2/write?org=hy_home&bucket=${bucket}`, `proof value=${value} ${Date.now()}000000`);
      expect(answer.status).toBe(204);
    }

    dump(name: string, containerName: string, backup: string): Promise<Result> {
      const props = ofCronJob(name, containerName);
      const [command = '', ...args] = props.command;
      const environment = environmentOf(props, secretsOf(this.suffix));
      const here = newFolder();
      return run(command, args, {
        cwd: backup,
        env: {
          ...environment,
          PATH: process.env.PATH,
          INFLUX_HOST: this.url,
          INFLUX_CONFIGS_PATH: join(here, 'configs'),
          HOME: here,
        },
      });
    }
  }

  afterAll(async () => {
    for (const server of servers) await server.stop('SIGKILL');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const own = new Server('one');
  const backup = newFolder();

  test('the set-up makes user, organisation and bucket once; again it changes nothing', async () => {
    const first = await own.setUp();
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('made the user admin, the organisation hy_home and the bucket metrics');
    for (const text of [first.stdout, first.stderr]) expect(text).not.toMatch(/(password|token)-one/);
    expect(existsSync(join(own.volume, 'answer'))).toBe(false);
    expect(await own.setUp()).toEqual({ code: 0, stdout: '', stderr: '' });
    // As after a stop in between: the server is asked.
    rmSync(join(own.volume, '.hearth-set-up'));
    const again = await own.setUp();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('nothing is changed');
  });

  test('token and password hold, others do not, and nobody can set it up anew', async () => {
    await own.start();
    expect(await own.json('/api/v2/buckets?name=metrics')).toMatchObject({
      buckets: [{ name: 'metrics', retentionRules: [{ everySeconds: 2_592_000 }] }],
    });
    expect(await own.json('/api/v2/orgs')).toMatchObject({ orgs: [{ name: 'hy_home' }] });
    const signIn = (password: string) =>
      fetch(`${own.url}/api/v2/signin`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
      });
    expect([(await signIn('password-one')).status, (await signIn('wrong')).status]).toEqual([204, 401]);
    expect((await own.request('/api/v2/buckets', undefined, 'wrong')).status).toBe(401);
    expect(await own.json('/api/v2/setup')).toMatchObject({ allowed: false });
    await own.write(1);
    expect(await own.values()).toEqual(['1']);
  });

  test('the paths of the probes and of the metrics answer without a token', async () => {
    const { readinessProbe, livenessProbe } = container(template, 'influxdb');
    const paths = [readinessProbe, livenessProbe].map((probe) => (probe as { httpGet: { path: string } }).httpGet.path);
    for (const path of [...paths, template.metadata.annotations['prometheus.io/path'] ?? '']) {
      expect([path, (await fetch(`${own.url}${path}`)).status]).toEqual([path, 200]);
    }
  });

  test('a backup brings back values and buckets, and removes what came later', async () => {
    expect(await own.dump('influxdb-backup', 'save', backup)).toMatchObject({ code: 0 });
    await own.write(2);
    const { orgs } = (await own.json('/api/v2/orgs')) as { orgs: { id: string }[] };
    await own.request('/api/v2/buckets', JSON.stringify({ orgID: orgs[0]?.id, name: 'later', retentionRules: [] }));
    expect(await own.values()).toEqual(['1', '2']);
    expect(await own.dump('influxdb-restore', 'load', backup)).toMatchObject({ code: 0 });
    expect(await own.values()).toEqual(['1']);
    expect(await own.json('/api/v2/buckets?name=later')).not.toHaveProperty('buckets.0');
    await own.write(3);
    expect(await own.values()).toEqual(['1', '3']);
  });

  test('the backup comes back into a new server with the same token', async () => {
    const other = new Server('one');
    expect(await other.setUp()).toMatchObject({ code: 0 });
    await other.start();
    expect(await other.dump('influxdb-restore', 'load', backup)).toMatchObject({ code: 0 });
    expect(await other.values()).toEqual(['1']);
  });

  test('with another token in the Secret a restore changes nothing', async () => {
    const other = new Server('two');
    expect(await other.setUp()).toMatchObject({ code: 0 });
    await other.start();
    await other.write(9);
    expect(await other.dump('influxdb-restore', 'load', backup)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Nothing was changed'),
    });
    expect(await other.values()).toEqual(['9']);
  });
});
