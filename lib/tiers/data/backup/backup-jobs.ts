import { dumpFolder, type BackedUp, type Dump } from '../../../core/backup';
import type { ContainerProps } from '../../../core/container';
import { CronJob, type CronJobProps } from '../../../core/controllers';
import { known } from '../../../core/late';
import { temporary, type MountSource } from '../../../core/mount';
import { portsBesideProxy } from '../../../core/proxy';
import { quantityValue } from '../../../core/resources';
import type { Volume } from '../../../core/volume';
import type { Workload } from '../../../core/workload';
import { replaceContent, stopped, volumeFolder, type Archived } from './archive';
import { fetchScript, Repository, saveScript, snapshotVariable, type BackupTarget, type Retention } from './restic';

export interface BackupProps {
  /** See {@link BackedUp.name}. */
  readonly name: string;
  readonly target: BackupTarget;
  readonly schedule: string;
  readonly keep: Retention;
}

type Jobs = Pick<BackedUp, 'backup' | 'restore' | 'repository'>;

/** The jobs of a dump: the running program writes files, which become a snapshot; and the other way round. */
export function dumpJobs(workload: Workload, volume: Volume, dump: Dump, props: BackupProps): Jobs {
  const { repository, common, save } = setUp(workload, props);
  const scratch = { [dumpFolder]: temporary('backup', times(volume.props.size, dump.volumes ?? 1)) };
  const { component } = workload;
  const withScratch = (container: ContainerProps) => ({
    ...container,
    // A client of the running program.
    staysInside: true as const,
    mounts: { ...known(container.mounts, component), ...scratch },
  });
  return {
    repository: repository.url,
    backup: new CronJob(component, `${props.name}-backup`, {
      ...common,
      ...repository.restic(saveScript({ ...save, folder: dumpFolder }), scratch),
      container: 'backup',
      init: { 'reach-target': repository.reach, save: withScratch(dump.save) },
      uses: [{ endpoint: dump.endpoint, why: 'backup' }],
    }),
    restore: new CronJob(component, `${props.name}-restore`, {
      ...common,
      ...withScratch(dump.load),
      suspend: true,
      container: 'load',
      init: { 'reach-target': repository.reach, fetch: fetch(repository, dumpFolder, scratch) },
      uses: [{ endpoint: dump.endpoint, why: 'restore' }],
    }),
  };
}

/** A multiple of a quantity of bytes. */
function times(size: string, factor: number): string {
  return factor === 1 ? size : `${Math.ceil(((quantityValue(size) ?? 0) * factor) / 2 ** 20)}Mi`;
}

/** The jobs of an archive: the files of a volume become a snapshot while its program is stopped. */
export function archiveJobs(archived: Archived, props: BackupProps): Jobs {
  const { workload, claim, pod } = archived;
  const { repository, common, save } = setUp(workload, props);
  const { component } = workload;
  const volume = { [volumeFolder]: claim };
  const near = { ...workload.selector, ...pod };
  return {
    repository: repository.url,
    backup: new CronJob(component, `${props.name}-backup`, {
      ...common,
      ...stopped(archived, { 'reach-target': repository.reach }),
      ...repository.restic(saveScript({ ...save, folder: volumeFolder, without: ['lost+found', '.hearth-*'] }), volume),
      near,
    }),
    restore: new CronJob(component, `${props.name}-restore`, {
      ...common,
      ...replaceContent(volume),
      suspend: true,
      container: 'load',
      init: {
        'reach-target': repository.reach,
        fetch: fetch(repository, `${volumeFolder}/.hearth-restore`, volume),
      },
      near,
    }),
  };
}

const fetch = (repository: Repository, folder: string, mounts: Record<string, MountSource>): ContainerProps =>
  repository.restic(fetchScript(folder), mounts, { [snapshotVariable]: 'latest' });

function setUp(workload: Workload, { name, target, schedule, keep }: BackupProps) {
  const repository = new Repository(workload.component, name, target);
  const common = {
    user: workload.props.user,
    schedule,
    restartPolicy: 'Never',
    retries: 1,
    deadlineSeconds: 6 * 60 * 60,
    internet: {
      why: 'Backups go to the target that the platform file names, which may be in a private network.',
      ports: [repository.port],
      direct: portsBesideProxy(workload.component.platform.config, [target.endpoint]),
      privateToo: true,
    },
  } satisfies Partial<CronJobProps>;
  return { repository, common, save: { platform: workload.component.platform.config.name, tag: name, keep } };
}
