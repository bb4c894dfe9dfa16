import type { CredentialSecret } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import { idOf, type Snapshot, type StoredSecret } from './store';

/** Secrets for pods outside the platform, in namespaces of theirs, which hearth neither makes nor deletes. */
export const foreignSecrets = ({ graph }: Platform): CredentialSecret[] =>
  graph.credentials.flatMap(({ secrets }) => secrets.filter(({ foreign }) => foreign));

/** Namespaces of clients that do not exist. */
export function missingNamespaces(platform: Platform, snapshot: Snapshot): string[] {
  const foreign = new Set(foreignSecrets(platform).map(({ namespace }) => namespace));
  return snapshot.missingNamespaces.filter((namespace) => foreign.has(namespace));
}

/** What a run leaves undone for them. */
export function clientNotices(platform: Platform, snapshot: Snapshot): string[] {
  const { name } = platform.config;
  return missingNamespaces(platform, snapshot).map(
    (namespace) =>
      `the namespace ${namespace} of a client does not exist: its Secret is made by npx hearth credentials ${name} once it does`,
  );
}

/** Secrets of that name that somebody else made: nothing is read from them, and nothing written. */
export function strangers(platform: Platform, { secrets }: Snapshot): StoredSecret[] {
  const foreign = new Set(foreignSecrets(platform).map(idOf));
  return secrets.filter(
    (secret) =>
      foreign.has(idOf(secret)) &&
      secret.labels !== undefined &&
      secret.labels['app.kubernetes.io/part-of'] !== platform.config.name,
  );
}
