import { z } from 'zod';
import { Bucket, type ObjectStore } from '../../bindings/bucket';
import { resources, storage } from '../../config/options';
import type { Dump } from '../../core/backup';
import { Component } from '../../core/component';
import { StatefulSet, type Job } from '../../core/controllers';
import { Credential, hexadecimal } from '../../core/credential';
import { temporary } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { sized } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { bucketDump } from '../../derived/bucket-dump';
import { bucketJob } from '../../derived/bucket-job';
import { images } from '../../images';

export const minioOptions = z.strictObject({
  buckets: z
    .array(
      z.string().regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, {
        error: 'must be 3 to 63 lower-case letters, digits and dashes; write for example datasets',
      }),
    )
    .default([])
    .describe('Buckets for people, each with a user of its own'),
  storage: storage('50Gi'),
  resources,
});

/**
 * MinIO, one server: an S3 API at `minio-api.` and a console at `minio.` below the domain.
 * https://min.io/docs/minio/linux/index.html
 */
export class Minio extends Component implements ObjectStore {
  private readonly buckets: Bucket[] = [];
  private readonly root: Credential;
  private readonly server: StatefulSet;
  private bucketsJob?: Job;

  constructor(platform: Platform, options: z.output<typeof minioOptions>) {
    super(platform, 'minio');
    platform.provide('objectStore', this, this);
    this.root = new Credential(this, 'minio', {
      keys: { accessKeyId: hexadecimal(20), secretAccessKey: hexadecimal(40) },
    });
    this.server = new StatefulSet(this, 'minio', {
      image: images.minio,
      command: ['minio', 'server', '/data', '--address=:9000', '--console-address=:9001'],
      env: {
        MINIO_ROOT_USER: this.root.key('accessKeyId'),
        MINIO_ROOT_PASSWORD: this.root.key('secretAccessKey'),
        MINIO_BROWSER_REDIRECT_URL: `https://minio.${platform.config.domain}`,
        // The NetworkPolicy decides who may read the metrics.
        MINIO_PROMETHEUS_AUTH_TYPE: 'public',
        MINIO_UPDATE: 'off',
        HOME: '/tmp',
      },
      ports: { s3: 9000, console: 9001 },
      mounts: {
        '/data': new Volume('data', {
          size: options.storage,
          backup: { priority: 'critical', method: 'dump', dump: () => this.dump() },
        }),
        '/tmp': temporary('tmp', '256Mi'),
      },
      user: { uid: 1000, gid: 1000 },
      probes: { ready: http('/minio/health/ready', 's3'), live: http('/minio/health/live', 's3'), startupSeconds: 120 },
      metrics: { port: 's3', path: '/minio/v2/metrics/cluster' },
      resources: sized(
        { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '2', memory: '2Gi' } },
        options.resources,
      ),
    });
    for (const bucket of options.buckets) this.bucket(bucket);
    // Both ask for keys themselves.
    new HttpRoute(this, 'minio', {
      hosts: ['minio'],
      to: this.server.endpoint('console'),
      access: 'public',
      tile: { title: 'MinIO', description: 'Buckets and objects', icon: 'minio.png' },
    });
    new HttpRoute(this, 'minio-api', {
      hosts: ['minio-api'],
      to: this.server.endpoint('s3'),
      access: 'public',
      tile: { title: 'S3 API', description: 'Endpoint for S3 clients', icon: 'amazon-s3.png' },
    });
  }

  bucket(name: string): Bucket {
    const known = this.buckets.find((candidate) => candidate.name === name);
    if (known) return known;
    const bucket = new Bucket({
      store: this,
      endpoint: this.server.endpoint('s3'),
      name,
      clientImage: images.minioClient,
      job: () => this.job(),
    });
    this.buckets.push(bucket);
    return bucket;
  }

  override complete(): void {
    if (this.buckets.length === 0) return;
    this.bucketsJob = bucketJob(this, {
      image: images.minioClient,
      endpoint: this.server.endpoint('s3'),
      root: this.root,
      buckets: this.buckets,
    });
  }

  private job(): Job {
    if (!this.bucketsJob) throw new Error('the job that makes buckets is made once all of them are declared');
    return this.bucketsJob;
  }

  private dump(): Dump {
    return bucketDump({ image: images.minioClient, endpoint: this.server.endpoint('s3'), root: this.root });
  }
}
