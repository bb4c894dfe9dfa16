import { proof as mlflow } from '../proofs/mlflow';
import { proof as postgis } from '../proofs/postgis';
import { expectUpChangesNothing } from './support/applied-state';
import { backedUp } from './support/backed-up';
import { PlatformFixture } from './support/fixture';
import { eventually, kubectl, kubectlJson } from './support/kubectl';
import { suite } from './support/suite';

/**
 * The command line, run as a user runs it, on the platform geoai with backups to an S3 service beside it. Where no image
 * can be pulled, the cluster brings stand-ins (test/cluster/images), and `HEARTH_TEST_WITHOUT` names services without one.
 */
suite('the command line on a cluster', () => {
  const fixture = new PlatformFixture(() => backedUp('geoai'));
  const { watch } = fixture;

  test('up, killed in the middle, is finished by another up', async () => {
    const process = fixture.hearth.start('up', 'geoai');
    await eventually(() => kubectl(['get', 'statefulset', 'postgis', '--namespace=geoai-data']), 60);
    process.kill('SIGKILL');
    const out = await watch.time('up', fixture.hearth.succeed('up', 'geoai'));
    expect(out).toMatch(/^context /);
    expect(out).toContain('https://mlflow.geoai.home.arpa/');
    expect(out).toContain('npx hearth credentials geoai --show');
  }, 720_000);

  test('a second up changes nothing, and nothing differs', async () => {
    expect(await watch.time('second up', expectUpChangesNothing(fixture.hearth, 'geoai'))).toBeGreaterThan(30);
    expect((await fixture.hearth.attempt('diff', 'geoai', '--exit-code')).code).toBe(0);
  });

  test('status, urls, logs and doctor tell how it is', async () => {
    const states = JSON.parse(await fixture.hearth.succeed('status', 'geoai', '--output', 'json')) as unknown;
    expect(JSON.stringify(states)).toContain('"postgis"');
    expect(await fixture.hearth.succeed('logs', 'geoai', 'postgis')).toContain('database system is ready to accept connections');
    expect(await fixture.hearth.succeed('doctor', 'geoai')).toContain('v1.');
    expect(await fixture.hearth.succeed('footprint', 'geoai')).toContain('mlflow');
  });

  test('it is used', async () => {
    await fixture.welcome();
    for (const proof of [mlflow, postgis]) {
      await eventually(() => proof.write(fixture.use(proof.component), 'first'), 120);
      await eventually(() => proof.write(fixture.use(proof.component), 'second'), 120);
    }
    const { runs, rows } = await content();
    expect([Object.keys(runs).sort(), Object.keys(rows).sort()]).toEqual([
      ['first', 'second'],
      ['first', 'second'],
    ]);
  }, 300_000);

  test('rotate changes the password of MLflow’s database, restarts MLflow alone, and MLflow still works', async () => {
    const old = await fixture.workspace.secret('geoai-data', 'postgis-mlflow', 'password');
    const [before, data] = [await pods(), await content()];
    const out = await watch.time('rotate', fixture.hearth.succeed('credentials', 'geoai', '--rotate', 'postgis-mlflow', '--yes'));
    const next = await fixture.workspace.secret('geoai-data', 'postgis-mlflow', 'password');
    expect(next).not.toBe(old);
    expect(await fixture.workspace.secret('geoai-ai', 'postgis-mlflow', 'password')).toBe(next);
    expect(out).not.toContain(next);
    const after = await pods();
    expect(
      Object.keys(before)
        .filter((pod) => !(pod in after))
        .every((pod) => pod.startsWith('mlflow-')),
    ).toBe(true);
    expect(
      Object.keys(after)
        .filter((pod) => !(pod in before))
        .map((pod) => pod.replace(/-.*/, '')),
    ).toContain('mlflow');
    expect(await content()).toEqual(data);
    const signIn = (password: string) =>
      kubectl(
        [
          'exec',
          '-i',
          'postgis-0',
          '--namespace=geoai-data',
          '--',
          'sh',
          '-c',
          'read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U mlflow -d mlflow -Atc "select 1"',
        ],
        { input: `${password}\n` },
      );
    expect((await signIn(next)).trim()).toBe('1');
    await expect(signIn(old)).rejects.toThrow('password authentication failed');
  }, 240_000);

  test('rotate changes the password of the gateway, and everything still works', async () => {
    const data = await content();
    await fixture.hearth.succeed('credentials', 'geoai', '--rotate', 'gateway-basic-auth', '--yes');
    await eventually(async () => expect(await content()).toEqual(data), 120);
    expect((await fixture.hearth.attempt('status', 'geoai')).code).toBe(0);
  }, 300_000);

  test('stop ends every pod and start brings everything back', async () => {
    const data = await content();
    await watch.time('stop', fixture.hearth.succeed('stop', 'geoai'));
    expect(Object.keys(await pods())).toEqual([]);
    expect((await fixture.hearth.attempt('status', 'geoai')).code).toBe(3);
    await watch.time('start', fixture.hearth.succeed('start', 'geoai'));
    expect((await fixture.hearth.attempt('status', 'geoai')).code).toBe(0);
    await eventually(async () => expect(await content()).toEqual(data), 60);
  }, 300_000);

  test('backup puts everything into the target', async () => {
    expect(await fixture.hearth.succeed('backup', 'geoai', '--list')).toContain('There is no backup yet');
    await watch.time('backup', fixture.hearth.succeed('backup', 'geoai'));
    const list = JSON.parse(await fixture.hearth.succeed('backup', 'geoai', '--list', '--output', 'json')) as {
      name: string;
    }[];
    expect(list.map(({ name }) => name).sort()).toEqual(fixture.workspace.platform.graph.backups.map(({ name }) => name).sort());
  }, 300_000);

  test('a backup to an unreachable target fails clearly, and the last good one is still there', async () => {
    const before = await fixture.hearth.succeed('backup', 'geoai', 'postgis', '--list');
    const endpoint = ['services', 'backup', 'target', 'endpoint'];
    fixture.workspace.set(endpoint, 'http://192.0.2.1:9000');
    await fixture.hearth.succeed('up', 'geoai');
    const { code, stderr } = await watch.time('unreachable', fixture.hearth.attempt('backup', 'geoai', 'postgis'));
    expect(code).toBe(3);
    expect(stderr).toContain('192.0.2.1:9000');
    expect(stderr).not.toContain('    at ');
    fixture.workspace.set(endpoint, fixture.target.endpoint);
    await fixture.hearth.succeed('up', 'geoai');
    expect(await fixture.hearth.succeed('backup', 'geoai', 'postgis', '--list')).toBe(before);
  }, 600_000);

  test('destroy refuses to delete data, keeps it where asked, and deletes it when told twice', async () => {
    const refused = await fixture.hearth.attempt('destroy', 'geoai', '--yes');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') as unknown });
    expect((await fixture.hearth.attempt('destroy', 'geoai', '--delete-data', '--yes')).code).toBe(1);
    expect((await fixture.hearth.attempt('status', 'geoai')).code).toBe(0);
    const saved = await content();
    await watch.time('destroy', fixture.hearth.succeed('destroy', 'geoai', '--keep-data', '--yes'));
    expect(Object.keys(await pods())).toEqual([]);
    await fixture.hearth.succeed('up', 'geoai');
    // The gateway has a new address inside the cluster.
    await fixture.welcome();
    await eventually(async () => expect(await content()).toEqual(saved), 240);
    await fixture.hearth.succeed('destroy', 'geoai', '--delete-data', '--confirm', 'geoai');
    for (const { namespace } of fixture.workspace.platform.tiers) {
      expect(await kubectl(['get', 'namespace', namespace, '--ignore-not-found'])).toBe('');
    }
    await eventually(async () => expect(await kubectl(['get', 'persistentvolumes', '-o', 'name'])).toBe(''), 60);
  }, 900_000);

  /** What a user of the platform sees of its data. */
  const content = async () => ({
    runs: await mlflow.read(fixture.use('mlflow')),
    rows: await postgis.read(fixture.use('postgis')),
  });

  /** The pods of the platform that run: name → uid. */
  async function pods(): Promise<Record<string, string>> {
    const { items } = await kubectlJson<{ items: { metadata: { name: string; namespace: string; uid: string } }[] }>([
      'get',
      'pods',
      '--all-namespaces',
      '--selector=app.kubernetes.io/part-of=geoai',
      '--field-selector=status.phase=Running',
    ]);
    return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.uid]));
  }
});
