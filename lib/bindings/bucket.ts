import { SecretBinding } from '../core/binding';
import { Credential, hexadecimal } from '../core/credential';
import type { Component } from '../core/component';
import type { Endpoint } from '../core/endpoint';
import { needFor } from '../core/need';
import { secretText, type EnvValue } from '../core/env';
import { temporary } from '../core/mount';
import type { Workload } from '../core/workload';
import type { ContainerProps } from '../core/container';

/** How a bucket is kept. A setting that nobody gives any more is taken back by the job that makes buckets. */
export interface BucketSettings {
  /** `public-read`: everyone may read an object whose name he knows, and list none. @default 'private' */
  readonly access?: 'private' | 'public-read';
  /** Days after which an object is removed; where older versions are kept, it becomes one. @default never */
  readonly expireAfterDays?: number;
  /** Whether objects that are overwritten or removed stay as older versions. @default false */
  readonly versions?: boolean;
  /** Days after which an older version is removed; needs `versions`. @default never */
  readonly noncurrentExpireAfterDays?: number;
  /** Bytes at most, older versions included, as a Kubernetes quantity. @default no limit */
  readonly quota?: string;
}

/** A component that runs an S3 object store and gives buckets away. */
export interface ObjectStore {
  /**
   * A bucket with a user of its own that may do everything in it and nothing elsewhere; both are made by a job. Several
   * may ask for the same one; fails where their settings contradict each other.
   */
  bucket(name: string, settings?: BucketSettings): Bucket;
}

/** Of those who ask for the same bucket: none may wish something else than another one. */
export const bucketAgreement = {
  access: 'same',
  expireAfterDays: 'same',
  versions: 'same',
  noncurrentExpireAfterDays: 'same',
  quota: 'same',
} as const;

export const objectStore = needFor<ObjectStore>('objectStore', 'an object store', {
  client: { give: (store, client) => store.bucket(client) },
});

/** What buckets may be called: names of services are, unless they are too short. */
export const bucketNames = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

export interface BucketProps {
  /** The component that runs the store. */
  readonly store: Component;
  readonly endpoint: Endpoint;
  readonly name: string;
  /** What all who ask for it wish. */
  readonly wishes: () => BucketSettings;
  /** An image with `mc` and a shell, for waiting. */
  readonly clientImage: string;
  /** The job that makes it. */
  readonly job: () => Workload;
}

/** An S3 bucket of one consumer. */
export class Bucket extends SecretBinding<'accessKeyId' | 'secretAccessKey'> {
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly why: string;
  /** Keys `accessKeyId` and `secretAccessKey`. */
  readonly credential: Credential;
  readonly wait: ContainerProps & { readonly name: string };
  private readonly wishes: () => BucketSettings;

  constructor(props: BucketProps) {
    super();
    const { store, endpoint, name } = props;
    if (!bucketNames.test(name)) refuseName(store, name);
    this.wishes = props.wishes;
    this.endpoint = endpoint;
    this.name = name;
    this.why = `bucket ${name}`;
    this.credential = new Credential(store, `${store.name}-${name}`, {
      keys: { accessKeyId: hexadecimal(20), secretAccessKey: hexadecimal(40) },
      // Another access key would be another user beside the first.
      rotation: { keys: ['secretAccessKey'], by: 'job', job: props.job },
    });
    this.wait = {
      name: store.name,
      image: props.clientImage,
      command: ['sh', '-c', `until mc ls store/${name} >/dev/null; do sleep 2; done`],
      env: { ...clientEnv(this.credential, endpoint) },
      mounts: { '/tmp': temporary('tmp', '64Mi') },
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
    };
  }

  /** What all who ask for it wish. */
  get settings(): BucketSettings {
    return this.wishes();
  }

  /** `s3://<name>`. */
  get url(): string {
    return `s3://${this.name}`;
  }

  /** The variables that every AWS SDK reads. */
  get awsEnv(): Record<string, EnvValue> {
    return {
      AWS_ACCESS_KEY_ID: this.key('accessKeyId'),
      AWS_SECRET_ACCESS_KEY: this.key('secretAccessKey'),
      AWS_DEFAULT_REGION: 'us-east-1',
    };
  }
}

/** It follows from the name of the service that asks for it, which the platform file chose. */
function refuseName({ platform }: Component, name: string): void {
  const rule = 'names of buckets are 3 to 63 lower-case letters, digits and dashes';
  const service = platform.underConstruction;
  if (service === undefined) throw new Error(`"${name}" is no name of a bucket: ${rule}`);
  const mend = `choose a ${name.length < 3 ? 'longer' : 'shorter'} name for the service`;
  platform.refuse({ path: ['services', service], message: `its bucket would be "${name}", but ${rule}; ${mend}` });
}

/** Makes `mc` know the store under the alias `store`: https://min.io/docs/minio/linux/reference/minio-mc.html */
export function clientEnv(credential: Credential, endpoint: Endpoint): Record<string, EnvValue> {
  const user = credential.key('accessKeyId');
  return {
    MC_CONFIG_DIR: '/tmp/mc',
    MC_HOST_store: secretText`http://${user}:${credential.key('secretAccessKey')}@${endpoint.address}`,
  };
}
