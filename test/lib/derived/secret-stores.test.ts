import type { KubernetesObject } from '../../support/kubernetes';
import { all, find, objectsOf } from '../../support/objects';
import { geoai, problems } from '../../support/platforms';

const external = (store: object = {}, settings: object = {}) => geoai({ secrets: 'external', ...settings }, { openbao: store });
const stores = (objects: readonly KubernetesObject[]) => all(objects, 'SecretStore');
const secrets = (objects: readonly KubernetesObject[], namespace: string) =>
  all(objects, 'ExternalSecret').filter(({ metadata }) => metadata.namespace === namespace);

test('in every namespace External Secrets signs in as a service account of that namespace', () => {
  const made = objectsOf(external());
  expect(
    stores(made)
      .map(({ metadata }) => metadata.namespace)
      .sort(),
  ).toEqual(
    all(made, 'Namespace')
      .map(({ metadata }) => metadata.name)
      .sort(),
  );
  const store = stores(made).find(({ metadata }) => metadata.namespace === 'geoai-ai');
  expect(store).toMatchObject({
    metadata: { name: 'hearth' },
    spec: {
      provider: {
        vault: {
          server: 'https://openbao.geoai-security.svc:8200',
          path: 'secret',
          version: 'v2',
          caProvider: { type: 'Secret', name: 'openbao-tls-ca.crt', key: 'ca.crt' },
          auth: {
            jwt: {
              path: 'kubernetes',
              role: 'geoai-ai',
              kubernetesServiceAccountToken: {
                serviceAccountRef: { name: 'openbao-reader', audiences: ['openbao'] },
              },
            },
          },
        },
      },
    },
  });
});

test('a namespace has entries of its own, below what its policy lets it read', () => {
  const made = objectsOf(external());
  const state = JSON.parse(find(made, 'ConfigMap', 'openbao-setup').data['state.json'] ?? '') as {
    policies: Record<string, string>;
  };
  for (const { name } of all(made, 'Namespace').map(({ metadata }) => metadata)) {
    const policy = state.policies[`hearth-role-${name}`] ?? '';
    const prefix = /"secret\/data\/(.*)\*"/.exec(policy)?.[1] ?? 'none';
    for (const { metadata, spec } of secrets(made, name)) {
      expect(spec.secretStoreRef).toEqual({ name: 'hearth', kind: 'SecretStore' });
      for (const { remoteRef } of spec.data) expect(remoteRef.key).toBe(`${prefix}${metadata.name}`);
    }
  }
  expect(secrets(made, 'geoai-ai').map(({ spec }) => spec.data[0]?.remoteRef.key)).toContain('geoai/ai/postgis-mlflow');
});

test('what the store needs itself stays with the cluster, or it could never start', () => {
  const platform = external();
  expect(secrets(objectsOf(platform), 'geoai-security')).toEqual([]);
  const own = platform.graph.credentials.filter(({ owner }) => owner.name === 'openbao');
  expect(own.map(({ name, bootstrap }) => [name, bootstrap])).toEqual(own.map(({ name }) => [name, true]));
  expect(own.map(({ name }) => name).sort()).toEqual([
    'openbao',
    'openbao-setup',
    'openbao-snapshot',
    'openbao-tls',
    'openbao-unseal',
  ]);
});

/** Who may connect to the store. */
const wayIn = (objects: KubernetesObject[]) => JSON.stringify(find(objects, 'NetworkPolicy', 'openbao').spec.ingress);

test('the operator may connect, from its namespace', () => {
  const from = (store: object) => wayIn(objectsOf(external(store)));
  expect(from({})).toContain('"external-secrets"');
  expect(from({ externalSecrets: { namespace: 'eso' } })).toContain('"eso"');
});

test('another store may serve the platform all the same', () => {
  const made = objectsOf(external({ externalSecrets: false }));
  expect(stores(made)).toEqual([]);
  expect(wayIn(made)).not.toContain('external-secrets');
  const [secret] = secrets(made, 'geoai-ai');
  expect(secret?.spec.secretStoreRef.kind).toBe('ClusterSecretStore');
  expect(secrets(made, 'geoai-security')).toEqual([]);
});

test('one store keeps them, not two', () => {
  const both = (vault: object) => () => geoai({ secrets: 'external' }, { openbao: {}, vault });
  const at = (problem: string) => expect.stringMatching(new RegExp(`^geoai\\.yaml:\\d+  services\\.${problem}`)) as unknown;
  expect(problems(both({}))).toEqual(at('vault.externalSecrets: openbao keeps the credentials of the platform; write false'));
  // What two services say comes at once.
  const two = problems(() =>
    geoai({ secrets: 'external' }, { openbao: {}, vault: {}, 'tailscale-gate': { to: 'nothing' } }),
  )?.split('\n');
  expect(two).toEqual([at('vault.externalSecrets: '), at('tailscale-gate.to: ')]);
  expect(problems(both({ externalSecrets: false }))).toBeUndefined();
});

test('secrets of the cluster: neither stores nor a way in for the operator', () => {
  const made = objectsOf(geoai({}, { openbao: {} }));
  expect(stores(made)).toEqual([]);
  expect(wayIn(made)).not.toContain('external-secrets');
});
