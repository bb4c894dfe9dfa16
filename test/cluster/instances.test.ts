import { proof as mlflow } from '../proofs/mlflow';
import { proof as postgis } from '../proofs/postgis';
import { Client } from './support/client';
import { expectDeclaredEdges } from './support/edges';
import { Hearth } from './support/hearth';
import { eventually } from './support/kubectl';
import { ProofContext } from './support/proof-context';
import { Stopwatch, suite } from './support/suite';
import { Workspace } from './support/workspace';

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
    minio: { storage: '1Gi' },
    postgis: { storage: '1Gi' },
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

suite('two services of one component on a cluster', () => {
  let workspace: Workspace;
  let client: Client;
  const watch = new Stopwatch();
  const use = (service: string) => new ProofContext(workspace, client, service);

  beforeAll(async () => {
    workspace = await Workspace.of(text);
  }, 120_000);

  afterAll(async () => {
    console.log(`${watch}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await client?.stop();
    await workspace?.remove();
  }, 300_000);

  test('one command brings all of them up', async () => {
    await watch.time('up', new Hearth(workspace.folder).succeed('up', 'twice'));
    client = await Client.start(workspace);
  }, 900_000);

  test('each has only what was written to it', async () => {
    for (const { service, proof } of instances) await eventually(() => proof.write(use(service), service.replace('-', '')), 240);
    for (const { service, proof } of instances) {
      const read = await eventually(() => proof.read(use(service)), 120);
      expect([service, ...Object.keys(read)]).toEqual([service, service.replace('-', '')]);
    }
  }, 900_000); // prettier-ignore

  test('the password of one database server is not that of the other', async () => {
    const password = await use('postgis').secret('postgis-gis', 'password');
    const host = use('orders-db').host('orders-db-postgres');
    const script = `
import psycopg2
psycopg2.connect(host=host, dbname='gis', user='gis', password=password, connect_timeout=10, sslmode='verify-full',
                 sslrootcert='/tmp/ca.crt')
`;
    expect(await use('orders-db').failure(script, { password, host })).toContain('password authentication failed');
  }, 120_000);

  test('each reaches its own server, and no edge is there that is not declared', async () => {
    const declared = await watch.time('edges', expectDeclaredEdges(workspace));
    const from = (probe: string) => declared.filter((line) => line.startsWith(`twice-ai/probe-${probe} `)).sort();
    expect(from('mlflow')).toEqual([
      'twice-ai/probe-mlflow → minio:s3',
      'twice-ai/probe-mlflow → postgis:postgres',
    ]);
    expect(from('lab')).toEqual(['twice-ai/probe-lab → minio:s3', 'twice-ai/probe-lab → orders-db:postgres']);
  }, 400_000); // prettier-ignore
});
