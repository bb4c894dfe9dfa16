import { gateway } from '../../lib/core/gateway';
import { Client } from './support/client';
import { ReachabilityCheck } from './support/edges';
import { eventually, kubectl, kubectlJson } from './support/kubectl';
import { without, Workspace } from './support/workspace';
import { suite, Stopwatch } from './support/suite';
import type { TierName } from '../../lib/core/tier';

/** A GeoAI platform among the shipped ones: geoai-dev fits kind and any other cluster, geoai is for k3s. */
const name = process.env.HEARTH_TEST_PLATFORM ?? 'geoai-dev';

/**
 * That platform on the cluster of `KUBECONFIG`. Where no image can be pulled, the cluster brings stand-ins that
 * carry the real programs from other sources (test/cluster/images), and services without one are named in
 * `HEARTH_TEST_WITHOUT`.
 */
suite(`platform ${name} on a cluster`, () => {
  let workspace: Workspace;
  let client: Client;
  const watch = new Stopwatch();
  const host = (label: string) => `${label}.${workspace.platform.config.domain}`;
  const namespace = (tier: TierName) => workspace.platform.tier(tier).namespace;

  beforeAll(async () => {
    workspace = await Workspace.create(name);
  });

  afterAll(async () => {
    console.log(`${watch}; without: ${without.join(', ') || 'nothing'}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await client?.stop();
    await workspace.remove();
  }, 300_000);

  test('the documented commands succeed on an empty cluster, and everything becomes ready', async () => {
    await watch.time('apply', workspace.apply());
    await watch.time('ready', workspace.ready(600));
  }, 720_000);

  test('the same commands again change nothing', async () => {
    const before = await generations();
    await workspace.apply();
    expect(await generations()).toEqual(before);
  });

  test('a user reaches the gateway: HTTP is redirected, the certificate is the platform’s own', async () => {
    const { peer } = workspace.platform.provider(gateway);
    const hosts = workspace.platform.graph.routes.flatMap((route) => route.hosts);
    client = await Client.start(
      [...new Set(hosts)],
      { namespace: peer.namespace, name: 'traefik' },
      {
        'ca.crt': await workspace.secret(namespace('gateway'), 'gateway-tls', 'tls.crt'),
        'gateway-password': await workspace.secret(namespace('gateway'), 'gateway-basic-auth', 'password'),
        'gis-password': await workspace.secret(namespace('data'), 'postgis-gis', 'password'),
        'mlflow-access-key': await workspace.secret(namespace('data'), 'minio-mlflow', 'accessKeyId'),
        'mlflow-secret-key': await workspace.secret(namespace('data'), 'minio-mlflow', 'secretAccessKey'),
      },
    );
    const answer = await client.pythonEventually(`
import requests
r = requests.get('http://${host('mlflow')}/a?b=c', allow_redirects=False, timeout=5)
print(r.status_code, r.headers['Location'])
assert requests.get('https://${host('minio')}/', verify='/files/ca.crt', timeout=5).status_code == 200
`);
    expect(answer).toBe(`301 https://${host('mlflow')}/a?b=c`);
  }, 240_000);

  test('the dashboard is refused without the password, and opens with it', async () => {
    const answer = await client.pythonEventually(`
import requests
password = open('/files/gateway-password').read()
for auth in (None, ('admin', 'wrong'), ('admin', password)):
    print(requests.get('https://${host('traefik')}/api/overview', auth=auth, verify='/files/ca.crt', timeout=5).status_code)
`);
    expect(answer.split('\n')).toEqual(['401', '401', '200']);
  });

  const logRun = `
import mlflow, os
os.environ.update(MLFLOW_TRACKING_USERNAME='admin', MLFLOW_TRACKING_PASSWORD=open('/files/gateway-password').read(),
                  MLFLOW_TRACKING_SERVER_CERT_PATH='/files/ca.crt', MLFLOW_HTTP_REQUEST_MAX_RETRIES='2')
mlflow.set_tracking_uri('https://HOST')
`;
  const readRun = `
import hashlib
for run in mlflow.search_runs(experiment_names=['survey'], output_format='list'):
    content = open(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path='tile.bin'), 'rb').read()
    print(run.data.metrics['accuracy'], len(content), hashlib.sha256(content).hexdigest())
`;
  let logged = '';
  const lastLine = (text: string) => text.split('\n').at(-1) ?? '';

  test('a run with an artifact goes to MLflow by host name and comes back', async () => {
    const script = `${logRun.replace('HOST', host('mlflow'))}
mlflow.set_experiment('survey')
with mlflow.start_run():
    mlflow.log_metric('accuracy', 0.75)
    open('/tmp/tile.bin', 'wb').write(bytes(range(256)) * 4096)
    mlflow.log_artifact('/tmp/tile.bin')
${readRun}`;
    logged = lastLine(await client.python(script));
    expect(logged).toMatch(/^0\.75 1048576 [0-9a-f]{64}$/);
  });

  test('MLflow serves artifacts itself: nobody is sent to an address inside the cluster', async () => {
    const answer = await client.python(`
import requests
auth = ('admin', open('/files/gateway-password').read())
base = 'https://${host('mlflow')}'
for method, path in (('GET', '/api/3.0/mlflow/server-info'), ('GET', '/ajax-api/2.0/mlflow-artifacts/presigned/1/a'),
                     ('POST', '/ajax-api/2.0/mlflow/artifacts/presigned-download-url'), ('GET', '/version')):
    print(requests.request(method, base + path, auth=auth, verify='/files/ca.crt', timeout=5).status_code)
`);
    expect(answer.split('\n')).toEqual(['404', '404', '404', '200']);
  });

  test('the artifact lies in the bucket; the keys of MLflow open no other bucket', async () => {
    const answer = await client.python(`
import boto3, botocore
s3 = boto3.client('s3', endpoint_url='https://${host('minio-api')}', verify='/files/ca.crt', region_name='us-east-1',
                  aws_access_key_id=open('/files/mlflow-access-key').read(),
                  aws_secret_access_key=open('/files/mlflow-secret-key').read())
print([o['Size'] for o in s3.list_objects_v2(Bucket='mlflow')['Contents'] if o['Key'].endswith('/tile.bin')])
try:
    s3.create_bucket(Bucket='another')
    print('made another bucket')
except botocore.exceptions.ClientError as error:
    print(error.response['Error']['Code'])
`);
    expect(answer.split('\n')).toEqual(['[1048576]', 'AccessDenied']);
  });

  const postgres = (options: string) => `
import psycopg2
connection = psycopg2.connect(host='${'HOST'}', dbname='gis', user='gis', password=open('/files/gis-password').read(),
                              connect_timeout=5, ${options})
connection.autocommit = True
sql = connection.cursor()
`;
  const verified = `sslmode='verify-full', sslrootcert='/files/ca.crt'`;

  test('PostgreSQL answers through the gateway by TLS server name, and only so; its extensions are there', async () => {
    const connect = postgres(verified).replace('HOST', host('postgres'));
    const answer = await client.pythonEventually(`${connect}
sql.execute('create table if not exists places (name text primary key, at geometry(Point, 4326))')
sql.execute("insert into places values ('hearth', ST_SetSRID(ST_MakePoint(8.68, 50.11), 4326)) on conflict do nothing")
sql.execute('select extname from pg_extension order by 1')
print(','.join(name for name, in sql.fetchall()))
`);
    expect(answer).toBe('hstore,pgrouting,plpgsql,postgis,postgis_raster,postgis_topology');
    const plain = await client.attempt(postgres(`sslmode='disable'`).replace('HOST', host('postgres')));
    expect(plain.code).not.toBe(0);
    const other = await client.attempt(connect.replace(`dbname='gis'`, `dbname='mlflow'`));
    expect(other.stderr).toContain('permission denied for database "mlflow"');
  });

  test('after the PostgreSQL and MinIO pods are killed, the data is still there', async () => {
    const kill = ['delete', 'pod', '--grace-period=0', '--force', `--namespace=${namespace('data')}`];
    await kubectl([...kill, 'postgis-0']);
    await kubectl([...kill, 'minio-0']);
    const again = await watch.time(
      'recovery',
      client.pythonEventually(`${logRun.replace('HOST', host('mlflow'))}${readRun}`, 180),
    );
    expect(lastLine(again)).toBe(logged);
    const place = await client.pythonEventually(`${postgres(verified).replace('HOST', host('postgres'))}
sql.execute('select name, ST_X(at) from places')
print(sql.fetchall())
`);
    expect(place).toBe("[('hearth', 8.68)]");
    await workspace.ready(120);
  }, 400_000);

  test('every declared edge works, and no other one does', async () => {
    const { platform } = workspace;
    const { workloads } = platform.graph;
    const servers = workloads.filter((workload) => workload.ports.some((port) => port.offered));
    const check = await ReachabilityCheck.start(platform, servers, workspace.apiServer);
    try {
      const declared = check.declared();
      expect(declared.length).toBeGreaterThanOrEqual(8);
      expect(declared.filter((line) => line.includes('stranger'))).toEqual([]);
      await eventually(async () => expect(await check.open()).toEqual(declared), 60);
      // Each is kept from something.
      const probes = (lines: string[]) => new Set(lines.map((line) => line.replace(/ → .*/, '')));
      expect(probes(check.pairs().filter((line) => !declared.includes(line)))).toEqual(probes(check.pairs()));
    } finally {
      await check.stop();
    }
  }, 300_000);

  async function generations(): Promise<Record<string, number>> {
    const kinds =
      'deployments,statefulsets,jobs,services,networkpolicies,ingressroutes,ingressroutetcps,middlewares,configmaps,secrets';
    const namespaces = workspace.platform.tiers.map((tier) => tier.namespace);
    const lists = await Promise.all(
      namespaces.map((namespace) =>
        kubectlJson<{ items: { kind: string; metadata: { name: string; generation?: number; uid: string } }[] }>([
          'get', kinds, `--namespace=${namespace}`,
        ]),
      ),
    ); // prettier-ignore
    return Object.fromEntries(
      lists.flatMap(({ items }) =>
        items.map(({ kind, metadata }) => [`${kind}/${metadata.uid}`, metadata.generation ?? 0]),
      ),
    );
  }
});
