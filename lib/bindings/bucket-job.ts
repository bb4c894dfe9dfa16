import { clientEnv, type Bucket, type BucketSettings } from './bucket';
import type { Component } from '../core/component';
import { ConfigFiles, json } from '../core/config-files';
import { Job } from '../core/controllers';
import type { Credential } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { temporary } from '../core/mount';
import { quantityValue } from '../core/resources';

export interface BucketJobProps {
  /** An image with `mc` and a shell. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `accessKeyId` and `secretAccessKey` of an administrator. */
  readonly root: Credential;
  readonly buckets: readonly Bucket[];
}

type Declared = Pick<Bucket, 'name' | 'settings'>;

/**
 * A job that makes every declared bucket with its user, policy and settings, and brings existing ones up to date. It
 * takes back what it set itself and nobody declares any more; it never removes buckets, objects and what people set.
 * https://min.io/docs/minio/linux/reference/minio-mc-admin.html
 */
export function bucketJob(store: Component, props: BucketJobProps): Job {
  const name = `${store.name}-buckets`;
  const files = new ConfigFiles(store, name, {
    'buckets.sh': bucketScript(props.buckets),
    ...Object.fromEntries(
      props.buckets.flatMap((bucket) => [
        [`${bucket.name}.json`, json(bucketPolicy(bucket))],
        ...(isPublic(bucket) ? [[`${bucket.name}.public.json`, json(publicPolicy(bucket.name))]] : []),
      ]),
    ),
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
export function bucketScript(buckets: readonly Declared[]): string {
  const lines = buckets.flatMap(({ name, settings }) => {
    const { versions, quota } = settings;
    const user = `"$${variable(name, 'ACCESS_KEY_ID')}"`;
    const policy = `bucket-${name}`;
    const takeBack = (mark: string, ...command: string[]) => `case $answer in *${mark}*) ${command.join(' ')} ;; esac`;
    const rules = lifecycle(settings);
    return [
      '',
      `mc mb --ignore-existing store/${name}`,
      // The policy notes what was set: what is taken back comes before it changes, what is set after that.
      `ask admin policy info store ${policy}`,
      ...(versions ? [] : [takeBack('Sets*Versions', 'mc version suspend', `store/${name}`)]),
      ...(quota ? [] : [takeBack('Sets*Quota', 'mc quota clear', `store/${name}`)]),
      `mc admin policy create store ${policy} /etc/buckets/${name}.json`,
      `printf '%s\\n%s\\n' ${user} "$${variable(name, 'SECRET_ACCESS_KEY')}" | mc admin user add store > /dev/null`,
      // Attaching a policy twice is an error.
      `case "$(mc --json admin user info store ${user})" in`,
      `  *${policy}*) ;;`,
      `  *) mc admin policy attach store ${policy} --user ${user} > /dev/null ;;`,
      'esac',
      ...(versions ? [`mc version enable store/${name}`] : []),
      ...(quota ? [`mc quota set store/${name} --size ${quantityValue(quota)}B`] : []),
      ...(isPublic({ settings })
        ? [`mc anonymous set-json /etc/buckets/${name}.public.json store/${name}`]
        : [`ask anonymous get-json store/${name}`, takeBack(publicMark, 'mc anonymous set private', `store/${name}`)]),
      `lifecycle store/${name} '${rules.map((rule) => JSON.stringify(rule)).join()}'`,
    ];
  });
  return ['set -eu', ...functions, 'until mc ready store; do sleep 2; done', ...lines, ''].join('\n');
}

/** The image has a shell and coreutils, no more: JSON is taken apart by the shell. */
const functions = `
# ask QUESTION: puts the answer into $answer, or nothing where what it asks for does not exist
ask() {
  if answer=$(mc "$@" 2>&1); then return; fi
  case $answer in
    *'does not exist'*) answer= ;;
    *) printf '%s\\n' "$answer" >&2; return 1 ;;
  esac
}

# lifecycle BUCKET RULES: sets our rules, and leaves those of others
lifecycle() {
  ask ilm rule export "$1"
  for id in hearth-expire hearth-versions; do
    case $answer in *"\\"$id\\""*) mc ilm rule rm --id "$id" "$1" ;; esac
  done
  if [ -z "$2" ]; then return; fi
  ask ilm rule export "$1"
  case $answer in
    *'['*'{'*) printf '{"Rules":[%s,%s' "$2" "\${answer#*[}" ;;
    *) printf '{"Rules":[%s]}' "$2" ;;
  esac | mc ilm rule import "$1"
}
`.split('\n');

/** Rules of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
function lifecycle({ expireAfterDays, noncurrentExpireAfterDays }: BucketSettings): object[] {
  const rule = (id: string, what: object) => ({ ID: id, Status: 'Enabled', Filter: { Prefix: '' }, ...what });
  return [
    ...(expireAfterDays === undefined ? [] : [rule('hearth-expire', { Expiration: { Days: expireAfterDays } })]),
    ...(noncurrentExpireAfterDays === undefined
      ? []
      : [
          rule('hearth-versions', {
            // The mark of a removal goes with the last version.
            Expiration: { ExpiredObjectDeleteMarker: true },
            NoncurrentVersionExpiration: { NoncurrentDays: noncurrentExpireAfterDays },
          }),
        ]),
  ];
}

/** Everything in the bucket, nothing elsewhere. Its `Sid` notes which settings have to be taken back one day. */
export function bucketPolicy({ name, settings }: Declared): object {
  const set = [...(settings.versions ? ['Versions'] : []), ...(settings.quota ? ['Quota'] : [])];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        ...(set.length > 0 ? { Sid: `Sets${set.join('And')}` } : {}),
        Effect: 'Allow',
        Action: ['s3:*'],
        Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
      },
    ],
  };
}

const publicMark = 'HearthPublicRead';

const isPublic = ({ settings }: Pick<Bucket, 'settings'>) => settings.access === 'public-read';

/** Everyone may read what he can name; lists stay with those who have keys. */
function publicPolicy(bucket: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: publicMark,
        Effect: 'Allow',
        Principal: { AWS: ['*'] },
        Action: ['s3:GetObject'],
        Resource: [`arn:aws:s3:::${bucket}/*`],
      },
    ],
  };
}

/** Name of a variable, which cannot begin with a digit as that of a bucket can. */
function variable(bucket: string, key: string): string {
  const name = `${bucket.toUpperCase().replaceAll('-', '_')}_${key}`;
  return /^\d/.test(name) ? `_${name}` : name;
}
