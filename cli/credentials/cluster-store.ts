import type { CoreV1Api } from '@kubernetes/client-node' with { 'resolution-mode': 'import' };
import { isAbsent } from '../cluster/answers';
import { fieldManager, patiently, refusal, type Connection } from '../cluster/connection';
import { client } from '../cluster/kubeconfig';
import { codeOf, Refusal } from '../refusal';
import { idOf, type Change, type ObjectId, type Replacement, type RotatingStore, type StoredSecret } from './store';

/** The Secrets of a cluster. */
export async function clusterStore({ config, title }: Connection): Promise<RotatingStore> {
  const { CoreV1Api } = await client();
  const api = config.makeApiClient(CoreV1Api);
  return {
    title,
    async read({ namespaces, secrets, claims }) {
      const [foundNamespaces, foundSecrets, foundClaims] = await Promise.all([
        found(title, namespaces, async (name) => {
          const namespace = await patiently(() => api.readNamespace({ name }));
          // Nothing can be made in a namespace that is being deleted.
          return namespace.status?.phase === 'Terminating' ? undefined : name;
        }),
        found(title, secrets, (id) => readSecret(api, id)),
        found(title, claims, async ({ namespace, name }) => {
          await patiently(() => api.readNamespacedPersistentVolumeClaim({ namespace, name }));
          return { namespace, name };
        }),
      ]);
      return {
        missingNamespaces: namespaces.filter((name) => !foundNamespaces.includes(name)),
        secrets: foundSecrets,
        claims: foundClaims,
      };
    },
    apply: (changes) => rehearsed(title, changes, (change, dryRun) => add(api, change, dryRun)),
    replace: (replacements) => {
      const changes = replacements.map(({ existing, ...rest }) => ({ ...rest, existing, ...idsOf(existing) }));
      return rehearsed(title, changes, (change, dryRun) => replace(api, change, dryRun));
    },
  };
}

const idsOf = ({ namespace, name }: ObjectId): ObjectId => ({ namespace, name });

type Write = ObjectId & Pick<Change, 'data'>;

/** A rehearsal of everything first: what the API server would refuse leaves the cluster as it was. */
async function rehearsed<W extends Write>(
  title: string,
  changes: readonly W[],
  write: (change: W, dryRun: string | undefined) => Promise<void>,
): Promise<void> {
  for (const dryRun of ['All', undefined]) {
    for (const change of changes) {
      try {
        await write(change, dryRun);
      } catch (error) {
        const { message, exitCode } = writeRefusal(error, title, change);
        const mend = dryRun ? 'Nothing was changed.' : 'Run this again: it goes on from here.';
        throw new Refusal(`${message}\n${mend}`, exitCode);
      }
    }
  }
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
        if (isAbsent(error, { apiVersion: 'v1' })) return undefined;
        throw refusal(error, title, typeof id === 'string' ? id : idOf(id));
      }
    }),
  );
  return results.filter((result) => result !== undefined);
}

async function readSecret(api: CoreV1Api, { namespace, name }: ObjectId): Promise<StoredSecret> {
  const { data = {}, metadata } = await patiently(() => api.readNamespacedSecret({ namespace, name }));
  const { annotations, labels = {}, resourceVersion: version } = metadata ?? {};
  return { namespace, name, data, annotations, labels, version };
}

async function add(api: CoreV1Api, change: Change, dryRun: string | undefined): Promise<void> {
  const { namespace, name, type, labels, data, existing } = change;
  if (existing) return patch(api, existing, addition(existing, data), dryRun);
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name, labels: { ...labels } }, type, data };
  await patiently(() => api.createNamespacedSecret({ namespace, body, dryRun, fieldManager }));
}

async function replace(api: CoreV1Api, { existing, data, annotations = {} }: Replacement, dryRun: string | undefined) {
  const path = (name: string) => `/metadata/annotations/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const given = Object.entries(annotations).filter(([name, value]) => value !== null || existing.annotations?.[name]);
  await patch(
    api,
    existing,
    [
      ...addition(existing, data),
      ...(existing.annotations || given.length === 0 ? [] : [{ op: 'add', path: '/metadata/annotations', value: {} }]),
      ...given.map(([name, value]) =>
        value === null ? { op: 'remove', path: path(name) } : { op: 'add', path: path(name), value },
      ),
    ],
    dryRun,
  );
}

type Operation = { readonly op: string; readonly path: string; readonly value?: unknown };

const addition = (existing: StoredSecret, data: Change['data']): Operation[] => [
  ...(Object.keys(existing.data).length === 0 ? [{ op: 'add', path: '/data', value: {} }] : []),
  ...Object.entries(data).map(([key, value]) => ({ op: 'add', path: `/data/${key}`, value })),
];

async function patch(api: CoreV1Api, existing: StoredSecret, operations: Operation[], dryRun: string | undefined) {
  const { namespace, name, version } = existing;
  // `add` replaces what exists: the version shows that nobody changed it meanwhile.
  const body = [{ op: 'test', path: '/metadata/resourceVersion', value: version }, ...operations];
  const { PatchStrategy, setHeaderOptions } = await client();
  const options = setHeaderOptions('Content-Type', PatchStrategy.JsonPatch);
  await patiently(() => api.patchNamespacedSecret({ namespace, name, body, dryRun, fieldManager }, options));
}

/** What became of a Secret between reading and writing it. */
function writeRefusal(error: unknown, title: string, { data, ...id }: Write): Refusal {
  const code = codeOf(error);
  if (code === 404 || code === 409 || code === 422) {
    return new Refusal(`${idOf(id)} changed while this ran, or is immutable (${code}); look at it, then run this again`);
  }
  return refusal(error, title, idOf(id), Object.values(data));
}
