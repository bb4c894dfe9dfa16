import { backedUp } from './support/backed-up';
import type { BackupTarget } from './support/backup-target';
import { reachable, startProbe } from './support/client';
import type { Hearth } from './support/hearth';
import { eventually, kubectl, kubectlJson, run } from './support/kubectl';
import { Stopwatch, suite } from './support/suite';
import type { Workspace } from './support/workspace';

const namespace = 'documents-data';

/** InfluxDB of test/platforms/documents.yaml: set up, used, killed, backed up, restored, also into a new volume. */
suite('InfluxDB on a cluster', () => {
  let workspace: Workspace;
  let target: BackupTarget;
  let hearth: Hearth;
  let token: string;
  const watch = new Stopwatch();

  beforeAll(async () => {
    ({ target, workspace, hearth } = await backedUp('documents'));
  }, 240_000);

  afterAll(async () => {
    console.log(`${watch}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    // Not what other platforms of the cluster may use as well.
    await hearth.succeed('destroy', 'documents', '--delete-data', '--confirm', 'documents');
    await target?.stop();
  }, 300_000);

  /** Runs the client in the pod, with the token from standard input. */
  const influx = async (script: string): Promise<string> => {
    const command = `read -r INFLUX_TOKEN; export INFLUX_TOKEN INFLUX_ORG=hy_home INFLUX_CONFIGS_PATH=/tmp/none; ${script}`;
    const { code, stdout, stderr } = await run(
      'kubectl',
      ['exec', '-i', 'influxdb-0', `--namespace=${namespace}`, '--container=influxdb', '--', 'bash', '-c', command],
      { input: `${token}\n` },
    );
    if (code !== 0) throw new Error(`${script}: ${stderr}${stdout}`);
    return stdout;
  };
  const write = (value: number) => influx(`influx write --bucket metrics "proof value=${value}"`);
  const values = async () => {
    const flux = 'from(bucket: \\"metrics\\") |> range(start: -1h) |> keep(columns: [\\"_value\\"])';
    const lines = (await influx(`influx query --raw "${flux}"`)).split(/\r?\n/);
    return lines
      .filter((line) => /^,,\d/.test(line))
      .map((line) => Number(line.split(',').at(-1)))
      .sort();
  };

  test('up sets it up, and no process shows the password or the token', async () => {
    await watch.time('up', hearth.succeed('up', 'documents'));
    token = await workspace.secret(namespace, 'influxdb', 'token');
    const secrets = [token, await workspace.secret(namespace, 'influxdb', 'password')];
    await write(1);
    expect(await values()).toEqual([1]);
    const processes = await influx('for file in /proc/[0-9]*/cmdline; do tr "\\0" " " < "$file"; echo; done');
    expect(processes).toContain('influxd');
    const logs = await kubectl(['logs', 'influxdb-0', `--namespace=${namespace}`, '--all-containers']);
    expect(logs).toContain('made the user admin');
    for (const secret of secrets) expect(`${processes}${logs}`).not.toContain(secret);
  }, 600_000);

  test('only the gateway and the backup reach it', async () => {
    const { status } = await kubectlJson<{ status: { podIP: string } }>(['get', 'pod', 'influxdb-0', `--namespace=${namespace}`]); // prettier-ignore
    const address = `${status.podIP}:8086`;
    const labels = { 'app.kubernetes.io/name': 'influxdb', 'app.kubernetes.io/instance': 'influxdb-backup' };
    await startProbe('probe-backup', namespace, labels);
    await startProbe('probe-stranger', namespace, {});
    const probes = ['probe-backup', 'probe-stranger'];
    for (const name of probes) {
      await kubectl(['wait', '--for=jsonpath={.status.phase}=Running', `pod/${name}`, `--namespace=${namespace}`, '--timeout=120s']); // prettier-ignore
    }
    await eventually(async () =>
      expect([...(await reachable('probe-backup', namespace, [address]))]).toEqual([address]),
    );
    await eventually(async () => expect([...(await reachable('probe-stranger', namespace, [address]))]).toEqual([]));
    await kubectl(['delete', 'pod', ...probes, `--namespace=${namespace}`, '--grace-period=0', '--force']);
  }, 240_000);

  test('a killed pod comes back with its values, and is not set up again', async () => {
    await kubectl(['delete', 'pod', 'influxdb-0', `--namespace=${namespace}`, '--grace-period=0', '--force']);
    await watch.time(
      'killed',
      eventually(async () => expect(await values()).toEqual([1]), 240),
    );
    expect(await kubectl(['logs', 'influxdb-0', `--namespace=${namespace}`, '--container=set-up'])).toBe('');
  }, 300_000);

  test('backup and restore bring back exactly the values, also into a new volume', async () => {
    await watch.time('backup', hearth.succeed('backup', 'documents'));
    await write(2);
    expect(await values()).toEqual([1, 2]);
    await watch.time('restore', hearth.succeed('restore', 'documents', '--yes'));
    await eventually(async () => expect(await values()).toEqual([1]));
    await kubectl(['delete', 'pvc', 'data-influxdb-0', `--namespace=${namespace}`, '--wait=false']);
    await kubectl(['delete', 'pod', 'influxdb-0', `--namespace=${namespace}`, '--grace-period=0', '--force']);
    await eventually(async () => expect(await values()).toEqual([]), 240);
    await watch.time('restore of a new volume', hearth.succeed('restore', 'documents', '--yes'));
    await eventually(async () => expect(await values()).toEqual([1]));
    expect((await hearth.attempt('status', 'documents')).code).toBe(0);
  }, 900_000);
});
