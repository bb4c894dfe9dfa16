import { sql } from '../../../../lib/bindings/sql-database';
import { buildPlatform } from '../../../../lib/build-platform';
import { known } from '../../../../lib/core/late';
import { all, container, envOf, find, findJob, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const objects = (options: object = {}, settings: Record<string, unknown> = {}) =>
  objectsOf(geoai(settings, { postgis: options }));
const server = (options: object = {}, settings: Record<string, unknown> = {}) =>
  container(find(objects(options, settings), 'StatefulSet', 'postgis').spec.template, 'postgis');
const script = (options: object = {}) => find(objects(options), 'ConfigMap', 'postgis-databases').data['databases.sql'];
const extensions = (options: object = {}) =>
  [...(script(options) ?? '').matchAll(/CREATE EXTENSION IF NOT EXISTS "(\w+)"/g)].map(([, name]) => name);

test('the whole file', () => expect(manifestFile(geoai(), 'postgis')).toMatchSnapshot());

test('a database gis for people with all extensions of the seed, and one for MLflow', () => {
  expect(extensions()).toEqual(['postgis', 'postgis_raster', 'postgis_topology', 'hstore', 'pgrouting']);
  expect(script()).toContain('CREATE DATABASE "gis" OWNER "gis"');
  expect(script()).toContain('CREATE DATABASE "mlflow" OWNER "mlflow"');
});

test('databases and their extensions', () => {
  const options = {
    databases: { maps: { extensions: ['postgis'] }, plain: { extensions: [] }, usual: {}, empty: null },
  };
  expect(script(options)).not.toContain('"gis"');
  for (const name of ['maps', 'plain', 'usual', 'empty', 'mlflow']) {
    expect(script(options)).toContain(`CREATE DATABASE "${name}" OWNER "${name}"`);
  }
  expect(extensions({ ...options, extensions: ['hstore'] })).toEqual(['postgis', 'hstore', 'hstore']);
  const job = findJob(objects(options), 'postgis-databases');
  expect(envOf(container(job.spec.template, 'postgis'))).toMatchObject({
    MAPS_PASSWORD: 'postgis-maps/password',
    PLAIN_PASSWORD: 'postgis-plain/password',
    MLFLOW_PASSWORD: 'postgis-mlflow/password',
    PGPASSWORD: 'postgis/password',
  });
});

test('a database that people and a component share is one', () => {
  const options = { databases: { mlflow: { extensions: ['hstore'] } } };
  expect(script(options)?.match(/CREATE DATABASE "mlflow"/g)).toHaveLength(1);
  expect(extensions(options)).toEqual(['hstore']);
});

test('and it has the extensions that any of them wants, each once', () => {
  const { config } = geoai({}, { postgis: { databases: { gis: { extensions: ['postgis'] } } } });
  const server = buildPlatform(config).provider(sql);
  const asked = [['hstore', 'postgis'], undefined, ['pgrouting']].map((wanted) =>
    server.database('gis', wanted && { extensions: wanted }),
  );
  expect(new Set(asked).size).toBe(1);
  expect(asked[0]?.extensions).toEqual(['postgis', 'hstore', 'pgrouting']);
});

test('server parameters: the platform’s time zone, and what is said', () => {
  expect(server().args).toEqual(['-c', 'timezone=UTC', '-c', 'shared_buffers=256MB', '-c', 'max_connections=100']);
  expect(server({ settings: { work_mem: '64MB', jit: false } }, { timeZone: 'Europe/Berlin' }).args).toEqual([
    '-c',
    'timezone=Europe/Berlin',
    '-c',
    'work_mem=64MB',
    '-c',
    'jit=false',
  ]);
});

test('reachable as postgres.<domain>:5432 by server name with TLS', () => {
  const route = find(objects(), 'IngressRouteTCP', 'postgres', 'geoai-data');
  expect(route.spec).toMatchObject({
    entryPoints: ['postgres'],
    routes: [{ match: 'HostSNI(`postgres.geoai.home.arpa`)', services: [{ name: 'postgis', port: 'postgres' }] }],
    tls: {},
  });
  expect(find(objects(), 'Service', 'traefik-public').spec.ports.map(({ port }) => port)).toEqual([80, 443, 5432]);
});

test('or not reachable: no route, no entry point, no way in from the gateway', () => {
  const closed = objects({ reachable: false });
  expect(all(closed, 'IngressRouteTCP')).toEqual([]);
  expect(find(closed, 'Service', 'traefik-public').spec.ports.map(({ port }) => port)).toEqual([80, 443]);
  expect(find(closed, 'ConfigMap', 'traefik').data['traefik.yaml']).not.toContain('5432');
  expect(JSON.stringify(find(closed, 'NetworkPolicy', 'postgis').spec.ingress)).not.toContain('traefik');
});

test('the password comes as a file, the data below the mount, and a stop has time', () => {
  expect(envOf(server())).toMatchObject({
    PGDATA: '/var/lib/postgresql/data/pgdata',
    POSTGRES_PASSWORD_FILE: '/run/secrets/postgis/password',
  });
  const { spec } = find(objects(), 'StatefulSet', 'postgis').spec.template;
  expect(spec.terminationGracePeriodSeconds).toBe(120);
  expect(spec.volumes).toContainEqual({ name: 'shared-memory', emptyDir: { medium: 'Memory', sizeLimit: '128Mi' } });
});

test('ready means that it serves on the network, which it does not while it initialises', () => {
  expect(server().readinessProbe.exec.command).toContain('--host=127.0.0.1');
  expect(server().startupProbe.failureThreshold * server().startupProbe.periodSeconds).toBe(300);
});

test('storage', () => {
  const claims = (options: object) =>
    find(objects(options), 'StatefulSet', 'postgis').spec.volumeClaimTemplates.map(
      ({ spec }) => spec.resources.requests['storage'],
    );
  expect([claims({}), claims({ storage: '1Ti' })]).toEqual([['20Gi'], ['1Ti']]);
});

test('new passwords: of a database by the job that makes it, of the superuser by the running server', () => {
  const rotation = (name: string) => geoai().graph.credentials.find((credential) => credential.name === name)?.rotation;
  const [ofDatabase, ofSuperuser] = [rotation('postgis-mlflow'), rotation('postgis')];
  if (ofDatabase?.by !== 'job' || ofSuperuser?.by !== 'command') throw new Error('rotated in another way');
  expect(ofDatabase.job().name).toBe('postgis-databases');
  expect(ofSuperuser.in().name).toBe('postgis');
  expect(ofSuperuser.keys).toEqual(['password']);
  expect(ofSuperuser.input({ password: "it's" })).toMatch(/^SET log_statement = 'none';$[^]*PASSWORD 'it''s';\n\\q\n$/m);
});

test('a dump holds every database that is no template, and a restore leaves the password of the Secret', () => {
  const [backup] = geoai({}, { backup: { target: { endpoint: 'https://s3.hearth.dev', bucket: 'b-1' } } }).graph.backups;
  if (!backup) throw new Error('no backup');
  const script = (job: 'backup' | 'restore', name: string) => {
    const found = backup[job].containers.find((candidate) => candidate.name === name);
    return found && known(found.props.command, backup.component)?.at(-1);
  };
  expect(script('backup', 'save')).toContain('WHERE datallowconn AND NOT datistemplate');
  expect(script('backup', 'backup')).toContain('restic backup');
  expect(script('restore', 'load')).toContain("ALTER ROLE CURRENT_USER PASSWORD :'password';");
});
