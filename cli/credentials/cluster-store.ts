import type { CoreV1Api, KubeConfig } from '@kubernetes/client-node' with { 'resolution-mode': 'import' };
import { suggest } from '../../lib/config/problem';
import {
  codeOf,
  idOf,
  messageOf,
  Refusal,
  type Change,
  type ObjectId,
  type SecretStore,
  type StoredSecret,
} from './store';

const fieldManager = 'hearth';

/** The client exists as ES module only; it is loaded where it is needed, and not by tests without a cluster. */
const client = () => import('@kubernetes/client-node');

/**
 * The Secrets of a cluster.
 * @param context name of a kubeconfig context; by default the current one
 */
export async function clusterStore(context?: string): Promise<SecretStore> {
  const { CoreV1Api, KubeConfig } = await client();
  const config = new KubeConfig();
  load(config, context);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined)
    throw new Refusal('the kubeconfig names no cluster; set a context, or name it by --context');
  const api = config.makeApiClient(CoreV1Api);
  const title = `context ${config.getCurrentContext()}, ${server}`;
  return {
    title,
    async read({ namespaces, secrets, claims }) {
      const [foundNamespaces, foundSecrets, foundClaims] = await Promise.all([
        found(title, namespaces, async (name) => {
          const namespace = await api.readNamespace({ name });
          // Nothing can be made in a namespace that is being deleted.
          return namespace.status?.phase === 'Terminating' ? undefined : name;
        }),
        found(title, secrets, (id) => readSecret(api, id)),
        found(title, claims, async ({ namespace, name }) => {
          await api.readNamespacedPersistentVolumeClaim({ namespace, name });
          return { namespace, name };
        }),
      ]);
      return {
        missingNamespaces: namespaces.filter((name) => !foundNamespaces.includes(name)),
        secrets: foundSecrets,
        claims: foundClaims,
      };
    },
    async apply(changes) {
      // A rehearsal of everything first: what the API server would refuse leaves the cluster as it was.
      for (const dryRun of ['All', undefined]) {
        for (const change of changes) {
          try {
            await write(api, change, dryRun);
          } catch (error) {
            const { message } = refusal(error, title, idOf(change), Object.values(change.data));
            throw new Refusal(
              `${message}\n${dryRun ? 'Nothing was changed.' : 'Run this again: it goes on from here.'}`,
            );
          }
        }
      }
    },
  };
}

function load(config: KubeConfig, context: string | undefined): void {
  try {
    config.loadFromDefault();
  } catch (error) {
    // The message could quote a token.
    throw new Refusal(`the kubeconfig cannot be read (${codeOf(error) ?? 'no valid file'})`);
  }
  if (context === undefined) return;
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Refusal(`the kubeconfig has no context "${context}"; ${suggest(context, known)}`);
  }
  config.setCurrentContext(context);
}

/** Reads each; what does not exist is left out. */
async function found<Id extends string | ObjectId, T>(
  title: string,
  ids: readonly Id[],
  read: (id: Id) => Promise<T | undefined>,
): Promise<T[]> {
  const results = await Promise.all(
    ids.map(async (id) => {
      try {
        return await read(id);
      } catch (error) {
        if (codeOf(error) === 404) return undefined;
        throw refusal(error, title, typeof id === 'string' ? id : idOf(id));
      }
    }),
  );
  return results.filter((result) => result !== undefined);
}

async function readSecret(api: CoreV1Api, { namespace, name }: ObjectId): Promise<StoredSecret> {
  const { data = {}, metadata } = await api.readNamespacedSecret({ namespace, name });
  return { namespace, name, data, version: metadata?.resourceVersion };
}

async function write(api: CoreV1Api, change: Change, dryRun: string | undefined): Promise<void> {
  const { namespace, name, type, labels, data, existing } = change;
  if (!existing) {
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name, labels: { ...labels } }, type, data };
    await api.createNamespacedSecret({ namespace, body, dryRun, fieldManager });
    return;
  }
  const empty = Object.keys(existing.data).length === 0;
  const body = [
    // `add` replaces a key that exists: the version shows that nobody added it meanwhile.
    { op: 'test', path: '/metadata/resourceVersion', value: existing.version },
    ...(empty ? [{ op: 'add', path: '/data', value: {} }] : []),
    ...Object.entries(data).map(([key, value]) => ({ op: 'add', path: `/data/${key}`, value })),
  ];
  const { PatchStrategy, setHeaderOptions } = await client();
  const options = setHeaderOptions('Content-Type', PatchStrategy.JsonPatch);
  await api.patchNamespacedSecret({ namespace, name, body, dryRun, fieldManager }, options);
}

/**
 * In our words: the client's own message holds the whole answer.
 * @param values base64 values that were sent; what quotes one of them is not repeated
 */
function refusal(error: unknown, title: string, what: string, values: readonly string[] = []): Refusal {
  const code = codeOf(error);
  const said = saidBy(error);
  const secret = values.some((value) => said.includes(value) || said.includes(Buffer.from(value, 'base64').toString()));
  const reason = secret || said === '' ? '' : `: ${said}`;
  switch (code) {
    case 401:
      return new Refusal(`${title}: the cluster does not know you; renew the kubeconfig or your login`);
    case 403:
      return new Refusal(`${title}: the cluster forbids to read or write ${what}${reason}`);
    case 404:
    case 409:
    case 422:
      return new Refusal(`${what} changed while this ran, or is immutable (${code}); look at it, then run this again`);
    default:
      return typeof code === 'number'
        ? new Refusal(`${title}: the cluster refuses ${what} (${code})${reason}`)
        : new Refusal(`${title}: no answer about ${what} (${code ?? causeOf(error)}); is the cluster running?`);
  }
}

/** The message of the Status object that the API server answered. @default '' */
function saidBy(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('body' in error)) return '';
  try {
    const status: unknown = typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
    return typeof status === 'object' && status !== null && 'message' in status ? messageOf(status) : '';
  } catch {
    return '';
  }
}

/** Why there was no answer, for example `ECONNREFUSED`. */
function causeOf(error: unknown): string | number {
  const cause = error instanceof Error ? error.cause : undefined;
  return codeOf(cause) ?? messageOf(error);
}
