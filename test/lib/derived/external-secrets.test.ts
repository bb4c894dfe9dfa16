import { all, objectsOf } from '../../support/objects';
import { geoai } from '../../support/platforms';

const external = { secrets: 'external' };

test('secrets of the cluster: none', () => expect(all(objectsOf(geoai()), 'ExternalSecret')).toEqual([]));

test('for every credential and namespace the keys that are needed there, and no others', () => {
  const platform = geoai(external, { minio: { buckets: ['datasets'] } });
  const declared = platform.graph.credentials.flatMap(({ secrets }) =>
    secrets.map(({ namespace, name, keys }) => `${namespace}/${name}: ${keys.join(' ')}`),
  );
  const made = all(objectsOf(platform), 'ExternalSecret').map(
    ({ metadata, spec }) => `${metadata.namespace}/${metadata.name}: ${spec.data.map(({ secretKey }) => secretKey).join(' ')}`,
  );
  expect(made.sort()).toEqual(declared.sort());
  expect(made).toEqual(
    expect.arrayContaining([
      'geoai-gateway/gateway-basic-auth: username password users',
      'geoai-ai/gateway-basic-auth-users: users',
      'geoai-data/postgis-mlflow: username password',
      'geoai-ai/postgis-mlflow: password',
      'geoai-data/minio-datasets: accessKeyId secretAccessKey',
    ]),
  );
});

test('read from the default store below the name of the platform', () => {
  for (const { metadata, spec } of all(objectsOf(geoai(external)), 'ExternalSecret')) {
    expect(spec.secretStoreRef).toEqual({ name: 'hearth', kind: 'ClusterSecretStore' });
    expect(spec.target.name).toBe(metadata.name);
    for (const { secretKey, remoteRef } of spec.data) {
      // A Secret of one key is read from the same place as the whole credential.
      const credential = metadata.name.replace(/-users$/, '');
      expect(remoteRef).toMatchObject({ key: `geoai/${credential}`, property: secretKey });
    }
  }
});

test('or from the store and path that the file names', () => {
  const secretStore = { name: 'vault.team', kind: 'SecretStore', path: 'team/geoai' };
  const [secret] = all(objectsOf(geoai({ ...external, secretStore })), 'ExternalSecret');
  expect(secret?.spec.secretStoreRef).toEqual({ name: 'vault.team', kind: 'SecretStore' });
  expect(secret?.spec.data[0]?.remoteRef.key).toMatch(/^team\/geoai\/[a-z-]+$/);
});

test('a certificate keeps its type', () => {
  const types = all(objectsOf(geoai(external)), 'ExternalSecret').map(
    ({ metadata, spec }) => [metadata.name, spec.target.template.type] as const,
  );
  expect(new Map(types).get('gateway-tls')).toBe('kubernetes.io/tls');
  expect(new Map(types).get('postgis')).toBe('Opaque');
});
