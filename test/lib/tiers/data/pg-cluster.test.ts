import * as YAML from 'yaml';
import { known } from '../../../../lib/core/late';
import { all, container, envOf, find, findJob, objectsOf, podsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const high = { cluster: 'kubernetes', availability: 'high' };
const platform = (options: object = {}, settings: object = high) =>
  geoai({ ...settings, providers: { sql: 'postgis' } }, { 'pg-cluster': options });
const objects = (options: object = {}, settings: object = high) => objectsOf(platform(options, settings));
const files = (options: object = {}, settings: object = high) =>
  find(objects(options, settings), 'ConfigMap', 'pg-cluster-patroni').data;
interface ClusterSettings {
  ttl: number;
  loop_wait: number;
  retry_timeout: number;
  synchronous_mode: boolean;
  synchronous_mode_strict: boolean;
  primary_start_timeout: number;
  postgresql: { parameters: Record<string, unknown> };
}
const cluster = (options: object = {}, settings: object = high) =>
  JSON.parse(files(options, settings)['cluster.json'] ?? '') as ClusterSettings;
const haproxy = (options: object = {}) => find(objects(options), 'ConfigMap', 'pg-router-haproxy').data['haproxy.cfg'] ?? '';
const servicePorts = (name: string) => find(objects(), 'Service', name).spec.ports.map(({ port }) => port);

test('the whole file, where availability is high', () => expect(manifestFile(platform(), 'pg-cluster')).toMatchSnapshot());
test('the whole file, of one pod each', () => expect(manifestFile(platform({}, {}), 'pg-cluster')).toMatchSnapshot());

test('Patroni and etcd of three, two routers; everything spread, and one at a time may go', () => {
  const made = objects();
  expect(find(made, 'StatefulSet', 'pg-cluster').spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
  expect(find(made, 'StatefulSet', 'etcd').spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
  expect(find(made, 'Deployment', 'pg-router').spec.replicas).toBe(2);
  for (const name of ['pg-cluster', 'etcd', 'pg-router']) {
    expect(find(made, 'PodDisruptionBudget', name).spec).toMatchObject({ maxUnavailable: 1 });
  }
});

test('writes on 5432, which is also 5000, reads on 5433; nobody comes to a member but by name', () => {
  expect(servicePorts('pg-router')).toEqual([5432, 5000, 5433, 7000]);
  expect(servicePorts('etcd')).toEqual([2379]);
  expect(all(objects(), 'Service').map(({ metadata }) => metadata.name)).not.toContain('pg-cluster');
  expect(servicePorts('pg-cluster-peers')).toEqual([5432, 8008, 9187]);
});

test('one of each where availability is single, or where one is said', () => {
  for (const made of [objects({}, {}), objects({ replicas: 1, router: { replicas: 1 } })]) {
    expect(find(made, 'StatefulSet', 'pg-cluster').spec.replicas).toBe(1);
    expect(find(made, 'StatefulSet', 'etcd').spec.replicas).toBe(1);
    expect(find(made, 'Deployment', 'pg-router').spec.replicas).toBe(1);
  }
  // A single server that crashed is started again: nobody is there to take over.
  expect([cluster({}, {}), cluster()].map((dcs) => dcs.primary_start_timeout)).toEqual([300, 0]);
});

test('the times are what Patroni allows, and fit together', () => {
  const { ttl, loop_wait, retry_timeout } = cluster();
  expect(ttl).toBeGreaterThanOrEqual(20);
  expect(retry_timeout).toBeGreaterThanOrEqual(3);
  expect(loop_wait + 2 * retry_timeout).toBeLessThanOrEqual(ttl);
});

test.each([
  [undefined, true, false],
  ['strict', true, true],
  [false, false, false],
])('synchronous: %s', (synchronous, mode, strict) => {
  expect(cluster({ synchronous })).toMatchObject({ synchronous_mode: mode, synchronous_mode_strict: strict });
});

test('strict with one member would never take a write', () => {
  expect(() => platform({ synchronous: 'strict', replicas: 1 })).toThrow(
    /^geoai\.yaml:\d+ {2}services\.pg-cluster\.synchronous: strict needs a second member; write true, or replicas: 3$/,
  );
});

test('settings reach every member: those of the first start, and those that a job brings later', () => {
  const options = { settings: { work_mem: '64MB' } };
  const first = YAML.parse(files(options)['bootstrap.yml'] ?? '') as { bootstrap: { dcs: unknown } };
  expect(first.bootstrap.dcs).toEqual(cluster(options));
  expect(cluster(options).postgresql.parameters).toMatchObject({ work_mem: '64MB', timezone: 'UTC' });
  const configure = container(findJob(objects(options), 'pg-cluster-databases').spec.template, 'configure');
  expect(configure.command.at(-1)).toContain('--request PUT --data @/etc/patroni/cluster.json');
  const name = (given: object) => findJob(objects(given), 'pg-cluster-databases').metadata.name;
  expect(name(options)).not.toBe(name({}));
});

test('TimescaleDB is loaded where a database asks for it, and only there', () => {
  const preloaded = (options: object) => cluster(options).postgresql.parameters.shared_preload_libraries;
  expect(preloaded({})).toBeUndefined();
  expect(preloaded({ extensions: ['postgis'], databases: { shop: null } })).toBeUndefined();
  expect(preloaded({ databases: { shop: { extensions: ['timescaledb'] } } })).toBe('timescaledb');
  expect(preloaded({ extensions: ['timescaledb'] })).toBe('timescaledb');
});

test('every connection from outside the pod asks for a password', () => {
  const { postgresql } = YAML.parse(files()['patroni.yml'] ?? '') as { postgresql: { pg_hba: string[] } };
  const methods = postgresql.pg_hba.filter((line) => line.startsWith('host')).map((line) => line.split(' ').at(-1));
  expect(new Set(methods)).toEqual(new Set(['scram-sha-256']));
});

test('no password in a file or an argument; roles of the server are made, and survive a restore with the passwords of today', () => {
  const made = objects();
  const member = container(find(made, 'StatefulSet', 'pg-cluster').spec.template, 'pg-cluster');
  expect(envOf(member)).toMatchObject({
    PATRONI_SUPERUSER_PASSWORD: 'pg-cluster/password',
    PATRONI_REPLICATION_PASSWORD: 'pg-cluster-replicator/password',
    PATRONI_REWIND_PASSWORD: 'pg-cluster-rewind/password',
    PATRONI_RESTAPI_PASSWORD: 'pg-cluster-patroni/password',
  });
  const [backup] = geoai(
    {},
    {
      postgis: undefined,
      mlflow: undefined,
      'pg-cluster': {},
      backup: { target: { endpoint: 'https://s3.hearth.dev', bucket: 'b-1' } },
    },
  ).graph.backups.filter(({ component }) => component.name === 'pg-cluster');
  if (!backup) throw new Error('no backup');
  const load = known(backup.restore.props.command, backup.component)?.at(-1) ?? '';
  for (const role of ['replicator', 'rewind', 'exporter']) {
    const sql = find(made, 'ConfigMap', 'pg-cluster-databases').data['databases.sql'];
    expect(sql).toContain(`ALTER ROLE "${role}" WITH LOGIN`);
    expect(load.indexOf(`ALTER ROLE "${role}" WITH LOGIN`)).toBeGreaterThan(load.indexOf('roles.sql'));
  }
  expect(load).toContain("ALTER ROLE CURRENT_USER PASSWORD :'password';");
});

test('the exporter has a role of its own, which is no superuser; without metrics there is neither', () => {
  const made = objects();
  const exporter = container(find(made, 'StatefulSet', 'pg-cluster').spec.template, 'exporter');
  expect(envOf(exporter)).toMatchObject({
    DATA_SOURCE_USER: 'exporter',
    DATA_SOURCE_PASS: 'pg-cluster-exporter/password',
  });
  expect(find(made, 'ConfigMap', 'pg-cluster-databases').data['databases.sql']).toContain('GRANT pg_monitor TO "exporter";');
  const without = objects({ metrics: false });
  expect(JSON.stringify(podsOf(without).filter(({ owner }) => owner.endsWith('/pg-cluster')))).not.toContain('9187');
  expect(find(without, 'ConfigMap', 'pg-cluster-databases').data['databases.sql']).not.toContain('exporter');
  const annotations = (list: typeof made) => find(list, 'StatefulSet', 'pg-cluster').spec.template.metadata.annotations;
  expect([annotations(made), annotations(without)].map((found) => found['prometheus.io/port'])).toEqual(['9187', '8008']);
});

test('names of its own roles are no names of databases', () => {
  for (const name of ['replicator', 'rewind', 'exporter', 'patroni', 'postgres']) {
    expect(() => platform({ databases: { [name]: {} } })).toThrow('name of PostgreSQL’s own');
  }
});

test('the router asks Patroni, follows addresses, and reads from the leader where nobody else is there', () => {
  const text = haproxy();
  expect(text).toMatch(/backend leader\n {2}option httpchk OPTIONS \/primary/);
  expect(text).toMatch(/backend replicas\n {2}balance roundrobin\n {2}option httpchk OPTIONS \/replica/);
  expect(text).toContain('use_backend leader if { nbsrv(replicas) eq 0 }');
  expect(
    text.match(/^ {2}server pg-cluster-\d pg-cluster-\d\.pg-cluster-peers\.geoai-data\.svc\.cluster\.local:5432 /gm),
  ).toHaveLength(6);
});

test('the page of the router is a route; its access can be chosen', () => {
  expect(find(objects(), 'IngressRoute', 'pg-haproxy', 'geoai-data').spec.routes).toMatchObject([
    { match: 'Host(`pg-haproxy.geoai.home.arpa`)', services: [{ name: 'pg-router', port: 'page' }] },
  ]);
  expect(JSON.stringify(find(objects({ access: 'public' }), 'IngressRoute', 'pg-haproxy', 'geoai-data'))).not.toContain(
    'basic-auth',
  );
});

test('a consumer comes by the router, waits with psql, and has a policy to nothing else', () => {
  const made = objectsOf(geoai(high, { postgis: undefined, 'pg-cluster': {} }));
  const { spec } = find(made, 'NetworkPolicy', 'mlflow', 'geoai-ai');
  const egress = JSON.stringify(spec.egress);
  expect(egress).toContain('"app.kubernetes.io/instance":"pg-router"');
  expect(egress).not.toContain('"app.kubernetes.io/instance":"pg-cluster"');
  const wait = container(find(made, 'Deployment', 'mlflow').spec.template, 'wait-for-pg-cluster');
  expect(envOf(wait)).toMatchObject({ PGHOST: 'pg-router.geoai-data.svc', PGPORT: '5432', PGDATABASE: 'mlflow' });
});

test('new passwords: of roles by the job, of the superuser by whoever leads', () => {
  const { credentials } = platform().graph;
  const rotation = (name: string) => credentials.find((credential) => credential.name === name)?.rotation;
  for (const name of ['pg-cluster-replicator', 'pg-cluster-rewind', 'pg-cluster-exporter']) {
    expect(rotation(name)?.by).toBe('job');
  }
  const superuser = rotation('pg-cluster');
  if (superuser?.by !== 'command') throw new Error('rotated in another way');
  expect(superuser.command.at(-1)).toContain('PGTARGETSESSIONATTRS=read-write');
  expect(superuser.input({ password: "it's" })).toMatch(/PASSWORD 'it''s';\n\\q\n$/);
});

test('storage and priority in the backup', () => {
  const claim = (options: object) => find(objects(options), 'StatefulSet', 'pg-cluster').spec.volumeClaimTemplates[0];
  expect(claim({ storage: '1Ti', backup: 'none' })).toMatchObject({
    metadata: { labels: { 'hearth/backup-priority': 'none' } },
    spec: { resources: { requests: { storage: '1Ti' } } },
  });
  expect(claim({})?.metadata.labels).toMatchObject({ 'hearth/backup-priority': 'critical' });
});
