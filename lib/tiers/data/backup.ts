import { z } from 'zod';
import { backupPriorities, methodOf, type BackedUp, type VolumeBackup } from '../../core/backup';
import type { Component } from '../../core/component';
import { Credential, password, supplied } from '../../core/credential';
import { defineComponent } from '../../core/definition';
import type { Volume } from '../../core/volume';
import type { Workload } from '../../core/workload';
import { schedule } from '../../options/schedule';
import { whenMissing } from '../../options/wording';
import type { Archived } from './backup/archive';
import { archiveJobs, dumpJobs, type BackupProps } from './backup/backup-jobs';

const keep = (least: number, count: number, what: string) =>
  z.int().min(least).default(count).describe(`Snapshots that are kept: the last of each of so many ${what}`);

const target = z.strictObject(
  {
    endpoint: z
      .string({ error: whenMissing('is missing; write for example https://s3.eu-central-1.amazonaws.com') })
      .regex(/^https?:\/\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/, {
        error: 'must be a URL without a path; write for example https://s3.eu-central-1.amazonaws.com',
      })
      .describe('URL of the S3 service, outside this cluster'),
    bucket: z
      .string({ error: whenMissing('is missing; write the name of a bucket of the S3 service') })
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
        error: 'must be 3 to 63 lower-case letters, digits, dots and dashes; write for example backups',
      })
      .describe('Bucket that holds the repositories'),
    region: z
      .string()
      .regex(/^[a-z0-9-]+$/, { error: 'must be lower-case letters, digits and dashes; write for example eu-central-1' })
      .default('us-east-1')
      .describe('Region of the bucket'),
    path: z
      .string()
      .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, {
        error: 'must be folder names with slashes between them; write for example platforms/geoai',
      })
      .optional()
      .describe('Folder in the bucket; by default the name of the platform'),
    certificateAuthority: z
      .string()
      .regex(/^-----BEGIN CERTIFICATE-----\s[^]+-----END CERTIFICATE-----\s*$/, {
        error: 'must be certificates in PEM; write "certificateAuthority: |" and the text below, indented',
      })
      .optional()
      .describe('Certificates in PEM, where no public authority signed that of the S3 service'),
  },
  { error: whenMissing('is missing; write endpoint and bucket of an S3 service outside this cluster') },
);

const options = z.strictObject(
  {
    target: target.describe('Where backups go'),
    schedule: schedule('0 1 * * *').describe(
      'When backups are made: minute, hour, day, month, weekday, in the time zone of the platform',
    ),
    keep: z
      .strictObject({ daily: keep(1, 7, 'days'), weekly: keep(0, 4, 'weeks'), monthly: keep(0, 6, 'months') })
      .prefault({})
      .describe('How long backups are kept'),
  },
  { error: whenMissing('is empty; write target: with endpoint and bucket of an S3 service outside this cluster') },
);

/**
 * Encrypted backups of every volume that says how it is backed up, on a schedule, and their way back. It runs nothing
 * itself: the jobs belong to the components whose data they save. https://restic.readthedocs.io/
 */
export const backup = defineComponent({
  title: 'Backup, encrypted with restic',
  documentation: 'https://restic.readthedocs.io/',
  signIn: 'nobody comes to it; it signs in to its target with the keys that you give, and encrypts with a password',
  tier: 'data',
  replicas: { why: 'it runs jobs only' },
  single: 'it saves the data of all services',
  options,
  build(self, { options }) {
    const { target, schedule, keep } = options;
    const credential = new Credential(self, self.name, {
      keys: {
        accessKeyId: supplied('access key of the backup target'),
        secretAccessKey: supplied('secret key of the backup target'),
        // Encrypts the repositories: another one would not open them.
        password: password(32),
      },
      rotation: { keys: ['accessKeyId', 'secretAccessKey'], by: 'restart' },
    });
    const path = target.path ?? self.platform.config.name;
    // Volumes are declared when components are built, so that all of them are there.
    self.whenComplete(() => {
      backUp(self, (name) => ({ name, target: { ...target, path, credential }, schedule, keep }));
    });
  },
});

/** Declares the jobs of everything that is kept. @param propsOf what they need, by the name of what they save */
function backUp({ platform: { graph } }: Component, propsOf: (name: string) => BackupProps): void {
  const kept = graph.workloads.flatMap((workload) =>
    workload.volumes.flatMap((volume) => (volume.props.backup === 'none' ? [] : [{ workload, volume }])),
  );
  const named = kept.flatMap(({ workload, volume }) => {
    const { component } = workload;
    const several = kept.filter((other) => other.workload.component === component).length > 1;
    const base = several ? `${component.name}-${volume.name}` : component.name;
    return partsOf(workload, volume).map((part) => ({ ...part, name: `${base}${part.suffix}` }));
  });
  const made = named.map(({ name, workload, volume, ...part }) => {
    const stopping = named.filter((other) => other.workload === workload).map((other) => `${other.name}-backup`);
    return {
      name,
      component: workload.component,
      workload,
      volume,
      priority: part.backup.priority,
      method: methodOf(part.backup) ?? '',
      ...(part.backup.method === 'dump'
        ? dumpJobs(workload, volume, part.backup.dump(), propsOf(name))
        : archiveJobs({ workload, ...part, jobs: stopping }, propsOf(name))),
    };
  });
  const rank = ({ priority }: BackedUp) => backupPriorities.indexOf(priority);
  graph.backups.push(...made.sort((a, b) => rank(a) - rank(b)));
}

interface Part extends Omit<Archived, 'jobs'> {
  readonly volume: Volume;
  readonly backup: Exclude<VolumeBackup, 'none'>;
  /** End of its name, where the volume has several parts. */
  readonly suffix: string;
}

/** What is backed up by itself: the volume as a whole where it is dumped, each of its claims where files are archived. */
function partsOf(workload: Workload, volume: Volume): Part[] {
  const { backup } = volume.props;
  if (backup === 'none') return [];
  const claims = backup.method === 'dump' ? [volume.claimName(workload)] : volume.claimNames(workload);
  return claims.map((claimName, replica): Part => ({
    workload,
    volume,
    backup,
    claim: {
      name: volume.name,
      readOnly: false,
      volume: () => ({ name: volume.name, persistentVolumeClaim: { claimName } }),
    },
    pod: claims.length > 1 ? { 'statefulset.kubernetes.io/pod-name': `${workload.name}-${replica}` } : {},
    suffix: claims.length > 1 ? `-${replica}` : '',
  }));
}
