import { proof as mlflow } from '../proofs/mlflow';
import { proof as postgis } from '../proofs/postgis';
import { expectDeclaredEdges } from './support/edges';
import { PlatformFixture } from './support/fixture';
import { Hearth } from './support/hearth';
import { eventually, kubectl } from './support/kubectl';
import { apply, namespaceObject } from './support/pod';
import { PythonPod } from './support/python-pod';
import { suite } from './support/suite';
import { Workspace } from './support/workspace';

/** A namespace that is not of the platform, with pods that are its clients. */
const foreign = 'hearth-shop';
const clients = { shop: { namespace: foreign, pods: { app: 'shop' } } };

/** Two trackers beside each other, each with a database server of its own, and one store for both. */
const text = JSON.stringify({
  name: 'twice',
  domain: 'twice.hearth-fixture.dev',
  cluster: 'kubernetes',
  tls: { mode: 'self-signed' },
  network: { apiServer: ['192.0.2.1/32'] },
  providers: { sql: 'postgis' },
  services: {
    traefik: {},
    minio: { storage: '1Gi', clients },
    postgis: { storage: '1Gi', clients },
    mlflow: { workers: 1 },
    'orders-db': { component: 'postgis', storage: '1Gi' },
    lab: { component: 'mlflow', workers: 1, uses: { sql: 'orders-db' } },
  },
});

const instances = [
  { service: 'mlflow', proof: mlflow },
  { service: 'lab', proof: mlflow },
  { service: 'postgis', proof: postgis },
  { service: 'orders-db', proof: postgis },
];

/** From a pod outside the platform, with the Secrets that it finds in its namespace. */
const connect = `
import os, boto3, botocore, psycopg2
def database(name):
    connection = psycopg2.connect(host='postgis.twice-data.svc', dbname=name, user=os.environ['DATABASE_USER'],
                                  password=os.environ['DATABASE_PASSWORD'], connect_timeout=5)
    connection.autocommit = True
    return connection.cursor()
s3 = boto3.client('s3', endpoint_url='http://minio.twice-data.svc:9000', region_name='us-east-1',
                  aws_access_key_id=os.environ['BUCKET_ID'], aws_secret_access_key=os.environ['BUCKET_KEY'],
                  config=botocore.config.Config(connect_timeout=5, retries={'max_attempts': 0}))
`;
const secretEnv = (name: string, secret: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

suite('two services of one component on a cluster', () => {
  const fixture = new PlatformFixture(async () => {
    await apply(namespaceObject(foreign));
    const workspace = await Workspace.of(text);
    return { workspace, hearth: new Hearth(workspace.folder) };
  });
  afterAll(async () => {
    if (process.env.HEARTH_TEST_KEEP) return;
    await kubectl(['delete', 'namespace', foreign, '--ignore-not-found', '--wait=true', '--timeout=60s']);
  }, 120_000);
  const { watch } = fixture;

  test('one command brings all of them up', async () => {
    await watch.time('up', fixture.hearth.succeed('up', 'twice'));
    await fixture.welcome();
  }, 900_000);

  test('each has only what was written to it', async () => {
    for (const { service, proof } of instances)
      await eventually(() => proof.write(fixture.use(service), service.replace('-', '')), 240);
    for (const { service, proof } of instances) {
      const read = await eventually(() => proof.read(fixture.use(service)), 120);
      expect([service, ...Object.keys(read)]).toEqual([service, service.replace('-', '')]);
    }
  }, 900_000);

  test('the password of one database server is not that of the other', async () => {
    const password = await fixture.use('postgis').secret('postgis-gis', 'password');
    const host = fixture.use('orders-db').host('orders-db-postgres');
    const script = `
import psycopg2
psycopg2.connect(host=host, dbname='gis', user='gis', password=password, connect_timeout=10, sslmode='verify-full',
                 sslrootcert='/tmp/ca.crt')
`;
    expect(await fixture.use('orders-db').failure(script, { password, host })).toContain('password authentication failed');
  }, 120_000);

  test('each reaches its own server, and no edge is there that is not declared', async () => {
    const declared = await watch.time('edges', expectDeclaredEdges(fixture.workspace));
    const from = (probe: string) => declared.filter((line) => line.startsWith(`twice-ai/probe-${probe} `)).sort();
    expect(from('mlflow')).toEqual(['twice-ai/probe-mlflow → minio:s3', 'twice-ai/probe-mlflow → postgis:postgres']);
    expect(from('lab')).toEqual(['twice-ai/probe-lab → minio:s3', 'twice-ai/probe-lab → orders-db:postgres']);
  }, 400_000);

  const foreignPod = (name: string, labels: Record<string, string>) =>
    PythonPod.start({
      name,
      namespace: foreign,
      labels,
      env: [
        secretEnv('DATABASE_USER', 'postgis-shop', 'username'),
        secretEnv('DATABASE_PASSWORD', 'postgis-shop', 'password'),
        secretEnv('BUCKET_ID', 'minio-shop', 'accessKeyId'),
        secretEnv('BUCKET_KEY', 'minio-shop', 'secretAccessKey'),
      ],
    });

  test('a client in another namespace uses its own database and bucket, and no other ones', async () => {
    const shop = await foreignPod('shop', clients.shop.pods);
    const script = `${connect}
sql = database('shop')
sql.execute('create table if not exists goods as select %s::text as name', ('apple',))
sql.execute('select name from goods')
print(sql.fetchone()[0])
s3.put_object(Bucket='shop', Key='pear', Body=b'sweet')
print(s3.get_object(Bucket='shop', Key='pear')['Body'].read().decode())
for refused in (lambda: database('mlflow'), lambda: s3.list_objects_v2(Bucket='mlflow')):
    try:
        refused()
        print('let in')
    except psycopg2.OperationalError as error:
        print('permission denied' if 'permission denied for database' in str(error) else error)
    except botocore.exceptions.ClientError as error:
        print(error.response['Error']['Code'])
`;
    const answer = await eventually(() => shop.python(script), 60);
    expect(answer.split('\n')).toEqual(['apple', 'sweet', 'permission denied', 'AccessDenied']);
  }, 300_000);

  test('a pod beside it without its labels does not get in with the same Secrets, and does once it has them', async () => {
    const stranger = await foreignPod('stranger', {});
    const script = `${connect}
for use in (lambda: database('shop'), lambda: s3.list_objects_v2(Bucket='shop')):
    try:
        use()
        print('let in')
    except psycopg2.OperationalError as error:
        print('kept off' if any(said in str(error) for said in ('timeout expired', 'refused', 'unreachable')) else error)
    except (botocore.exceptions.ConnectTimeoutError, botocore.exceptions.EndpointConnectionError):
        print('kept off')
`;
    const reaches = async () => (await stranger.python(script)).split('\n');
    await eventually(async () => expect(await reaches()).toEqual(['kept off', 'kept off']), 60);
    await kubectl(['label', 'pod', 'stranger', `--namespace=${foreign}`, 'app=shop']);
    await eventually(async () => expect(await reaches()).toEqual(['let in', 'let in']), 60);
  }, 300_000);

  test('destroy takes back its Secrets, and leaves the other namespace and its pods as they are', async () => {
    const theirs = async (kinds: string) =>
      (
        await kubectl([
          'get',
          kinds,
          `--namespace=${foreign}`,
          '-o',
          'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}',
        ])
      ).trim();
    const namespace = () => kubectl(['get', 'namespace', foreign, '-o', 'jsonpath={.metadata.uid} {.status.phase}']);
    const [before, pods] = [await namespace(), await theirs('pods')];
    expect((await theirs('secrets')).replaceAll(/ .*/g, '').split('\n')).toEqual(['minio-shop', 'postgis-shop']);
    await watch.time('destroy', fixture.hearth.succeed('destroy', 'twice', '--delete-data', '--confirm', 'twice'));
    expect(await theirs('secrets')).toBe('');
    expect([await namespace(), await theirs('pods')]).toEqual([before, pods]);
    expect(before).toContain('Active');
    for (const tier of fixture.workspace.platform.tiers) {
      expect(await kubectl(['get', 'namespace', tier.namespace, '--ignore-not-found'])).toBe('');
    }
  }, 600_000);
});
