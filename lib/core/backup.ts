import type { Component } from './component';
import type { ContainerProps } from './container';
import type { CronJob } from './controllers';
import type { Endpoint } from './endpoint';
import type { Volume } from './volume';
import type { Workload } from './workload';

/** How much the loss of a volume would hurt; the order in which data is brought back. */
export const backupPriorities = ['critical', 'high', 'medium'] as const;
export type BackupPriority = (typeof backupPriorities)[number];

/** Where the files of a dump are, in every container of a backup or a restore. */
export const dumpFolder = '/backup';

/** How the data of a running program becomes files, and comes back from them. */
export interface Dump {
  /** Short and lower-case, for people, for example `pg_dump`. */
  readonly method: string;
  /** Where the program is reached. */
  readonly endpoint: Endpoint;
  /** Writes the data into the empty folder {@link dumpFolder}; fails rather than leave half of it there. */
  readonly save: ContainerProps;
  /** How many of its volumes full of files it writes at most. @default 1 */
  readonly volumes?: number;
  /** Makes the running program hold exactly what the folder says, and checks that it does. */
  readonly load: ContainerProps;
}

/**
 * How a volume gets into a backup that can be restored: by a dump of its running program, or as an archive of its files
 * while its program is stopped. `none` is for data that a program can make again.
 */
export type VolumeBackup =
  | 'none'
  | { readonly priority: BackupPriority; readonly method: 'archive' }
  // A function, since the program is declared after its volume.
  | { readonly priority: BackupPriority; readonly method: 'dump'; readonly dump: () => Dump };

/** A volume that is backed up by a dump, if at all. @param dump called once, and only where there are backups */
export function dumped(priority: BackupPriority | 'none', dump: () => Dump): VolumeBackup {
  if (priority === 'none') return 'none';
  let made: Dump | undefined;
  return { priority, method: 'dump', dump: () => (made ??= dump()) };
}

/** A volume that is backed up as an archive of its files, for which its program is stopped, if at all. */
export function archived(priority: BackupPriority | 'none'): VolumeBackup {
  return priority === 'none' ? 'none' : { priority, method: 'archive' };
}

/** The method in one word, for people. @default undefined where there is no backup */
export function methodOf(backup: VolumeBackup): string | undefined {
  if (backup === 'none') return undefined;
  return backup.method === 'dump' ? backup.dump().method : backup.method;
}

/** A volume in the backup, and the two jobs that bring its data there and back. */
export interface BackedUp {
  /** The component's name, with the volume's and the replica's where it has several; also of the repository. */
  readonly name: string;
  readonly component: Component;
  readonly workload: Workload;
  readonly volume: Volume;
  readonly priority: BackupPriority;
  /** In one word, for people. */
  readonly method: string;
  /** Runs on the schedule. */
  readonly backup: CronJob;
  /** Suspended: its jobs are made on demand. */
  readonly restore: CronJob;
  /** Where the snapshots are, as restic names it. */
  readonly repository: string;
}
