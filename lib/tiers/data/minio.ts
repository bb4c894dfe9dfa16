import { z } from 'zod';
import {
  Bucket,
  bucketAgreement,
  bucketNames,
  clientEnv,
  objectStore,
  type BucketSettings,
  type ObjectStore,
} from '../../bindings/bucket';
import { bucketDump } from '../../bindings/bucket-dump';
import { bucketJob } from '../../bindings/bucket-job';
import { dumped, type Dump } from '../../core/backup';
import type { Component } from '../../core/component';
import { CronJob, peerDomain, peerHosts, StatefulSet, type Job } from '../../core/controllers';
import { Credential, hexadecimal } from '../../core/credential';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { hostOf } from '../../core/override-hosts';
import { http } from '../../core/probe';
import { Registry } from '../../core/registry';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';
import { backup, bytes, metrics } from '../../options';
import { schedule } from '../../options/schedule';
import { driveOfStore } from './minio-drive';
import { goneServers, healScript, parity, severalServers } from './minio-servers';

const bucketName = z.string().regex(bucketNames, {
  error: 'must be 3 to 63 lower-case letters, digits and dashes; write for example datasets',
});

const days = z
  .int({ error: 'must be a whole number of days; write for example 30' })
  .min(1, { error: 'must be at least a day; write 1' })
  .optional();

const bucketSettings = z
  .strictObject({
    access: z
      .enum(['private', 'public-read'])
      .optional()
      .describe('public-read: everyone may read an object whose name he knows, without keys, and list none'),
    expireAfterDays: days.describe('Days after which an object is removed'),
    versions: z.boolean().optional().describe('Whether overwritten and removed objects stay as older versions'),
    noncurrentExpireAfterDays: days.describe('Days after which an older version is removed'),
    quota: bytes('10Gi').optional().describe('Size at most, older versions included, for example 10Gi'),
  })
  .superRefine(({ versions, noncurrentExpireAfterDays }, context) => {
    if (noncurrentExpireAfterDays === undefined || versions) return;
    const message = 'is for older versions, of which none are kept; write versions: true, or remove it';
    context.addIssue({ code: 'custom', path: ['noncurrentExpireAfterDays'], message });
  });

const options = z.strictObject({
  servers: z
    .int({ error: 'must be a whole number; write 1 or 4' })
    .refine((count) => count === 1 || (count >= 4 && count <= 16), {
      error: 'must be 1, or 4 to 16: fewer drives than four do not survive the loss of one; write 4',
    })
    .optional()
    .describe(
      'Number of servers, each with a volume of its own; by default 1, or 4 where availability is high. 4 go on ' +
        'without one of them; with two out they only read, so that every node may be lost from four nodes on. 5 or 6 ' +
        'survive the loss of any of three nodes. It cannot change once there is data',
    ),
  buckets: z
    .union([z.array(bucketName), z.record(bucketName, bucketSettings.nullable())], {
      error: 'must be a list of names, or names with settings; write for example [datasets], or datasets: {}',
    })
    .default([])
    .describe('Buckets for people, each with a user of its own: names, or settings by name'),
  heal: schedule('30 3 * * *').describe(
    'With several servers: when all objects are looked through for parts that a server missed while it was out; ' +
      'minute, hour, day, month, weekday, in the time zone of the platform',
  ),
  metrics,
  backup: backup('critical'),
});

type Options = z.output<typeof options>;

/**
 * MinIO, one server or several that share objects out by erasure coding: an S3 API at `minio-api.` and a console at
 * `minio.` below the domain. https://min.io/docs/minio/linux/operations/concepts/erasure-coding.html
 */
export const minio = defineComponent({
  title: 'MinIO, an S3 object store',
  documentation: 'https://github.com/pgsty/minio',
  signIn: 'access key and secret key, for the console and the S3 API; each bucket has a pair of its own',
  keeps: 'all buckets, in a backup as a mirror of their objects: contents and names, no older versions, metadata or tags',
  tier: 'data',
  replicas: {
    why: 'the number of its servers is that of the drives of a store',
    instead: 'write servers: 4, or availability: high',
  },
  volumes: { data: '50Gi' },
  options,
  needs: { gateway },
  provides: { objectStore },
  sizes: {
    small: { storage: '5Gi', resources: { requests: { cpu: '50m', memory: '256Mi' } } },
    large: {
      storage: '500Gi',
      resources: { requests: { cpu: '500m', memory: '2Gi' }, limits: { cpu: '4', memory: '8Gi' } },
    },
  },
  build: (self, { options }) => ({ objectStore: new Minio(self, options) }),
});

class Minio implements ObjectStore {
  private readonly buckets: Registry<Bucket, BucketSettings>;
  private readonly root: Credential;
  private readonly server: StatefulSet;
  private bucketsJob?: Job;

  constructor(
    private readonly self: Component,
    options: Options,
  ) {
    const { name, platform } = self;
    this.root = new Credential(self, name, {
      keys: { accessKeyId: hexadecimal(20), secretAccessKey: hexadecimal(40) },
      // Servers with other keys are strangers to each other: two halves of a store would each miss the other's objects.
      rotation: { by: 'restart', together: true },
    });
    this.buckets = new Registry<Bucket, BucketSettings>(self, {
      what: 'bucket',
      agree: bucketAgreement,
      option: (bucket) => ['buckets', bucket],
      make: (bucket, wishes) =>
        new Bucket({
          store: self,
          endpoint: this.server.endpoint('s3'),
          name: bucket,
          wishes,
          clientImage: images.minioClient,
          job: () => this.job(),
        }),
    });
    const servers = options.servers ?? platform.replicas(4);
    const data = self.volume(
      'data',
      dumped(options.backup, () => this.dump()),
    );
    this.server = new StatefulSet(self, name, {
      image: images.minio,
      command: [
        ...['minio', 'server', this.drives(servers), '--address=:9000', '--console-address=:9001'],
        ...(servers > 1 ? goneServers : []),
      ],
      init: driveOfStore(data, servers),
      env: {
        MINIO_ROOT_USER: this.root.key('accessKeyId'),
        MINIO_ROOT_PASSWORD: this.root.key('secretAccessKey'),
        MINIO_BROWSER_REDIRECT_URL: `https://${hostOf(self, name)}`,
        // The NetworkPolicy decides who may read the metrics.
        MINIO_PROMETHEUS_AUTH_TYPE: 'public',
        MINIO_UPDATE: 'off',
        ...(servers > 1 ? { MINIO_API_CLUSTER_DEADLINE: '3s' } : {}),
        HOME: '/tmp',
      },
      ports: { s3: 9000, console: 9001 },
      mounts: { '/data': data, '/tmp': temporary('tmp', '256Mi') },
      user: { uid: 1000, gid: 1000 },
      probes: { ready: http('/minio/health/ready', 's3'), live: http('/minio/health/live', 's3'), startupSeconds: 120 },
      ...(servers > 1 ? severalServers(peerHosts(self, name, servers)) : {}),
      ...(options.metrics ? { metrics: { port: 's3', path: '/minio/v2/metrics/cluster' } } : {}),
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '2', memory: '2Gi' } },
    });
    const declared = Array.isArray(options.buckets)
      ? options.buckets.map((name): [string, BucketSettings] => [name, {}])
      : Object.entries(options.buckets);
    for (const [name, settings] of declared) this.bucket(name, settings ?? {});
    if (servers > 1) this.heal(options.heal);
    // Both ask for keys themselves.
    new HttpRoute(self, name, {
      hosts: [name],
      to: this.server.endpoint('console'),
      access: 'public',
      tile: { title: 'MinIO', description: 'Buckets and objects', icon: 'minio.png' },
    });
    new HttpRoute(self, `${name}-api`, {
      hosts: [`${name}-api`],
      to: this.server.endpoint('s3'),
      access: 'public',
      // Clients send many requests at once, and objects of any size.
      rateLimited: false,
      maxBody: 'none',
      tile: { title: 'S3 API', description: 'Endpoint for S3 clients', icon: 'amazon-s3.png' },
    });
    self.whenComplete(() => this.makeBuckets());
  }

  bucket(name: string, settings: BucketSettings = {}): Bucket {
    return this.buckets.ask(name, settings);
  }

  private makeBuckets(): void {
    const buckets = this.buckets.all;
    if (buckets.length === 0) return;
    const wrong = buckets.find(({ settings }) => settings.noncurrentExpireAfterDays && !settings.versions);
    if (wrong) throw new Error(`bucket ${wrong.name}: noncurrentExpireAfterDays needs versions: true`);
    this.bucketsJob = bucketJob(this.self, {
      image: images.minioClient,
      endpoint: this.server.endpoint('s3'),
      root: this.root,
      buckets,
    });
  }

  /** A server that comes back does not ask for what was written without it. */
  private heal(schedule: string): void {
    const endpoint = this.server.endpoint('s3');
    new CronJob(this.self, `${this.self.name}-heal`, {
      schedule,
      image: images.minioClient,
      command: ['sh', '-c', healScript],
      env: clientEnv(this.root, endpoint),
      mounts: { '/tmp': temporary('tmp', '64Mi') },
      uses: [{ endpoint, why: 'heals objects' }],
      user: { uid: 1000, gid: 1000 },
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    });
  }

  private job(): Job {
    if (!this.bucketsJob) throw new Error('the job that makes buckets is made once all of them are declared');
    return this.bucketsJob;
  }

  /** What a server keeps its data on: a folder, or the same folder of every server. */
  private drives(servers: number): string {
    if (servers === 1) return '/data';
    const { self } = this;
    return `http://${self.name}-{0...${servers - 1}}.${peerDomain(self, self.name)}:9000/data`;
  }

  private dump(): Dump {
    const { replicas } = this.server;
    return bucketDump({
      image: images.minioClient,
      endpoint: this.server.endpoint('s3'),
      root: this.root,
      volumes: replicas - parity(replicas),
    });
  }
}
