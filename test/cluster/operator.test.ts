import { createHash } from 'node:crypto';
import { BackupTarget } from './support/backup-target';
import { Client } from './support/client';
import { Hearth } from './support/hearth';
import { eventually, kubectl, kubectlJson } from './support/kubectl';
import { Workspace } from './support/workspace';
import { suite, Stopwatch } from './support/suite';

/**
 * The command line, run as a user runs it, on the platform geoai with backups to an S3 service beside it. Where no image
 * can be pulled, the cluster brings stand-ins (test/cluster/images), and `HEARTH_TEST_WITHOUT` names services without one.
 */
suite('the command line on a cluster', () => {
  let workspace: Workspace;
  let target: BackupTarget;
  let hearth: Hearth;
  let client: Client;
  const watch = new Stopwatch();

  beforeAll(async () => {
    target = await BackupTarget.start();
    workspace = await Workspace.create('geoai', {
      backup: { target: { endpoint: target.endpoint, bucket: 'backups' } },
    });
    hearth = new Hearth(workspace.folder, target.env);
  }, 240_000);

  afterAll(async () => {
    console.log(`${watch}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await client?.stop();
    await workspace?.remove();
    await target?.stop();
  }, 300_000);

  test('up, killed in the middle, is finished by another up', async () => {
    const process = hearth.start('up', 'geoai');
    await eventually(() => kubectl(['get', 'statefulset', 'postgis', '--namespace=geoai-data']), 60);
    process.kill('SIGKILL');
    const out = await watch.time('up', hearth.succeed('up', 'geoai'));
    expect(out).toMatch(/^context /);
    expect(out).toContain('https://mlflow.geoai.home.arpa/');
    expect(out).toContain('npx hearth credentials geoai --show');
  }, 720_000);

  test('a second up changes nothing, and nothing differs', async () => {
    const before = await resourceVersions();
    const out = await watch.time('second up', hearth.succeed('up', 'geoai'));
    expect(out.match(/\d+ made or changed/g)?.filter((line) => !line.startsWith('0 '))).toEqual([]);
    expect(await resourceVersions()).toEqual(before);
    expect((await hearth.attempt('diff', 'geoai', '--exit-code')).code).toBe(0);
  });

  test('status, urls, logs and doctor tell how it is', async () => {
    const states = JSON.parse(await hearth.succeed('status', 'geoai', '--output', 'json')) as unknown;
    expect(JSON.stringify(states)).toContain('"postgis"');
    expect(await hearth.succeed('logs', 'geoai', 'postgis')).toContain(
      'database system is ready to accept connections',
    );
    expect(await hearth.succeed('doctor', 'geoai')).toContain('v1.');
    expect(await hearth.succeed('footprint', 'geoai')).toContain('mlflow');
  });

  test('it is used', async () => {
    client = await startClient();
    await client.pythonEventually(`${mlflow}
mlflow.set_experiment('survey')
for i in range(5):
    with mlflow.start_run():
        mlflow.log_metric('accuracy', i / 8)
        open('/tmp/tile.bin', 'wb').write(bytes([i]) * 1048576)
        mlflow.log_artifact('/tmp/tile.bin')
`, 120); // prettier-ignore
    await client.pythonEventually(`${gis}
sql.execute('create table places (name text primary key, at geometry(Point, 4326))')
sql.execute("insert into places select 'place ' || n, ST_SetSRID(ST_MakePoint(n / 100.0, 50), 4326) from generate_series(1, 1000) n")
sql.execute('create view west as select name from places where ST_X(at) < 1')
`);
    expect(await content()).toMatchObject({ rows: '1000 99', runs: 5, objects: 5 });
  }, 240_000);

  test('rotate changes the password of MLflow’s database, restarts MLflow alone, and MLflow still works', async () => {
    const old = await workspace.secret('geoai-data', 'postgis-mlflow', 'password');
    const [before, data] = [await pods(), await content()];
    const out = await watch.time(
      'rotate',
      hearth.succeed('credentials', 'geoai', '--rotate', 'postgis-mlflow', '--yes'),
    );
    const next = await workspace.secret('geoai-data', 'postgis-mlflow', 'password');
    expect(next).not.toBe(old);
    expect(await workspace.secret('geoai-ai', 'postgis-mlflow', 'password')).toBe(next);
    expect(out).not.toContain(next);
    const after = await pods();
    expect(
      Object.keys(before)
        .filter((pod) => !(pod in after))
        .every((pod) => pod.startsWith('mlflow-')),
    ).toBe(true);
    expect(Object.keys(after).filter((pod) => !(pod in before)).map((pod) => pod.replace(/-.*/, ''))).toContain('mlflow'); // prettier-ignore
    expect(await content()).toEqual(data);
    const signIn = (password: string) =>
      kubectl(['exec', '-i', 'postgis-0', '--namespace=geoai-data', '--', 'sh', '-c', 'read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U mlflow -d mlflow -Atc "select 1"'], { input: `${password}\n` }); // prettier-ignore
    expect((await signIn(next)).trim()).toBe('1');
    await expect(signIn(old)).rejects.toThrow('password authentication failed');
  }, 240_000);

  test.each(['minio-mlflow', 'postgis', 'minio', 'gateway-basic-auth'])('rotate %s, and everything still works', async (name) => {
    const data = await content();
    await hearth.succeed('credentials', 'geoai', '--rotate', name, '--yes');
    await client.stop();
    client = await startClient();
    await eventually(async () => expect(await content()).toEqual(data), 60);
    expect((await hearth.attempt('status', 'geoai')).code).toBe(0);
  }, 300_000); // prettier-ignore

  test('stop ends every pod and start brings everything back', async () => {
    const data = await content();
    await watch.time('stop', hearth.succeed('stop', 'geoai'));
    expect(Object.keys(await pods())).toEqual([]);
    expect((await hearth.attempt('status', 'geoai')).code).toBe(3);
    await watch.time('start', hearth.succeed('start', 'geoai'));
    expect((await hearth.attempt('status', 'geoai')).code).toBe(0);
    await eventually(async () => expect(await content()).toEqual(data), 60);
  }, 300_000);

  let saved: Content;

  test('backup puts everything into the target', async () => {
    expect(await hearth.succeed('backup', 'geoai', '--list')).toContain('There is no backup yet');
    saved = await content();
    await watch.time('backup', hearth.succeed('backup', 'geoai'));
    const list = JSON.parse(await hearth.succeed('backup', 'geoai', '--list', '--output', 'json')) as {
      name: string;
    }[];
    expect(list.map(({ name }) => name).sort()).toEqual(
      workspace.platform.graph.backups.map(({ name }) => name).sort(),
    );
  }, 300_000);

  test('with the PostgreSQL claim deleted and the buckets emptied, restore brings back every row and object', async () => {
    await client.python(`${gis}\nsql.execute("insert into places values ('after the backup', null)")`);
    await kubectl(['delete', 'pvc', 'data-postgis-0', '--namespace=geoai-data', '--wait=false']);
    await kubectl(['delete', 'pod', 'postgis-0', '--namespace=geoai-data', '--grace-period=0', '--force']);
    await client.python(`${s3}
for o in s3.list_objects_v2(Bucket='mlflow')['Contents']:
    s3.delete_object(Bucket='mlflow', Key=o['Key'])
s3.put_object(Bucket='mlflow', Key='after the backup', Body=b'x')
`);
    await eventually(async () => {
      const claim = await kubectlJson<{ metadata: { deletionTimestamp?: string }; status: { phase: string } }>([
        'get', 'pvc', 'data-postgis-0', '--namespace=geoai-data',
      ]); // prettier-ignore
      expect(claim).toMatchObject({ status: { phase: 'Bound' } });
      expect(claim.metadata.deletionTimestamp).toBeUndefined();
    }, 120);
    await watch.time('restore', hearth.succeed('restore', 'geoai', '--yes'));
    await eventually(async () => expect(await content()).toEqual(saved), 60);
    expect((await hearth.attempt('status', 'geoai')).code).toBe(0);
    expect((await hearth.attempt('diff', 'geoai', '--exit-code')).code).toBe(0);
  }, 600_000);

  test('a backup to an unreachable target fails clearly, and the last good one is still there', async () => {
    const before = await hearth.succeed('backup', 'geoai', 'postgis', '--list');
    workspace.set(['services', 'backup', 'target', 'endpoint'], 'http://192.0.2.1:9000');
    await hearth.succeed('up', 'geoai');
    const { code, stderr } = await watch.time('unreachable', hearth.attempt('backup', 'geoai', 'postgis'));
    expect(code).toBe(3);
    expect(stderr).toContain('192.0.2.1:9000');
    expect(stderr).not.toContain('    at ');
    workspace.set(['services', 'backup', 'target', 'endpoint'], target.endpoint);
    await hearth.succeed('up', 'geoai');
    expect(await hearth.succeed('backup', 'geoai', 'postgis', '--list')).toBe(before);
  }, 600_000);

  test('destroy refuses to delete data, keeps it where asked, and deletes it when told twice', async () => {
    const refused = await hearth.attempt('destroy', 'geoai', '--yes');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was changed') as unknown });
    expect((await hearth.attempt('destroy', 'geoai', '--delete-data', '--yes')).code).toBe(1);
    expect((await hearth.attempt('status', 'geoai')).code).toBe(0);
    await watch.time('destroy', hearth.succeed('destroy', 'geoai', '--keep-data', '--yes'));
    expect(Object.keys(await pods())).toEqual([]);
    await hearth.succeed('up', 'geoai');
    // The gateway has a new address inside the cluster.
    await client.stop();
    client = await startClient();
    await eventually(async () => expect(await content()).toEqual(saved), 120);
    await hearth.succeed('destroy', 'geoai', '--delete-data', '--confirm', 'geoai');
    for (const { namespace } of workspace.platform.tiers) {
      expect(await kubectl(['get', 'namespace', namespace, '--ignore-not-found'])).toBe('');
    }
    await eventually(async () => expect(await kubectl(['get', 'persistentvolumes', '-o', 'name'])).toBe(''), 60);
  }, 900_000);

  const mlflow = `
import mlflow, os
os.environ.update(MLFLOW_TRACKING_USERNAME='admin', MLFLOW_TRACKING_PASSWORD=open('/files/gateway-password').read(),
                  MLFLOW_TRACKING_SERVER_CERT_PATH='/files/ca.crt', MLFLOW_HTTP_REQUEST_MAX_RETRIES='2')
mlflow.set_tracking_uri('https://mlflow.geoai.home.arpa')
`;
  const gis = `
import psycopg2
connection = psycopg2.connect(host='postgres.geoai.home.arpa', dbname='gis', user='gis', password=open('/files/gis-password').read(),
                              connect_timeout=5, sslmode='verify-full', sslrootcert='/files/ca.crt')
connection.autocommit = True
sql = connection.cursor()
`;
  const s3 = `
import boto3
s3 = boto3.client('s3', endpoint_url='https://minio-api.geoai.home.arpa', verify='/files/ca.crt', region_name='us-east-1',
                  aws_access_key_id=open('/files/mlflow-access-key').read(),
                  aws_secret_access_key=open('/files/mlflow-secret-key').read())
`;

  /** A user of the platform, with the passwords and keys of now. */
  async function startClient(): Promise<Client> {
    const hosts = workspace.platform.graph.routes.flatMap((route) => route.hosts);
    const secret = (namespace: string, name: string, key: string) => workspace.secret(`geoai-${namespace}`, name, key);
    return Client.start([...new Set(hosts)], { namespace: 'geoai-gateway', name: 'traefik' }, {
      'ca.crt': await secret('gateway', 'gateway-tls', 'tls.crt'),
      'gateway-password': await secret('gateway', 'gateway-basic-auth', 'password'),
      'gis-password': await secret('data', 'postgis-gis', 'password'),
      'mlflow-access-key': await secret('data', 'minio-mlflow', 'accessKeyId'),
      'mlflow-secret-key': await secret('data', 'minio-mlflow', 'secretAccessKey'),
    }); // prettier-ignore
  }

  /** The pods of the platform that run: name → uid. */
  async function pods(): Promise<Record<string, string>> {
    const { items } = await kubectlJson<{ items: { metadata: { name: string; namespace: string; uid: string } }[] }>([
      'get', 'pods', '--all-namespaces', '--selector=app.kubernetes.io/part-of=geoai', '--field-selector=status.phase=Running',
    ]); // prettier-ignore
    return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.uid]));
  }

  /** Of everything that the platform applies: what changes when an object is written. */
  async function resourceVersions(): Promise<Record<string, string>> {
    const kinds =
      'services,configmaps,networkpolicies,ingressroutes,ingressroutetcps,middlewares,cronjobs,roles,limitranges,priorityclasses';
    const { items } = await kubectlJson<{ items: { kind: string; metadata: { name: string; namespace?: string; resourceVersion: string } }[] }>([
      'get', kinds, '--all-namespaces', '--selector=app.kubernetes.io/part-of=geoai',
    ]); // prettier-ignore
    expect(items.length).toBeGreaterThan(30);
    return Object.fromEntries(
      items.map(({ kind, metadata }) => [`${kind} ${metadata.namespace}/${metadata.name}`, metadata.resourceVersion]),
    );
  }

  /** What a user of the platform sees of its data. */
  interface Content {
    readonly rows: string;
    readonly runs: number;
    readonly objects: number;
    readonly checksum: string;
  }

  /** Everything in the databases and in the bucket; objects as they are served, with their checksums. */
  async function content(): Promise<Content> {
    const rows = await client.pythonEventually(`${gis}
sql.execute('select count(*), (select count(*) from west) from places')
print(*sql.fetchone())
`);
    const runs = await client.pythonEventually(`${mlflow}
import hashlib
found = mlflow.search_runs(experiment_names=['survey'], output_format='list')
for run in sorted(found, key=lambda run: run.data.metrics['accuracy']):
    file = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path='tile.bin')
    print(run.info.run_id, run.data.metrics['accuracy'], hashlib.sha256(open(file, 'rb').read()).hexdigest())
`, 120); // prettier-ignore
    const objects = await client.pythonEventually(`${s3}
import hashlib
for o in sorted(s3.list_objects_v2(Bucket='mlflow').get('Contents', []), key=lambda o: o['Key']):
    print(o['Key'], hashlib.sha256(s3.get_object(Bucket='mlflow', Key=o['Key'])['Body'].read()).hexdigest())
`, 120); // prettier-ignore
    const lines = (text: string) => text.split('\n').filter((line) => / [0-9a-f]{64}$/.test(line));
    const checksum = createHash('sha256')
      .update([...lines(runs), ...lines(objects)].join('\n'))
      .digest('hex');
    return { rows, runs: lines(runs).length, objects: lines(objects).length, checksum };
  }
});
