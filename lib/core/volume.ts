import { k8s } from 'cdk8s-plus-28';
import { methodOf, type VolumeBackup } from './backup';
import type { MountSource } from './mount';
import type { Workload } from './workload';

export interface VolumeProps {
  /** Kubernetes quantity, for example `20Gi`. */
  readonly size: string;
  readonly backup: VolumeBackup;
  /** StorageClass. @default that of the platform */
  readonly class?: string;
}

/**
 * Storage that outlives its pod: a claim template of a stateful set, or a claim beside a deployment. Claims are kept
 * when Argo CD prunes or deletes, and when a stateful set is scaled or deleted.
 */
export class Volume implements MountSource {
  readonly readOnly = false;

  constructor(
    readonly name: string,
    readonly props: VolumeProps,
  ) {}

  /** Whether a backup reads its files, for which its program is stopped. */
  get archived(): boolean {
    const { backup } = this.props;
    return backup !== 'none' && backup.method === 'archive';
  }

  volume(workload: Workload): k8s.Volume | undefined {
    if (workload.claimTemplates) return undefined;
    return { name: this.name, persistentVolumeClaim: { claimName: this.claimName(workload) } };
  }

  /** Name of the claim that holds the data of one replica. */
  claimName(workload: Workload, replica = 0): string {
    return workload.claimTemplates ? `${this.name}-${workload.name}-${replica}` : `${workload.name}-${this.name}`;
  }

  /** Names of all its claims: one for each replica of a stateful set, otherwise one. */
  claimNames(workload: Workload): string[] {
    const count = workload.claimTemplates ? workload.replicas : 1;
    return Array.from({ length: count }, (_, replica) => this.claimName(workload, replica));
  }

  /** StorageClass of its claims; undefined for the cluster's default. */
  storageClass({ component }: Workload): string | undefined {
    return this.props.class ?? component.platform.storageClass;
  }

  /** The claim, or its template. */
  claim(workload: Workload): k8s.KubePersistentVolumeClaimProps {
    const { backup, size } = this.props;
    const method = methodOf(backup);
    const storageClassName = this.storageClass(workload);
    return {
      metadata: {
        name: workload.claimTemplates ? this.name : this.claimName(workload),
        labels: { ...workload.selector, 'hearth/backup-priority': backup === 'none' ? 'none' : backup.priority },
        annotations: {
          'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
          ...(method ? { 'hearth/backup-method': method } : {}),
        },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        ...(storageClassName ? { storageClassName } : {}),
        resources: { requests: { storage: k8s.Quantity.fromString(size) } },
      },
    };
  }
}
