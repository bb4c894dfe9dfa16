import { clientEnv, type Bucket } from '../bindings/bucket';
import type { Component } from '../core/component';
import { ConfigFiles, json } from '../core/config-files';
import { Job } from '../core/controllers';
import type { Credential } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { temporary } from '../core/mount';

export interface BucketJobProps {
  /** An image with `mc` and a shell. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `accessKeyId` and `secretAccessKey` of an administrator. */
  readonly root: Credential;
  readonly buckets: readonly Bucket[];
}

/**
 * A job that makes every declared bucket with its user and policy, and brings existing ones up to date. It never
 * removes anything. https://min.io/docs/minio/linux/reference/minio-mc-admin.html
 */
export function bucketJob(store: Component, props: BucketJobProps): Job {
  const name = `${store.name}-buckets`;
  const files = new ConfigFiles(store, name, {
    'buckets.sh': bucketScript(props.buckets),
    ...Object.fromEntries(props.buckets.map((bucket) => [`${bucket.name}.json`, json(bucketPolicy(bucket.name))])),
  });
  return new Job(store, name, {
    image: props.image,
    command: ['sh', '/etc/buckets/buckets.sh'],
    env: {
      ...clientEnv(props.root, props.endpoint),
      ...Object.fromEntries(
        props.buckets.flatMap((bucket) => [
          [variable(bucket.name, 'ACCESS_KEY_ID'), bucket.credential.key('accessKeyId')],
          [variable(bucket.name, 'SECRET_ACCESS_KEY'), bucket.credential.key('secretAccessKey')],
        ]),
      ),
    },
    mounts: { '/etc/buckets': files, '/tmp': temporary('tmp', '64Mi') },
    uses: [{ endpoint: props.endpoint, why: 'makes buckets and users' }],
    user: { uid: 1000, gid: 1000 },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
  });
}

/** The idempotent script. Keys go to `mc` by standard input, so that no process list shows them, and into no log. */
export function bucketScript(buckets: readonly { readonly name: string }[]): string {
  const lines = buckets.flatMap(({ name }) => {
    const user = `"$${variable(name, 'ACCESS_KEY_ID')}"`;
    const policy = `bucket-${name}`;
    return [
      '',
      `mc mb --ignore-existing store/${name}`,
      `mc admin policy create store ${policy} /etc/buckets/${name}.json`,
      `printf '%s\\n%s\\n' ${user} "$${variable(name, 'SECRET_ACCESS_KEY')}" | mc admin user add store > /dev/null`,
      // Attaching a policy twice is an error.
      `case "$(mc --json admin user info store ${user})" in`,
      `  *${policy}*) ;;`,
      `  *) mc admin policy attach store ${policy} --user ${user} > /dev/null ;;`,
      'esac',
    ];
  });
  return ['set -eu', 'until mc ready store; do sleep 2; done', ...lines, ''].join('\n');
}

/** Everything in the bucket, nothing elsewhere. */
export function bucketPolicy(bucket: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:*'], Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
    ],
  };
}

function variable(bucket: string, key: string): string {
  return `${bucket.toUpperCase().replaceAll('-', '_')}_${key}`;
}
