import type { Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import { wholeNumber } from '../arguments';
import { refuseUnderArgoCd } from '../cluster/argo-cd';
import { refOf, refText, type Cluster, type KubernetesObject, type ObjectRef } from '../cluster/cluster';
import type { Pod } from '../cluster/kinds';
import { ownedObjects } from '../cluster/leftovers';
import { persistently } from '../cluster/persistence';
import { foreignSecrets, strangers } from '../credentials/clients';
import { requestOf } from '../credentials/plan';
import { idOf } from '../credentials/store';
import { exitCodes, Refusal } from '../refusal';
import { clusterCommand, clusterOf, confirmed, platformOf } from '../target';
import type { Step, World } from '../world';

interface DestroyOptions {
  readonly context?: string;
  readonly keepData?: boolean;
  readonly deleteData?: boolean;
  readonly confirm?: string;
  readonly yes?: boolean;
  readonly timeout: number;
}

/** `destroy`: takes a platform off a cluster. */
export const destroyCommand = (world: World): Command =>
  clusterCommand('destroy', 'delete the platform from the cluster')
    .option('--keep-data', 'keep volumes, Secrets and namespaces')
    .option('--delete-data', 'delete volumes and Secrets as well; wants --confirm too')
    .option('--confirm <platform>', 'the name of the platform again, for --delete-data without a question')
    .option('--yes', 'do not ask; data is never deleted by this alone')
    .option('--timeout <seconds>', 'how long to wait until everything is gone', wholeNumber, 300)
    .action(async (name: string, options: DestroyOptions) => {
      if (options.keepData && options.deleteData)
        throw new Refusal('--keep-data and --delete-data exclude each other', exitCodes.usage);
      const platform = platformOf(world, name);
      const cluster = await clusterOf(world, platform, options.context);
      world.out(cluster.title);
      await refuseUnderArgoCd(cluster, platform, 'the deletion');
      const found = await holdings(cluster, platform);
      if (found.owned.length === 0) return world.out(`There is nothing of ${name} in this cluster.`);
      const deleteData = await decide(world, platform, found, options);
      await destroy(world, cluster, platform, found, deleteData, options.timeout);
      const { cluster: kind } = platform.config;
      if (kind === 'kind') world.out(`The kind cluster itself is left; delete it: kind delete cluster --name ${name}`);
    });

/** What a cluster has of a platform. */
interface Holdings {
  /** What carries the labels of the platform: a namespace of the same name that somebody else made is not among it. */
  readonly owned: readonly KubernetesObject[];
  readonly namespaces: readonly string[];
  /** Every claim in these namespaces, also those that the platform no longer declares. */
  readonly claims: readonly Claim[];
  /** Names of their volumes, and of those of earlier claims that a StorageClass retained. */
  readonly volumes: readonly string[];
  /** Names of the Secrets with its credentials. */
  readonly secrets: readonly string[];
  /** The copies of clients, in namespaces of theirs. */
  readonly copies: readonly ObjectRef[];
}

async function holdings(cluster: Cluster, platform: Platform): Promise<Holdings> {
  const owned = await ownedObjects(cluster, platform);
  const namespaces = owned.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  const claims = (await Promise.all(namespaces.map((namespace) => cluster.list<Claim>(kind, { namespace })))).flat();
  const all = await cluster.list<PersistentVolume>({ apiVersion: 'v1', kind: 'PersistentVolume' });
  const volumes = all.filter(({ spec }) => namespaces.includes(spec?.claimRef?.namespace ?? ''));
  const snapshot = await cluster.secrets.read(requestOf(platform));
  const foreign = new Set(foreignSecrets(platform).map(idOf));
  const others = strangers(platform, snapshot);
  const copies = snapshot.secrets.filter((secret) => foreign.has(idOf(secret)) && !others.includes(secret));
  return {
    owned,
    namespaces,
    claims,
    volumes: volumes.map(({ metadata }) => metadata.name),
    secrets: snapshot.secrets.filter(({ namespace }) => namespaces.includes(namespace)).map(idOf),
    copies: copies.map(({ namespace, name }) => ({ apiVersion: 'v1', kind: 'Secret', namespace, name })),
  };
}

/** Data, and the Secrets that open it, go only where the operator says so twice. @returns whether they go */
async function decide(world: World, platform: Platform, found: Holdings, options: DestroyOptions): Promise<boolean> {
  const { config, graph } = platform;
  const { name } = config;
  const claims = found.claims.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const earlier = found.volumes.filter((volume) => found.claims.every(({ spec }) => spec?.volumeName !== volume));
  if (claims.length + earlier.length + found.secrets.length === 0) {
    await confirmed(world, `Delete ${name}? It has neither data nor Secrets here.`, options.yes);
    return true;
  }
  const which = [
    ...(claims.length > 0 ? [`the data in ${claims.join(', ')}`] : []),
    ...(earlier.length > 0 ? [`${earlier.length} volumes of earlier claims`] : []),
    ...(found.secrets.length > 0 ? [`${found.secrets.length} Secrets`] : []),
  ].join(' and ');
  if (options.keepData) {
    await confirmed(world, `Delete everything of ${name} but ${which}?`, options.yes);
    return false;
  }
  const password =
    graph.backups.length > 0
      ? ` The password of its backups goes as well: without a copy (npx hearth credentials ${name} --export FILE) nobody can read them.`
      : '';
  if (!options.deleteData) {
    throw new Refusal(
      `${name} has ${which}. Keep them: npx hearth destroy ${name} --keep-data. Delete them for ever: ` +
        `npx hearth destroy ${name} --delete-data --confirm ${name}.${password} Nothing was changed.`,
    );
  }
  const question = `${which} will be gone for ever.${password} Write ${name} to delete everything:`;
  const again = options.confirm ?? (await world.ask?.input(question[0]?.toUpperCase() + question.slice(1)));
  if (again === name) return true;
  const mend = again === undefined ? `say --confirm ${name} as well` : `write ${name} to delete it`;
  throw new Refusal(`The data of ${name} was not deleted: ${mend}. Nothing was changed.`);
}

interface PersistentVolume extends KubernetesObject {
  readonly spec?: { readonly claimRef?: { readonly namespace?: string } };
}

interface Claim extends KubernetesObject {
  readonly spec?: { readonly volumeName?: string };
}

async function destroy(
  world: World,
  cluster: Cluster,
  platform: Platform,
  { owned, volumes, copies, namespaces: all }: Holdings,
  deleteData: boolean,
  timeout: number,
): Promise<void> {
  const namespaces = deleteData ? all : [];
  const single = owned.filter(({ kind, metadata }) => kind !== 'Namespace' && !namespaces.includes(metadata.namespace ?? ''));
  // A claim that stays keeps its class, so that the platform finds everything as it was.
  const goes = [...single.filter(({ kind }) => deleteData || kind !== 'StorageClass').map(refOf), ...(deleteData ? copies : [])];
  const steps: Step[] = [
    ...(deleteData && volumes.length > 0 ? [release(cluster, volumes)] : []),
    {
      title: 'workloads, routes and policies',
      async run(say) {
        const count = await deleteAll(cluster, goes, say);
        await gone(world, timeout, say, () => runningPods(cluster, platform, namespaces));
        return `${count} deleted`;
      },
    },
    ...(deleteData ? [deletion(world, cluster, namespaces, timeout)] : []),
  ];
  await world.progress(steps);
  const { name } = platform.config;
  if (!deleteData) world.out(`Kept: data, Secrets and namespaces. Bring it back: npx hearth up ${name}`);
  world.out('Custom resource definitions stay: other platforms may use them.');
}

const deletion = (world: World, cluster: Cluster, namespaces: readonly string[], timeout: number): Step => ({
  title: 'namespaces',
  async run(say) {
    const refs = namespaces.map((name): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', name }));
    const count = await deleteAll(cluster, refs, say);
    await gone(world, timeout, say, async () => {
      const left = await Promise.all(refs.map((ref) => cluster.read(ref)));
      return left.flatMap((object) => (object ? `namespace ${object.metadata.name}` : []));
    });
    return `${count} deleted`;
  },
});

/** Volumes of a class that retains them would outlive their claims on the disk of a node. */
const release = (cluster: Cluster, volumes: readonly string[]): Step => ({
  title: 'volumes',
  async run(say) {
    for (const name of volumes) {
      say(name);
      await cluster.patch(
        { apiVersion: 'v1', kind: 'PersistentVolume', name },
        { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
      );
    }
    return `${volumes.length} will go with their claims`;
  },
});

async function deleteAll(cluster: Cluster, refs: readonly ObjectRef[], say: (what: string) => void): Promise<number> {
  let count = 0;
  for (const ref of refs) {
    say(refText(ref));
    if (await cluster.delete(ref)) count += 1;
  }
  return count;
}

/** Pods of the platform outside these namespaces, which go as a whole. */
async function runningPods(cluster: Cluster, { config }: Platform, without: readonly string[]): Promise<string[]> {
  const labels = { 'app.kubernetes.io/part-of': config.name };
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { labels });
  const running = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  return running.flatMap(({ metadata: { namespace = '', name } }) =>
    without.includes(namespace) ? [] : `pod ${namespace}/${name}`,
  );
}

/** Waits until nothing is left. */
async function gone(world: World, timeout: number, say: (what: string) => void, ask: () => Promise<string[]>): Promise<void> {
  for (let seconds = 0; ; seconds++) {
    const left = await persistently(world, ask);
    if (left.length === 0) return;
    if (seconds >= timeout) {
      throw new Refusal(`not gone after ${timeout} s: ${left.join(', ')}; kubectl describe says why`, exitCodes.notReady);
    }
    say(`waits for the end of ${left.join(', ')}`);
    await world.sleep(1000);
  }
}
