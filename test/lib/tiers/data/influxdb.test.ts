import { all, container, containersOf, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const objects = (options: object = {}, settings: object = {}) => objectsOf(geoai({ ...settings }, { influxdb: options }));
const template = (options: object = {}) => find(objects(options), 'StatefulSet', 'influxdb').spec.template;

test('the whole file', () => expect(manifestFile(geoai({}, { influxdb: {} }), 'influxdb')).toMatchSnapshot());

test('one server, also where availability is high', () => {
  const high = geoai({ availability: 'high' }, { influxdb: {} });
  expect(manifestFile(high, 'influxdb')).toBe(manifestFile(geoai({}, { influxdb: {} }), 'influxdb'));
  expect(find(objectsOf(high), 'StatefulSet', 'influxdb').spec.replicas).toBe(1);
});

test('the first user, organisation and bucket are made before the server can be reached', () => {
  expect(containersOf(template()).map(({ name }) => name)).toEqual(['check-data-version', 'set-up', 'influxdb']);
  expect(envOf(container(template({ organisation: 'lab', bucket: 'raw', retention: '2w' }), 'set-up'))).toMatchObject({
    USERNAME: 'influxdb/username',
    PASSWORD: 'influxdb/password',
    TOKEN: 'influxdb/token',
    ORGANISATION: 'lab',
    BUCKET: 'raw',
    RETENTION_SECONDS: '1209600',
  });
  expect(envOf(container(template(), 'set-up'))).toMatchObject({ ORGANISATION: 'hy_home', RETENTION_SECONDS: '0' });
  expect(container(template(), 'set-up').ports).toBeUndefined();
});

test('the server itself knows no secret', () => {
  const secrets = Object.values(envOf(container(template(), 'influxdb'))).filter((value) => value?.includes('influxdb/'));
  expect(secrets.filter((value) => !value?.startsWith('/var/lib/'))).toEqual([]);
});

test('retention and names that are none', () => {
  for (const retention of ['30', '0d', '-1d', '30 d', '1y']) expect(() => objects({ retention })).toThrow('30d');
  expect(() => objects({ organisation: 'a"b' })).toThrow('hy_home');
});

test('pages and API by a route, metrics inside alone', () => {
  const route = all(objects(), 'IngressRoute').find(({ metadata }) => metadata.name === 'influxdb');
  expect(route?.spec.routes.map(({ match }) => match)).toEqual([
    '(Host(`influxdb.geoai.home.arpa`)) && !PathPrefix(`/metrics`) && !PathPrefix(`/debug`)',
  ]);
  expect(template().metadata.annotations).toMatchObject({ 'prometheus.io/port': '8086' });
});

test('password and token stand in the data: they are never made anew beside it', () => {
  const credential = geoai({}, { influxdb: {} }).graph.credentials.find(({ name }) => name === 'influxdb');
  expect(credential?.storedIn?.name).toBe('data');
  expect(credential?.rotation).toBeUndefined();
});

test('a second one is restored by its own Secret, which the refusal names', () => {
  const target = { endpoint: 'https://s3.hearth.dev', bucket: 'backups' };
  const made = objectsOf(geoai({}, { influxdb: {}, lab: { component: 'influxdb' }, backup: { target } }));
  const load = container(find(made, 'CronJob', 'lab-restore').spec.jobTemplate.spec.template, 'load');
  expect(load.command.at(-1)).toContain('than the Secret lab has');
  expect(envOf(load)).toMatchObject({ INFLUX_HOST: 'http://lab.geoai-data.svc:8086', INFLUX_TOKEN: 'lab/token' });
});
