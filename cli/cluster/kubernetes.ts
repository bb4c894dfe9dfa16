import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import type { KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node' with { 'resolution-mode': 'import' };
import { clusterStore } from '../credentials/cluster-store';
import { codeOf, exitCodes, Refusal } from '../refusal';
import {
  refOf,
  refText,
  type Cluster,
  type KubernetesObject,
  type ListOptions,
  type ObjectKind,
  type ObjectRef,
} from './cluster';
import { isAbsent, notKubernetes } from './answers';
import { bodyOf, connect, fieldManager, patiently, refusal } from './connection';
import { client, defaultLimits, type Limits } from './kubeconfig';

/**
 * Who applies: the same name as `kubectl apply --server-side`, so that both may be used in turn. Under another name each
 * would find the fields of the other in its way.
 */
const applyManager = 'kubectl';

/** @param context name of a kubeconfig context; by default the current one */
export async function kubernetesCluster(context?: string, limits: Limits = defaultLimits): Promise<Cluster> {
  const connection = await connect(context, limits);
  const { config, title } = connection;
  const { Exec, KubernetesObjectApi, Log, PatchStrategy, VersionApi } = await client();
  const api = KubernetesObjectApi.makeApiClient(config);
  const at = ({ apiVersion, kind, name, namespace }: ObjectRef) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
  });

  const cluster: Cluster = {
    context: config.getCurrentContext(),
    title,
    secrets: await clusterStore(connection),
    async version() {
      try {
        const { gitVersion } = await patiently(() => config.makeApiClient(VersionApi).getCode());
        if (typeof gitVersion !== 'string') throw notKubernetes(title, 'the version of the API server');
        return gitVersion;
      } catch (error) {
        throw refusal(error, title, 'the version of the API server');
      }
    },
    async read<T extends KubernetesObject>(ref: ObjectRef) {
      await asPlainJson(ref);
      try {
        const found = await patiently(() => api.read(at(ref)));
        if (found.metadata?.name !== ref.name) throw notKubernetes(title, refText(ref));
        return plain<T>(found);
      } catch (error) {
        if (isAbsent(error, ref)) return undefined;
        throw refusal(error, title, refText(ref));
      }
    },
    async list<T extends KubernetesObject>(kind: ObjectKind, { namespace, labels = {} }: ListOptions = {}) {
      const selector = Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join();
      await asPlainJson(kind);
      try {
        return await everyPage<T>(api, title, kind, namespace, selector);
      } catch (error) {
        if (isAbsent(error, kind)) return [];
        throw refusal(error, title, `the list of ${kind.kind} objects`);
      }
    },
    async apply(manifest, { dryRun = false, force = false } = {}) {
      await asPlainJson(manifest);
      const send = () =>
        api.patch(
          structuredClone(manifest) as Sent,
          undefined,
          dryRun ? 'All' : undefined,
          applyManager,
          force,
          PatchStrategy.ServerSideApply,
        );
      try {
        return plain(await patiently(send));
      } catch (error) {
        const reason = refusal(error, title, refText(refOf(manifest)));
        if (codeOf(error) !== 409) throw reason;
        if (conflicts(error).every((field) => stopping.includes(field))) return cluster.apply(manifest, { dryRun, force: true });
        throw new Refusal(
          `${reason.message}\nSomebody else changed these fields. If Argo CD manages the platform, change it in Git; ` +
            'otherwise take the fields over with --force',
        );
      }
    },
    async create(manifest) {
      await asPlainJson(manifest);
      try {
        return plain(await patiently(() => api.create(structuredClone(manifest) as Sent, undefined, undefined, fieldManager)));
      } catch (error) {
        throw refusal(error, title, refText(refOf(manifest)));
      }
    },
    async patch(ref, changes) {
      await asPlainJson(ref);
      try {
        const body = { ...changes, ...at(ref), metadata: { ...metadataOf(changes), ...at(ref).metadata } };
        await patiently(() => api.patch(body as Sent, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch));
      } catch (error) {
        throw refusal(error, title, refText(ref));
      }
    },
    async delete(ref) {
      try {
        await patiently(() => api.delete(at(ref), undefined, undefined, undefined, undefined, 'Background'));
        return true;
      } catch (error) {
        if (isAbsent(error, ref)) return false;
        throw refusal(error, title, refText(ref));
      }
    },
    async logs({ namespace, pod, container }, { follow, tail, sinceSeconds, previous }, to, signal) {
      const through = new PassThrough();
      try {
        const options = { follow, tailLines: tail, sinceSeconds, previous };
        const from = follow ? config : inTime(config, limits.request);
        const request = await new Log(from).log(namespace, pod, container, through, options);
        signal?.addEventListener('abort', () => request.abort(), { once: true });
        await pipeline(through, to, { end: false, signal });
      } catch (error) {
        if (signal?.aborted) return;
        const what = `the log of ${namespace}/${pod}, container ${container}`;
        // The client says so of whatever went wrong before an answer.
        if (codeOf(error) === 500 && !bodyOf(error))
          throw new Refusal(`${title}: no answer about ${what}; is the cluster running?`, exitCodes.unreachable);
        throw refusal(error, title, what);
      }
    },
    async exec({ namespace, pod, container }, command, input) {
      const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const said = Promise.all([text(stdout), text(stderr)]);
      const what = `a command in ${namespace}/${pod}, container ${container}`;
      const late = AbortSignal.timeout(limits.exec);
      // Never ended: without version 5 of the protocol the client could only close the whole connection.
      if (input !== undefined) stdin.write(input);
      try {
        const code = await new Promise<number>((resolve, reject) => {
          late.addEventListener('abort', () => {
            const message = `${title}: ${what} did not end within ${limits.exec / 1000} seconds; look at the pod`;
            reject(new Refusal(message, exitCodes.unreachable));
          });
          new Exec(config)
            .exec(namespace, pod, container, [...command], stdout, stderr, input === undefined ? null : stdin, false, (status) =>
              resolve(exitCode(status)),
            )
            .then((socket) => {
              socket.on('error', reject);
              socket.on('close', () => reject(new Error('the connection ended early')));
              if (late.aborted) socket.terminate();
              else late.addEventListener('abort', () => socket.terminate());
            }, reject);
        });
        stdout.end();
        stderr.end();
        const [out, err] = await said;
        return { code, stdout: out, stderr: err };
      } catch (error) {
        throw refusal(error, title, what);
      }
    },
  };
  return cluster;
}

/** The same kubeconfig, for a log that is not followed: its answer must begin in time. */
function inTime(config: KubeConfig, milliseconds: number): KubeConfig {
  const limited = Object.create(config) as KubeConfig;
  limited.applyToFetchOptions = async (options) => ({
    ...(await config.applyToFetchOptions(options)),
    timeout: milliseconds,
  });
  return limited;
}

type Sent = Parameters<KubernetesObjectApi['patch']>[0];

const plain = <T extends KubernetesObject>(object: unknown): T => JSON.parse(JSON.stringify(object)) as T;

const metadataOf = (changes: object): object => ('metadata' in changes ? (changes.metadata as object) : {});

async function everyPage<T extends KubernetesObject>(
  api: KubernetesObjectApi,
  title: string,
  { apiVersion, kind }: ObjectKind,
  namespace: string | undefined,
  selector: string,
): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const from = next;
    const page = await patiently(() =>
      api.list(apiVersion, kind, namespace, undefined, undefined, undefined, undefined, selector || undefined, 500, from),
    );
    if (!Array.isArray(page.items)) throw notKubernetes(title, `the list of ${kind} objects`);
    // The items of a list say neither their version nor their kind.
    items.push(...page.items.map((item) => ({ ...plain<T>(item), apiVersion, kind })));
    next = page.metadata?._continue;
  } while (next);
  return items;
}

const known = new Set<string>();

/**
 * Tells the client to leave objects of this kind as they are. By itself it sends the fields that its own classes know
 * under its own names: `from` of a NetworkPolicy, which they call `_from`, would be left out, and the policy open to all.
 */
async function asPlainJson({ apiVersion, kind }: ObjectKind): Promise<void> {
  if (known.has(`${apiVersion}/${kind}`)) return;
  known.add(`${apiVersion}/${kind}`);
  const { ObjectSerializer, defaultSerializer } = await import('@kubernetes/client-node/dist/serializer.js');
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  for (const name of [kind, `${kind}List`]) {
    ObjectSerializer.registerModel({ group: group ?? '', version: version ?? '', kind: name }, defaultSerializer);
  }
}

interface Status {
  readonly status?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** Fields that whoever stopped it, by hand or for a backup, manages since: applying the platform starts it again. */
const stopping = ['.spec.replicas', '.spec.suspend'];

/** The fields that somebody else manages, as the API server reports them. */
const conflicts = (error: unknown): string[] => bodyOf<Status>(error)?.details?.causes?.map(({ field = '' }) => field) ?? [''];

/** Of a command, as the API server reports it. */
function exitCode({ status, details }: Status): number {
  if (status === 'Success') return 0;
  const cause = details?.causes?.find(({ reason }) => reason === 'ExitCode');
  return Number(cause?.message ?? 1);
}
