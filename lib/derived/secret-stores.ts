import { ApiObject } from 'cdk8s';
import type { Credential } from '../core/credential';
import type { CredentialStore } from '../core/credential-store';
import type { Platform } from '../core/platform';

/**
 * Where a store keeps what becomes a Secret. In the platform's own one each namespace has entries of its own, with the keys
 * that it needs and no more, since policies know paths; elsewhere one entry holds all keys of a credential.
 */
export function entryOf(
  platform: Platform,
  credential: Credential,
  secret: { readonly namespace: string; readonly name: string },
): string {
  const store = platform.graph.credentialStore;
  const tier = platform.tiers.find(({ namespace }) => namespace === secret.namespace);
  if (store && tier) return `${store.pathOf(tier.name)}/${secret.name}`;
  return `${platform.config.secretStore.path}/${credential.name}`;
}

/**
 * In every namespace a SecretStore that signs in with a service account of that namespace, so that it reads what belongs to
 * it and nothing else. A plain object: the definition of the kind describes every store that there is.
 * https://external-secrets.io/latest/provider/hashicorp-vault/
 */
export function secretStores(platform: Platform, store: CredentialStore): void {
  const key = 'ca.crt';
  const api = store.server.endpoint('api');
  for (const { file, namespace } of platform.tiers) {
    const certificate = api.certificate?.alone(namespace, key);
    new ApiObject(file, 'secret-store', {
      apiVersion: 'external-secrets.io/v1',
      kind: 'SecretStore',
      metadata: { name: platform.config.secretStore.name, namespace },
      spec: {
        provider: {
          vault: {
            server: api.url(),
            path: 'secret',
            version: 'v2',
            ...(certificate ? { caProvider: { type: 'Secret', name: certificate, key } } : {}),
            auth: {
              jwt: {
                path: 'kubernetes',
                role: namespace,
                kubernetesServiceAccountToken: {
                  serviceAccountRef: { name: store.reader, audiences: [store.audience] },
                  expirationSeconds: 600,
                },
              },
            },
          },
        },
      },
    });
  }
}
