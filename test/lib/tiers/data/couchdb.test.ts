import { pbkdf2Sync } from 'node:crypto';
import { makeValue } from '../../../../cli/credentials/values';
import { pbkdf2 } from '../../../../lib/tiers/data/couchdb/password-hash';
import { all, container, envOf, find, findJob, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const high = { availability: 'high' };
const objects = (options: object = {}, settings: object = {}) => objectsOf(geoai({ ...settings }, { couchdb: options }));
const settingsOf = (made: ReturnType<typeof objects>) => find(made, 'ConfigMap', 'couchdb').data['couchdb.ini'] ?? '';
const nodes = [0, 1, 2].map((node) => `couchdb@couchdb-${node}.couchdb-peers.geoai-data.svc.cluster.local`);

/** What the manifest says, where the client library renames `from`. */
interface IngressRule {
  from: { podSelector: { matchLabels: Record<string, string> } }[];
  ports: { port: number }[];
}

test('the whole file', () => expect(manifestFile(geoai({}, { couchdb: {} }), 'couchdb')).toMatchSnapshot());

test('the whole file where availability is high', () =>
  expect(manifestFile(geoai(high, { couchdb: {} }), 'couchdb')).toMatchSnapshot());

test('three nodes that know each other by name, and keep each document three times', () => {
  const made = objects({}, high);
  const { spec } = find(made, 'StatefulSet', 'couchdb');
  expect([spec.replicas, spec.podManagementPolicy]).toEqual([3, 'Parallel']);
  expect(settingsOf(made)).toContain(`seedlist = ${nodes.join(',')}\n`);
  expect(settingsOf(made)).toMatch(/^n = 3$/m);
  expect(settingsOf(made)).toMatch(/^single_node = false$/m);
  const script = find(made, 'ConfigMap', 'couchdb-system-databases').data['system-databases.sh'];
  for (const node of nodes) expect(script).toContain(node);
});

test('one node makes its system databases itself and talks to no other', () => {
  const made = objects();
  expect(settingsOf(made)).toMatch(/^single_node = true$/m);
  expect(settingsOf(made)).not.toContain('seedlist');
  expect(all(made, 'Job').filter(({ metadata }) => metadata.name.startsWith('couchdb'))).toEqual([]);
  const { ports } = container(find(made, 'StatefulSet', 'couchdb').spec.template, 'couchdb');
  expect(ports.map(({ name }) => name)).toEqual(['http', 'metrics']);
});

test('the ports of the nodes among each other are no ports of the Service, and only they may use them', () => {
  const made = objects({}, high);
  expect(find(made, 'Service', 'couchdb').spec.ports.map(({ port }) => port)).toEqual([5984]);
  const ingress = find(made, 'NetworkPolicy', 'couchdb').spec.ingress as unknown as IngressRule[];
  const erlang = ingress.filter(({ ports }) => ports.some(({ port }) => [4369, 9100].includes(port)));
  expect(erlang.map(({ from }) => from.map(({ podSelector }) => podSelector.matchLabels))).toEqual([
    [{ 'app.kubernetes.io/name': 'couchdb', 'app.kubernetes.io/instance': 'couchdb' }],
  ]);
});

test('a browser stays with one node, and the server asks for the password itself', () => {
  const { routes } = all(objects({}, high), 'IngressRoute').find(({ metadata }) => metadata.name === 'couchdb')?.spec ?? {
    routes: [],
  };
  expect(routes).toEqual([
    {
      kind: 'Rule',
      match: 'Host(`couchdb.geoai.home.arpa`)',
      middlewares: [{ name: 'edge' }, { name: 'upstream' }],
      services: [{ name: 'couchdb', port: 'http', sticky: { cookie: { name: 'couchdb_sticky', secure: true, httpOnly: true } } }],
    },
  ]);
});

test('the hash of the password is made once, so that a session holds on every node', async () => {
  const { template } = find(objects({}, high), 'StatefulSet', 'couchdb').spec;
  expect(envOf(container(template, 'couchdb'))).toMatchObject({
    ADMIN_HASH: 'couchdb/passwordHash',
    COOKIE_SECRET: 'couchdb/cookieSecret',
    ERLANG_COOKIE: 'couchdb/erlangCookie',
    CLUSTER_UUID: 'couchdb/uuid',
  });
  const value = await makeValue(pbkdf2('password'), 'secret');
  const [, hash, salt = '', rounds] = /^-pbkdf2:sha256-([0-9a-f]{64}),([0-9a-f]{32}),(\d+)$/.exec(value) ?? [];
  expect(Number(rounds)).toBe(600_000);
  expect(pbkdf2Sync('secret', salt, Number(rounds), 32, 'sha256').toString('hex')).toBe(hash);
  expect(await makeValue(pbkdf2('password'), 'secret')).not.toBe(value);
});

test('new passwords by a restart; what nodes must share all the time stays', () => {
  const credential = geoai({}, { couchdb: {} }).graph.credentials.find(({ name }) => name === 'couchdb');
  expect(credential?.rotation).toEqual({ by: 'restart', keys: ['password', 'cookieSecret'] });
});

test('metrics come from a port without a password, or not at all', () => {
  const annotations = (options: object) => find(objects(options), 'StatefulSet', 'couchdb').spec.template.metadata.annotations;
  expect(annotations({})).toMatchObject({
    'prometheus.io/port': '17986',
    'prometheus.io/path': '/_node/_local/_prometheus',
  });
  expect(annotations({ metrics: false })).not.toHaveProperty('prometheus.io/scrape');
  expect(settingsOf(objects({ metrics: false }))).toContain('additional_port = false');
});

test('settings of the platform file come last', () => {
  const made = objects({ settings: { couchdb: { max_document_size: 1000 }, log: { level: 'debug' } } });
  expect(find(made, 'ConfigMap', 'couchdb').data['settings.ini']).toBe(
    '[couchdb]\nmax_document_size = 1000\n\n[log]\nlevel = debug\n',
  );
  expect(() => objects({ settings: { couchdb: { a: 'b\n[admins]\nc = d' } } })).toThrow('must be one line');
  expect(() => objects({ settings: { 'couchdb]': {} } })).toThrow('must be a section');
});

test('readiness asks whether the node is up to date, liveness does not', () => {
  const { readinessProbe, livenessProbe } = container(find(objects(), 'StatefulSet', 'couchdb').spec.template, 'couchdb');
  expect(readinessProbe).toMatchObject({ httpGet: { path: '/_up' } });
  expect(livenessProbe).toMatchObject({ tcpSocket: { port: 'http' } });
});

test('the job that makes the system databases signs in with the administrator’s password', () => {
  const job = container(findJob(objects({}, high), 'couchdb-system-databases').spec.template, 'couchdb');
  expect(envOf(job)).toMatchObject({ URL: 'http://couchdb.geoai-data.svc:5984', PASSWORD: 'couchdb/password' });
});
