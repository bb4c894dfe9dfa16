import { ExternalSecret, ExternalSecretSpecSecretStoreRefKind } from '../../imports/external-secrets.io';
import type { Platform } from '../core/platform';
import { entryOf, secretStores } from './secret-stores';

/**
 * `secrets: external`: for every credential and namespace an ExternalSecret that reads the needed keys from the store, but
 * for what the store needs itself. https://external-secrets.io/latest/api/externalsecret/
 */
export function externalSecrets(platform: Platform): void {
  const { secrets, secretStore } = platform.config;
  if (secrets !== 'external') return;
  const own = platform.graph.credentialStore;
  if (own) secretStores(platform, own);
  for (const credential of platform.graph.credentials.filter(({ bootstrap }) => !bootstrap)) {
    for (const { namespace, name, keys } of credential.secrets) {
      const tier = platform.tiers.find((candidate) => candidate.namespace === namespace);
      if (!tier) continue;
      new ExternalSecret(tier.file, `external-secret-${name}`, {
        metadata: { name, namespace },
        spec: {
          secretStoreRef: {
            name: secretStore.name,
            kind:
              own || secretStore.kind === 'SecretStore'
                ? ExternalSecretSpecSecretStoreRefKind.SECRET_STORE
                : ExternalSecretSpecSecretStoreRefKind.CLUSTER_SECRET_STORE,
          },
          refreshInterval: '1h',
          target: { name, template: { type: credential.type } },
          data: keys.map((key) => ({
            secretKey: key,
            remoteRef: { key: entryOf(platform, credential, { namespace, name }), property: key },
          })),
        },
      });
    }
  }
}
