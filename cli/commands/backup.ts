import type { Command } from 'commander';
import { z } from 'zod';
import type { BackedUp } from '../../lib/core/backup';
import type { Platform } from '../../lib/core/platform';
import { snapshotVariable } from '../../lib/tiers/data/backup/restic';
import { wholeNumber } from '../arguments';
import type { Cluster } from '../cluster/cluster';
import type { CronJob } from '../cluster/kinds';
import { isRunning, listing, runOnce, type Container } from '../cluster/running';
import { outputOption, print, table, type OutputOptions } from '../output';
import { Refusal } from '../refusal';
import { chosen, clusterCommand, clusterOf, platformOf } from '../target';
import type { World } from '../world';

interface BackupOptions extends OutputOptions {
  readonly context?: string;
  readonly list?: boolean;
  readonly timeout: number;
}

/** `backup`: now, rather than on schedule; or what there is. */
export const backupCommand = (world: World): Command =>
  clusterCommand('backup', 'make a backup now, and wait for it; or list the backups that exist')
    .argument('[name...]', 'these alone, see --list; by default everything')
    .option('--list', 'list the snapshots in the backup target')
    .addOption(outputOption())
    .option('--timeout <seconds>', 'how long each may take', wholeNumber, 6 * 3600)
    .action(async (name: string, names: string[], options: BackupOptions) => {
      const platform = platformOf(world, name);
      const sets = backupsOf(platform, names);
      const cluster = await clusterOf(world, platform, options.context);
      if (options.list) return list(world, cluster, platform, sets, options);
      world.out(cluster.title);
      await refuseUnready(cluster, sets);
      await world.progress(
        sets.map((set) => ({
          title: `backup ${set.name}`,
          async run(say) {
            const start = world.now().getTime();
            await runOnce(world, cluster, platform, set.backup, { purpose: 'backup', timeout: options.timeout, say });
            return `done after ${Math.round((world.now().getTime() - start) / 1000)} s, in ${set.repository}`;
          },
        })),
      );
    });

/** The backups of a platform, by their names, the most critical first; throws where it has none. */
export function backupsOf({ config, graph }: Platform, names: readonly string[]): BackedUp[] {
  if (graph.backups.length === 0) {
    throw new Refusal(
      `${config.name} has no backup; add the service "backup" with its target to platforms/${config.name}.yaml ` +
        '(docs/storage-and-backup.md), then npx hearth up',
    );
  }
  return chosen(graph.backups, names, (name) => `${config.name} has no backup of "${name}"`);
}

/** Refuses before the first of several is touched: where the cluster does not know a backup as it is in the file, or runs one. */
export async function refuseUnready(cluster: Cluster, sets: readonly BackedUp[]): Promise<void> {
  for (const { name, backup, restore, component, repository } of sets) {
    const { namespace } = backup;
    const up = `npx hearth up ${component.platform.config.name}`;
    const found = await cluster.read<CronJob>({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      namespace,
      name: backup.name,
    });
    if (!found) throw new Refusal(`the cluster does not know the backup of ${name} yet: ${up}`);
    const known = repositoryOf(found);
    if (known !== repository) {
      throw new Refusal(`the cluster keeps the backup of ${name} in ${known}, the platform file says ${repository}: ${up} first`);
    }
    for (const workload of [backup, restore]) {
      if (!(await isRunning(cluster, workload))) continue;
      throw new Refusal(`${workload.name} is under way; wait until it is done: kubectl -n ${namespace} get jobs`);
    }
  }
}

function repositoryOf({ spec }: CronJob): string | undefined {
  const containers = spec?.jobTemplate.spec?.template.spec?.containers ?? [];
  return containers.flatMap(({ env = [] }) => env).find(({ name }) => name === 'RESTIC_REPOSITORY')?.value;
}

const snapshotSchema = z.object({ id: z.string(), short_id: z.string(), time: z.string() });

/** One snapshot of a repository. */
export interface Snapshot {
  readonly id: string;
  readonly shortId: string;
  readonly time: Date;
}

/** The snapshots of a backup, newest first, as its repository tells. */
export async function snapshotsOf(
  world: World,
  cluster: Cluster,
  platform: Platform,
  set: BackedUp,
  say: (what: string) => void,
): Promise<Snapshot[]> {
  const log = await runOnce(world, cluster, platform, set.restore, {
    purpose: listing,
    forget: true,
    timeout: 300,
    say,
    adapt(spec) {
      const fetch = spec.initContainers?.find(({ name }) => name === 'fetch');
      if (!fetch) throw new Error(`${set.restore.name} has no container fetch`);
      const initContainers = spec.initContainers?.filter(({ name }) => name === 'reach-target');
      return { ...spec, initContainers, containers: [withSnapshot(fetch, 'list')] };
    },
  });
  const json = log.trim().split('\n').at(-1) ?? '';
  if (json === '') throw new Refusal(`the list of the backups of ${set.name} got lost; try again`);
  const found = z.array(snapshotSchema).nullable().parse(JSON.parse(json)) ?? [];
  return found
    .map(({ id, short_id, time }) => ({ id, shortId: short_id, time: new Date(time) }))
    .sort((a, b) => b.time.getTime() - a.time.getTime());
}

/** The container with another snapshot to fetch. */
export function withSnapshot(container: Container, snapshot: string): Container {
  const others = container.env?.filter(({ name }) => name !== snapshotVariable) ?? [];
  return { ...container, env: [...others, { name: snapshotVariable, value: snapshot }] };
}

async function list(
  world: World,
  cluster: Cluster,
  platform: Platform,
  sets: readonly BackedUp[],
  options: OutputOptions,
): Promise<void> {
  world.err(cluster.title);
  const rows: { name: string; snapshot: string; time: string; repository: string }[] = [];
  for (const set of sets) {
    const found = await snapshotsOf(world, cluster, platform, set, () => undefined);
    rows.push(
      ...found.map(({ shortId, time }) => ({
        name: set.name,
        snapshot: shortId,
        time: time.toISOString(),
        repository: set.repository,
      })),
    );
  }
  print(world, options, rows, () =>
    rows.length === 0
      ? ['There is no backup yet.']
      : table(
          ['NAME', 'SNAPSHOT', 'TIME', 'REPOSITORY'],
          rows.map(({ name, snapshot, time, repository }) => [name, snapshot, time, repository]),
        ),
  );
}
