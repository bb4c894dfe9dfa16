import { randomBytes } from 'node:crypto';
import { images } from './images';
import { kubectl } from './kubectl';

/** An S3 service outside the platform, as a place for its backups: a MinIO whose data is gone with its pod. */
export class BackupTarget {
  readonly endpoint: string;
  readonly accessKeyId = randomBytes(10).toString('hex');
  readonly secretAccessKey = randomBytes(20).toString('hex');

  private constructor(private readonly namespace: string) {
    this.endpoint = BackupTarget.endpointIn(namespace);
  }

  static endpointIn(namespace: string): string {
    return `http://target.${namespace}.svc:9000`;
  }

  /** @param namespace another one for each suite that may run at the same time */
  static async start(namespace = 'hearth-backup-target'): Promise<BackupTarget> {
    const target = new BackupTarget(namespace);
    const labels = { app: 'target' };
    const manifests = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'keys', namespace },
        stringData: { MINIO_ROOT_USER: target.accessKeyId, MINIO_ROOT_PASSWORD: target.secretAccessKey },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'target', namespace },
        spec: { selector: labels, ports: [{ port: 9000 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'target', namespace, labels },
        spec: {
          securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
          containers: [
            {
              name: 'minio',
              image: images.minio,
              command: ['minio', 'server', '/data', '--address=:9000'],
              env: [{ name: 'HOME', value: '/data' }],
              envFrom: [{ secretRef: { name: 'keys' } }],
              readinessProbe: { httpGet: { path: '/minio/health/ready', port: 9000 }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          volumes: [{ name: 'data', emptyDir: {} }],
        },
      },
    ];
    await kubectl(['apply', '-f', '-'], {
      input: manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n'),
    });
    await kubectl(['wait', '--for=condition=Ready', 'pod/target', `--namespace=${namespace}`, '--timeout=120s']);
    return target;
  }

  /** What the command line reads instead of asking. */
  get env(): Record<string, string> {
    return {
      HEARTH_BACKUP_ACCESSKEYID: this.accessKeyId,
      HEARTH_BACKUP_SECRETACCESSKEY: this.secretAccessKey,
    };
  }

  async stop(): Promise<void> {
    await kubectl(['delete', 'namespace', this.namespace, '--ignore-not-found', '--wait=true', '--timeout=60s']);
  }
}
