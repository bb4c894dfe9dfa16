import type { Command } from 'commander';
import type { BackedUp } from '../../lib/core/backup';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { wholeNumber } from '../arguments';
import { refuseUnderArgoCd } from '../cluster/argo-cd';
import type { Cluster } from '../cluster/cluster';
import { isRunning, runOnce, type PodSpec } from '../cluster/running';
import { runningAmong, stop } from '../cluster/scaling';
import { exitCodes, messageOf, Refusal } from '../refusal';
import { clusterCommand, clusterOf, confirmed, platformOf } from '../target';
import type { Step, World } from '../world';
import { backupsOf, refuseUnready, snapshotsOf, withSnapshot, type Snapshot } from './backup';
import { startInOrder, stopInOrder } from './stop';

interface RestoreOptions {
  readonly context?: string;
  readonly snapshot?: string;
  readonly yes?: boolean;
  readonly timeout: number;
}

/** `restore`: makes data what a backup says, with its users stopped meanwhile. */
export const restoreCommand = (world: World): Command =>
  clusterCommand(
    'restore',
    'bring data back from a backup: lists what exists, asks, stops what uses it, restores, checks, starts',
  )
    .argument('[name...]', 'these alone, see backup --list; by default everything')
    .option('--snapshot <id>', 'which one, see backup --list; latest for the newest')
    .option('--yes', 'do not ask; takes the newest snapshot where none is named')
    .option('--timeout <seconds>', 'how long each may take', wholeNumber, 6 * 3600)
    .action(async (name: string, names: string[], options: RestoreOptions) => {
      const platform = platformOf(world, name);
      const sets = backupsOf(platform, names);
      const cluster = await clusterOf(world, platform, options.context);
      world.out(cluster.title);
      await refuseUnderArgoCd(cluster, platform, 'the stop of what uses the data');
      await refuseUnready(cluster, sets);
      const chosen = await choose(world, cluster, platform, sets, options);
      const what = chosen.map(({ set, snapshot }) => `${set.name} of ${snapshot.time.toISOString()}`).join(', ');
      await confirmed(world, `Replace the present data by the backup of ${what}?`, options.yes);
      await restore(world, cluster, platform, chosen, options.timeout);
    });

interface Choice {
  readonly set: BackedUp;
  readonly snapshot: Snapshot;
}

async function choose(
  world: World,
  cluster: Cluster,
  platform: Platform,
  sets: readonly BackedUp[],
  { snapshot, yes }: RestoreOptions,
): Promise<Choice[]> {
  if (snapshot !== undefined && snapshot !== 'latest' && sets.length > 1) {
    throw new Refusal('a snapshot is of one backup: name which', exitCodes.usage);
  }
  const choices: Choice[] = [];
  const missing: string[] = [];
  for (const set of sets) {
    const found = await lookedUp(world, cluster, platform, set);
    const picked = await pick(world, set, found, snapshot ?? (yes ? 'latest' : undefined));
    if (picked) choices.push({ set, snapshot: picked });
    else
      missing.push(
        snapshot && snapshot !== 'latest'
          ? `${set.name} has no snapshot ${snapshot}`
          : `there is no backup of ${set.name} in ${set.repository}`,
      );
  }
  if (missing.length > 0)
    throw new Refusal(`${missing.join('\n')}\nSee: npx hearth backup ${platform.config.name} --list. Nothing was changed.`);
  return choices;
}

async function lookedUp(world: World, cluster: Cluster, platform: Platform, set: BackedUp): Promise<Snapshot[]> {
  let found: Snapshot[] = [];
  const run: Step['run'] = async (say) => {
    found = await snapshotsOf(world, cluster, platform, set, say);
    return `${found.length} found`;
  };
  await world.progress([{ title: `backups of ${set.name}`, run }]);
  return found;
}

async function pick(
  world: World,
  { name }: BackedUp,
  found: readonly Snapshot[],
  wanted: string | undefined,
): Promise<Snapshot | undefined> {
  if (wanted === 'latest' || found.length === 0) return found[0];
  if (wanted !== undefined) return found.find(({ id }) => id.startsWith(wanted));
  if (!world.ask) return found[0];
  return world.ask.select(
    `Which backup of ${name}?`,
    found.map((value) => ({ name: `${value.time.toISOString()}  ${value.shortId}`, value })),
  );
}

async function restore(
  world: World,
  cluster: Cluster,
  platform: Platform,
  chosen: readonly Choice[],
  timeout: number,
): Promise<void> {
  const sets = chosen.map(({ set }) => set);
  const schedules = sets.map(({ backup }) => backup);
  try {
    await stop(world, cluster, schedules, 300);
    // One may have begun while the question waited for its answer.
    await refuseUnready(cluster, sets);
    // They keep connections to the data, and would write to it.
    const using = platform.graph.usersOf(sets.map(({ component }) => component));
    const users = await runningAmong(cluster, using);
    await stopInOrder(world, cluster, platform, users, 300);
    for (const choice of chosen) await restoreOne(world, cluster, platform, choice, timeout);
    await startInOrder(world, cluster, platform, [...users, ...schedules], 600);
  } catch (error) {
    const code = error instanceof Refusal ? error.exitCode : exitCodes.refused;
    const said = world.signal.aborted ? 'Interrupted.' : messageOf(error);
    throw new Refusal(`${said}\n${await stateAfter(cluster, platform, sets)}`, code);
  }
}

/** What a restore that did not come to its end leaves behind, and how to go on. */
async function stateAfter(cluster: Cluster, platform: Platform, sets: readonly BackedUp[]): Promise<string> {
  const { name } = platform.config;
  const state = 'The restore is not complete: what uses the data may be stopped, and scheduled backups are paused.';
  for (const { restore } of sets) {
    const active = await isRunning(cluster, restore).catch(() => false);
    if (active)
      return `${state} ${restore.name} goes on; once it is done (kubectl -n ${restore.namespace} get jobs): npx hearth start ${name}`;
  }
  const again = `npx hearth restore ${name} ${sets.map((set) => set.name).join(' ')}`;
  return `${state} Run it again (${again}), or go on with the data as it is; then: npx hearth start ${name}`;
}

async function restoreOne(
  world: World,
  cluster: Cluster,
  platform: Platform,
  { set, snapshot }: Choice,
  timeout: number,
): Promise<void> {
  const { name, workload, component, volume } = set;
  const { archived } = volume;
  const run = (title: string, job: Workload, purpose: string, adapt?: (spec: PodSpec) => PodSpec): Step => ({
    title,
    async run(say) {
      await runOnce(world, cluster, platform, job, { purpose, timeout, say, adapt });
      return 'done';
    },
  });
  // A dump is loaded into the running program, of which several workloads may be part; files are replaced under a stopped one.
  const parts = platform.graph.workloadsOf(component).filter(({ replicas }) => replicas > 0);
  const ran = await runningAmong(cluster, archived ? [workload] : parts);
  if (archived) await stop(world, cluster, [workload], 600);
  else await startInOrder(world, cluster, platform, parts, 600);
  const fetch = (spec: PodSpec) => withSnapshotFetched(spec, snapshot.id);
  await world.progress([run(`restore ${name} of ${snapshot.time.toISOString()}`, set.restore, 'restore', fetch)]);
  if (archived) await startInOrder(world, cluster, platform, ran, 600);
  // Roles, buckets and passwords as the platform wants them now.
  const jobs = platform.graph.workloadsOf(component).filter(({ kind }) => kind === 'Job');
  await world.progress(jobs.map((job) => run(`${job.name} again`, job, 'again')));
  if (!archived)
    await stopInOrder(
      world,
      cluster,
      platform,
      parts.filter((part) => !ran.includes(part)),
      600,
    );
}

/** The pod of a restore, with another snapshot to fetch. */
function withSnapshotFetched(spec: PodSpec, id: string): PodSpec {
  const initContainers = spec.initContainers?.map((each) => (each.name === 'fetch' ? withSnapshot(each, id) : each));
  return { ...spec, initContainers };
}
