import { all, container, envOf, find, findJob, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const high = { cluster: 'kubernetes', availability: 'high' };
const platform = (options: object = {}, settings: object = {}) =>
  geoai({ ...settings, providers: { sql: 'postgis' } }, { 'mng-pg': options });
const objects = (options: object = {}, settings: object = {}) => objectsOf(platform(options, settings));

test('the whole file, of one server', () => expect(manifestFile(platform(), 'mng-pg')).toMatchSnapshot());
test('the whole file, where availability is high', () => {
  expect(manifestFile(platform({}, high), 'mng-pg')).toMatchSnapshot();
});

test('one server without cluster around it; a cluster behind the same name where availability is high', () => {
  const [single, replicated] = [objects(), objects({}, high)];
  const workloads = (made: typeof single) =>
    [...all(made, 'StatefulSet'), ...all(made, 'Deployment')]
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith('mng-pg'));
  expect(workloads(single)).toEqual(['mng-pg']);
  expect(workloads(replicated).sort()).toEqual(['mng-pg', 'mng-pg-etcd', 'mng-pg-patroni']);
  expect(find(single, 'Service', 'mng-pg').spec.ports.map(({ port }) => port)).toEqual([5432]);
  expect(find(replicated, 'Service', 'mng-pg').spec.ports.map(({ port }) => port)).toEqual([5432, 5000, 5433]);
  expect(find(replicated, 'StatefulSet', 'mng-pg-patroni').spec.replicas).toBe(3);
  expect(workloads(objects({ replicas: 1 }, high))).toEqual(['mng-pg']);
  expect(workloads(objects({ replicas: 3 }))).toEqual(workloads(replicated));
});

test('databases and roles are made by a job that can run again, also for one that came later', () => {
  const script = (options: object) => find(objects(options), 'ConfigMap', 'mng-pg-databases').data['databases.sql'] ?? '';
  const wanted = { databases: { wiki: null, sonarqube: { extensions: ['pg_trgm'] } }, extensions: ['hstore'] };
  expect(script(wanted)).toContain('CREATE DATABASE "wiki" OWNER "wiki"');
  expect([...script(wanted).matchAll(/CREATE EXTENSION IF NOT EXISTS "(\w+)"/g)].map(([, name]) => name)).toEqual([
    'hstore',
    'pg_trgm',
  ]);
  const name = (options: object) => findJob(objects(options), 'mng-pg-databases').metadata.name;
  expect(name(wanted)).not.toBe(name({}));
});

test('consumers use it the same way in both shapes', () => {
  for (const settings of [{}, high]) {
    const made = objectsOf(geoai(settings, { postgis: undefined, 'mng-pg': {} }));
    const wait = container(find(made, 'Deployment', 'mlflow').spec.template, 'wait-for-mng-pg');
    expect(envOf(wait)).toMatchObject({
      PGHOST: 'mng-pg.geoai-data.svc',
      PGPORT: '5432',
      PGPASSWORD: 'mng-pg-mlflow/password',
    });
  }
});

test('nobody comes from outside', () => {
  for (const settings of [{}, high]) {
    const made = objects({}, settings);
    expect(all(made, 'IngressRoute').map(({ metadata }) => metadata.name)).not.toContain('mng-pg');
    expect(JSON.stringify(find(made, 'NetworkPolicy', 'mng-pg').spec.ingress ?? [])).not.toContain('traefik');
  }
});

test('data of another major version is refused before the server starts, by the image’s own word', () => {
  const check = container(find(objects(), 'StatefulSet', 'mng-pg').spec.template, 'check-data-version');
  const server = container(find(objects(), 'StatefulSet', 'mng-pg').spec.template, 'mng-pg');
  expect(check.image).toBe(server.image);
  expect(envOf(check)['MARK']).toBe('/volume/pgdata/PG_VERSION');
});

test('an exporter with a role of its own; without metrics there is neither', () => {
  const exporter = container(find(objects(), 'StatefulSet', 'mng-pg').spec.template, 'exporter');
  expect(envOf(exporter)).toMatchObject({ DATA_SOURCE_USER: 'exporter', DATA_SOURCE_PASS: 'mng-pg-exporter/password' });
  const without = objects({ metrics: false });
  expect(find(without, 'StatefulSet', 'mng-pg').spec.template.spec.containers).toHaveLength(1);
  expect(JSON.stringify(find(without, 'ConfigMap', 'mng-pg-databases').data)).not.toContain('exporter');
});

test('the same superuser in both shapes', () => {
  const credential = (settings: object) => platform({}, settings).graph.credentials.find(({ name }) => name === 'mng-pg');
  expect(credential({})?.keys).toEqual(credential(high)?.keys);
  expect([credential({}), credential(high)].every((found) => found?.storedIn?.name === 'data')).toBe(true);
});
