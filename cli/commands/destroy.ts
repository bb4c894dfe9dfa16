import type { Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import { wholeNumber } from '../arguments';
import { refuseUnderArgoCd } from '../cluster/argo-cd';
import { refOf, refText, type Cluster, type KubernetesObject, type ObjectRef } from '../cluster/cluster';
import type { Pod } from '../cluster/kinds';
import { ownedObjects } from '../cluster/leftovers';
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
    .option('--delete-data', 'delete the volumes as well; wants --confirm too')
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
      const claims = await claimsOf(cluster, platform);
      if (claims.length > 0) await decideOnData(world, platform, claims, options);
      else await confirmed(world, `Delete ${name} from ${cluster.title}? It has no volumes.`, options.yes);
      await destroy(world, cluster, platform, { claims, deleteData: !options.keepData, timeout: options.timeout });
      const { cluster: kind } = platform.config;
      if (kind === 'kind') world.out(`The kind cluster itself is left; delete it: kind delete cluster --name ${name}`);
    });

interface Claim extends KubernetesObject {
  readonly spec?: { readonly volumeName?: string };
}

/** Every claim in the namespaces of the platform, also those that it no longer declares. */
async function claimsOf(cluster: Cluster, platform: Platform): Promise<Claim[]> {
  const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
  const lists = platform.tiers.map(({ namespace }) => cluster.list<Claim>(kind, { namespace }));
  return (await Promise.all(lists)).flat();
}

/** Data goes only where the operator says so twice. */
async function decideOnData(
  world: World,
  platform: Platform,
  claims: readonly Claim[],
  options: DestroyOptions,
): Promise<void> {
  const { name } = platform.config;
  const which = claims.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(', ');
  if (options.keepData) return confirmed(world, `Delete everything of ${name} but its data (${which})?`, options.yes);
  if (!options.deleteData) {
    throw new Refusal(
      `${name} has data in ${which}. Keep it: npx hearth destroy ${name} --keep-data. ` +
        `Delete it for ever: npx hearth destroy ${name} --delete-data --confirm ${name}. Nothing was changed.`,
    );
  }
  const again =
    options.confirm ??
    (await world.ask?.input(`The data in ${which} will be gone for ever. Write ${name} to delete it:`));
  if (again === name) return;
  const mend =
    options.confirm === undefined && !world.ask ? `say --confirm ${name} as well` : `write ${name} to delete it`;
  throw new Refusal(`The data of ${name} was not deleted: ${mend}. Nothing was changed.`);
}

interface Plan {
  readonly claims: readonly Claim[];
  readonly deleteData: boolean;
  readonly timeout: number;
}

async function destroy(
  world: World,
  cluster: Cluster,
  platform: Platform,
  { claims, deleteData, timeout }: Plan,
): Promise<void> {
  const owned = await ownedObjects(cluster, platform);
  // Secrets stay as well: with values made anew nobody could open the data.
  const namespaces = deleteData ? platform.tiers.map(({ namespace }) => namespace) : [];
  const single = owned.filter(
    ({ kind, metadata }) => kind !== 'Namespace' && !namespaces.includes(metadata.namespace ?? ''),
  );
  // A claim that stays keeps its class, so that the platform finds everything as it was.
  const goes = single.filter(({ kind }) => deleteData || kind !== 'StorageClass').map(refOf);
  const steps: Step[] = [
    ...(deleteData && claims.length > 0 ? [release(cluster, claims)] : []),
    {
      title: 'workloads, routes and policies',
      async run(say) {
        const count = await deleteAll(cluster, goes, say);
        await gone(world, timeout, say, () => runningPods(cluster, platform, namespaces));
        return `${count} deleted`;
      },
    },
    {
      title: 'namespaces',
      async run(say) {
        const refs = namespaces.map((name): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', name }));
        const count = await deleteAll(cluster, refs, say);
        await gone(world, timeout, say, async () => {
          const found = await Promise.all(refs.map((ref) => cluster.read(ref)));
          return found.flatMap((object) => (object ? `namespace ${object.metadata.name}` : []));
        });
        return `${count} deleted`;
      },
    },
  ];
  await world.progress(steps);
  if (!deleteData)
    world.out(`Kept: data, Secrets and namespaces. Bring it back: npx hearth up ${platform.config.name}`);
  world.out('Custom resource definitions stay: other platforms may use them.');
}

/** Volumes of a class that retains them would outlive their claims on the disk of a node. */
const release = (cluster: Cluster, claims: readonly Claim[]): Step => ({
  title: 'volumes',
  async run(say) {
    const volumes = claims.flatMap(({ spec }) => spec?.volumeName ?? []);
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
async function gone(
  world: World,
  timeout: number,
  say: (what: string) => void,
  ask: () => Promise<string[]>,
): Promise<void> {
  for (let seconds = 0; ; seconds++) {
    const left = await ask();
    if (left.length === 0) return;
    if (seconds >= timeout) {
      throw new Refusal(
        `not gone after ${timeout} s: ${left.join(', ')}; kubectl describe says why`,
        exitCodes.notReady,
      );
    }
    say(`waits for the end of ${left.join(', ')}`);
    await world.sleep(1000);
  }
}
