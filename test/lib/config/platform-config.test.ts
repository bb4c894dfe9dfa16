import { catalogue } from '../../../lib/catalogue';
import { parsePlatform } from '../../../lib/config/load';
import { knownKeys, platformJsonSchema } from '../../../lib/config/json-schema';
import { platformSchema } from '../../../lib/config/platform-config';
import { everyService, providersSchema, servicesSchema } from '../../../lib/config/services';

const parsed = (text: string) => parsePlatform(text, 'geoai.yaml');
const whole = platformSchema({
  services: servicesSchema(everyService(catalogue)),
  providers: providersSchema(catalogue),
});
const short = 'name: geoai\ndomain: geoai.home.arpa\ncluster: k3s\nservices: { traefik: {} }\n';

test('the defaults of the shortest file', () => {
  expect(parsed(short)).toMatchObject({
    availability: 'single',
    gateway: 'standalone',
    tls: { mode: 'self-signed' },
    storage: { retain: true },
    timeZone: 'UTC',
    namespacePrefix: 'geoai',
    secrets: 'cluster',
    secretStore: { name: 'hearth', kind: 'ClusterSecretStore', path: 'geoai' },
  });
  expect(parsed(short).argoCd).toBeUndefined();
});

test.each([
  ['k3s', '', true],
  ['k3s', 'storage: { class: longhorn }', false],
  ['k3s', 'storage: { retain: false }', false],
  ['kind', '', false],
  ['kind', 'storage: { retain: true }', true],
  ['kubernetes', '', false],
])('on %s with "%s", volumes outlive their claims: %s', (cluster, storage, retain) => {
  expect(parsed(`${short.replace('k3s', cluster)}${storage}`).storage.retain).toBe(retain);
});

test('what nobody asks for has no place under providers', () => {
  expect(knownKeys(whole, ['providers'], {})).toContain('sql');
  expect(knownKeys(whole, ['providers'], {})).not.toContain('secretStore');
});

test('services without options have none', () => {
  const { services } = parsed(short.replace('{ traefik: {} }', '{ traefik: , homepage: { title: Home } }'));
  expect(services).toMatchObject({ traefik: { component: 'traefik' }, homepage: { options: { title: 'Home' } } });
  expect(Object.keys(services)).toEqual(['traefik', 'homepage']);
});

test('the JSON Schema for editors knows every setting, and what is required', () => {
  const schema = platformJsonSchema(catalogue);
  expect(schema.required).toEqual(['name', 'domain', 'cluster', 'services']);
  expect(JSON.stringify(schema)).toContain('MLflow, experiment tracking and model registry');
});

test.each([
  [['storage'], {}, ['class', 'retain']],
  [['tls'], { tls: { mode: 'secret' } }, ['mode', 'secret']],
  [['tls'], { tls: { mode: 'lets-encrypt' } }, ['mode', 'email', 'server']],
  [['services', 'postgis', 'databases', 'gis'], {}, ['extensions']],
  [['services', 'mlflow', 'resources', 'limits'], {}, ['cpu', 'memory']],
  [['nowhere'], {}, []],
])('the keys below %j of %j', (path, raw, keys) => expect(knownKeys(whole, path, raw)).toEqual(keys));
