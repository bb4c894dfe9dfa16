import type { CredentialStore } from '../../lib/core/credential-store';
import type { Platform } from '../../lib/core/platform';
import type { Cluster } from '../cluster/cluster';
import { exitCodes, Refusal } from '../refusal';
import { decode } from './examine';
import { idOf, type ObjectId, type SecretStore, type StoredSecret } from './store';
import { runningPod } from './taking-over';

/**
 * The entries of the platform's own store of secrets, through its program in one of its pods: no address and no token of the
 * operator is needed, but the right to run commands there. Values go through standard input and output alone.
 */
export function ownEntries(cluster: Cluster, platform: Platform, store: CredentialStore): SecretStore {
  const pathOf = ({ namespace, name }: ObjectId) => {
    const tier = platform.tiers.find((candidate) => candidate.namespace === namespace);
    return `secret/data/${store.pathOf(tier?.name ?? namespace)}/${name}`;
  };
  const run = async (script: string, lines: readonly string[]): Promise<string> => {
    const pod = await runningPod(cluster, store.server);
    if (!pod) throw notReady(platform, store);
    const { namespace, name: container } = store.server;
    const own = { namespace, name: store.name };
    const [admin] = (await cluster.secrets.read({ namespaces: [], secrets: [own], claims: [] })).secrets;
    // The pod's standard input stays open: an empty line ends it.
    const input = [decode(admin?.data.password ?? ''), ...lines, '', ''].join('\n');
    const inside = { namespace, pod: pod.metadata.name, container };
    const { code, stdout, stderr } = await cluster.exec(inside, ['sh', '-c', signedIn(store, script)], input);
    if (code === notSetUp) throw notReady(platform, store);
    if (code !== 0) throw new Refusal(`${store.name} refuses: ${stderr.trim().split('\n').slice(-3).join(' ')}`);
    return stdout;
  };
  return {
    title: `${store.name}, in ${cluster.title}`,
    async read({ namespaces, secrets, claims }) {
      const rest = await cluster.secrets.read({ namespaces, secrets: [], claims });
      const answers = entriesIn(await run(readScript(store), secrets.map(pathOf)));
      return {
        ...rest,
        secrets: secrets.flatMap((id): StoredSecret[] => {
          const found = answers.get(pathOf(id));
          return found ? [{ namespace: id.namespace, name: id.name, ...found }] : [];
        }),
      };
    },
    async apply(changes) {
      if (changes.length === 0) return;
      const lines = changes.flatMap((change) => {
        const data = { ...change.existing?.data, ...change.data };
        const texts = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
        // Fails where the entry has changed since it was read.
        const cas = Number(change.existing?.version ?? 0);
        return [pathOf(change), JSON.stringify({ data: texts, options: { cas } })];
      });
      try {
        await run(writeScript(store), lines);
      } catch (error) {
        if (!(error instanceof Refusal) || error.exitCode === exitCodes.notReady) throw error;
        const which = changes.map(idOf).join(', ');
        throw new Refusal(`${error.message}\nNot all of ${which} may be written. Run this again: it goes on from here.`);
      }
    },
  };
}

const notReady = ({ config }: Platform, { name }: CredentialStore) =>
  new Refusal(
    `${name} is not ready to take the values: npx hearth up ${config.name} starts it, and fills it then`,
    exitCodes.notReady,
  );

/** Exit code where the administrator cannot sign in yet. */
const notSetUp = 75;

const signedIn = (store: CredentialStore, script: string) => `set -u
export HOME=/tmp ${store.clientEnv}
IFS= read -r password
token=$(printf %s "$password" | ${store.command} write -field=token auth/userpass/login/${store.administrator} password=- 2>/dev/null) || exit ${notSetUp}
export ${store.tokenVariable}="$token"
${script}`;

/** Says each path, then what is there; 2 is the exit code where nothing is. */
const readScript = ({ command }: CredentialStore) => `while IFS= read -r path && [ -n "$path" ]; do
  echo "# $path"
  ${command} read -format=json "$path" </dev/null 2>/tmp/said || [ $? = 2 ] || { cat /tmp/said >&2; exit 1; }
done
`;

const writeScript = ({ command }: CredentialStore) => `while IFS= read -r path && [ -n "$path" ]; do
  IFS= read -r body
  printf %s "$body" | ${command} write "$path" - >/dev/null || exit 1
done
`;

interface Entry {
  readonly data: Readonly<Record<string, string>>;
  readonly version: string;
}

/** Path → what the store said of it. */
function entriesIn(output: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const part of output.split(/^# /m)) {
    const end = part.indexOf('\n');
    const json = part.slice(end + 1).trim();
    if (end < 0 || json === '') continue;
    const { data } = JSON.parse(json) as {
      data: { data: Record<string, string> | null; metadata: { version: number } };
    };
    const encoded = Object.entries(data.data ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
    entries.set(part.slice(0, end), {
      data: Object.fromEntries(encoded) as Record<string, string>,
      version: String(data.metadata.version),
    });
  }
  return entries;
}
