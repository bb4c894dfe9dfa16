import type { Command } from 'commander';
import type { Platform } from '../../lib/core/platform';
import { waves } from '../../lib/derived/applied-objects';
import { wholeNumber } from '../arguments';
import { applySteps } from '../cluster/applying';
import { refuseUnderArgoCd } from '../cluster/argo-cd';
import { refOf, refText, type Cluster, type KubernetesObject } from '../cluster/cluster';
import { refuseFewerMembers } from '../cluster/fewer-members';
import { kindSteps } from '../cluster/kind';
import { isSuperseded, leftovers, ownedObjects } from '../cluster/leftovers';
import { refuseMovedData } from '../cluster/moved-data';
import { refuseImpossible } from '../cluster/rehearsing';
import { refuseUnderWay } from '../cluster/under-way';
import { waitForWorkloads, waitUntilUp } from '../cluster/waiting';
import { clusterCommand, clusterOf, componentsOf, platformOf } from '../target';
import type { Step, World } from '../world';
import { fillStore, finishRotations, makeCredentials } from './credentials';
import { addressTable } from './urls';

export interface UpOptions {
  readonly context?: string;
  readonly force?: boolean;
  readonly prune?: boolean;
  readonly newData?: boolean;
  readonly fewerMembers?: boolean;
  readonly wait: boolean;
  readonly timeout: number;
}

/** `up`: makes a cluster what the platform file says. */
export const upCommand = (world: World): Command =>
  withUpOptions(clusterCommand('up', 'make everything that is missing, apply what changed, and wait until it runs')).action(
    async (name: string, options: UpOptions) => {
      const platform = platformOf(world, name);
      await world.progress(await kindSteps(world, platform, options.context));
      const cluster = await clusterOf(world, platform, options.context);
      world.out(cluster.title);
      await up(world, cluster, platform, options);
    },
  );

/** The options of `up`, which `update` shares. */
export const withUpOptions = (command: Command): Command =>
  command
    .option('--force', 'take over fields that others manage')
    .option('--prune', 'delete what the platform no longer has, but for volumes, Secrets and namespaces')
    .option('--new-data', 'let services begin with empty volumes beside those that they had')
    .option('--fewer-members', 'let services lose pods with volumes, and with them what only these hold')
    .option('--no-wait', 'end once everything is applied')
    .option('--timeout <seconds>', 'how long to wait until everything is ready', wholeNumber, 600);

/** Applies the platform, waits until it runs, and says where everything is. */
export async function up(world: World, cluster: Cluster, platform: Platform, options: UpOptions): Promise<void> {
  const { name } = platform.config;
  platform.notices.forEach((notice) => world.err(`note: ${notice}`));
  if (!options.force) await refuseUnderArgoCd(cluster, platform, 'what it applies');
  await refuseUnderWay(cluster, platform);
  if (!options.newData) await refuseMovedData(cluster, platform);
  if (!options.fewerMembers) await refuseFewerMembers(cluster, platform);
  const model = waves(platform);
  await refuseImpossible(cluster, model, options.force ?? false);
  const [clusterWide, ...tiers] = applySteps(cluster, world, model, options.force ?? false);
  const prune = pruneSteps(world, cluster, leftovers(await ownedObjects(cluster, platform), model), options.prune ?? false);
  if (clusterWide) await world.progress([clusterWide]);
  // Apart from the progress, since it may ask.
  await makeCredentials(world, cluster, platform);
  await world.progress([...tiers, ...prune]);
  await finishRotations(world, cluster, platform);
  if (!options.wait) return;
  await fillOwnStore(world, cluster, platform, options.timeout);
  await waitUntilUp(world, cluster, componentsOf(platform), options.timeout);
  ['', ...addressTable(platform), '', whereCredentialsAre(platform)].forEach((line) => world.out(line));
  world.out(`How it is: npx hearth status ${name}; what it says: npx hearth logs ${name}`);
}

/** Everything else waits for values that only come once the platform's own store runs and is filled. */
async function fillOwnStore(world: World, cluster: Cluster, platform: Platform, seconds: number): Promise<void> {
  const own = platform.graph.credentialStore;
  if (!own) return;
  await waitForWorkloads(world, cluster, own.foundation, seconds);
  await fillStore(world, cluster, platform);
}

/** One sentence on where the values are. */
export const whereCredentialsAre = ({ config }: Platform): string =>
  config.secrets === 'external'
    ? `Passwords and keys are in the secret store below ${config.secretStore.path}/`
    : `Passwords and keys: npx hearth credentials ${config.name} --show`;

/** Removes jobs that newer ones have replaced, and with `prune` whatever else is no longer in the model. */
function pruneSteps(world: World, cluster: Cluster, left: readonly KubernetesObject[], prune: boolean): Step[] {
  const kept = (kind: string) => kind === 'Namespace' || kind === 'StorageClass';
  const goes = left.filter((object) => isSuperseded(object) || (prune && !kept(object.kind)));
  const stays = left.filter((object) => !goes.includes(object));
  if (stays.length > 0) {
    const mend = prune ? 'it may hold data: delete it by kubectl' : '--prune deletes it, hearth diff lists it';
    world.err(`note: no longer in the platform: ${stays.map((object) => refText(refOf(object))).join(', ')}; ${mend}`);
  }
  if (goes.length === 0) return [];
  return [
    {
      title: 'what is no longer in the platform',
      async run(say) {
        for (const object of goes) {
          say(refText(refOf(object)));
          await cluster.delete(refOf(object));
        }
        return `${goes.length} deleted`;
      },
    },
  ];
}
