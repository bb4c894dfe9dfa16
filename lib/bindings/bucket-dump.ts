import { clientEnv } from './bucket';
import { dumpFolder, type Dump } from '../core/backup';
import type { ContainerProps } from '../core/container';
import type { Credential } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { temporary } from '../core/mount';

export interface BucketDumpProps {
  /** An image with `mc` and a shell. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `accessKeyId` and `secretAccessKey` of an administrator. */
  readonly root: Credential;
  /** How many volumes full of objects the store can hold. */
  readonly volumes: number;
}

/**
 * The objects of every bucket, by content and name; not their older versions, metadata and tags.
 * https://min.io/docs/minio/linux/reference/minio-mc/mc-mirror.html
 */
export function bucketDump({ image, endpoint, root, volumes }: BucketDumpProps): Dump {
  const container = (script: string): ContainerProps => ({
    image,
    command: ['sh', '-c', script],
    env: { ...clientEnv(root, endpoint), HOME: '/tmp' },
    mounts: { '/tmp': temporary('tmp', '64Mi') },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi' } },
  });
  return { method: 'bucket-mirror', endpoint, volumes, save: container(saveScript), load: container(loadScript) };
}

/** The image has a shell and coreutils, no more: the names of buckets are cut out of the JSON by the shell. */
const saveScript = `set -eu
cd ${dumpFolder}
mkdir buckets
mc ls --json store > "$HOME/buckets"
while IFS= read -r line; do
  bucket=\${line#*'"key":"'}
  bucket=\${bucket%%/*}
  mkdir "buckets/$bucket"
  mc mirror --quiet "store/$bucket" "buckets/$bucket" > /dev/null
done < "$HOME/buckets"
`;

/** Emptied first: the mirror takes an object of the same size for the same where it is newer. */
const loadScript = `set -eu
until mc ready store; do sleep 2; done
cd ${dumpFolder}/buckets
for folder in */; do
  if [ ! -d "$folder" ]; then continue; fi
  bucket=\${folder%/}
  echo "restoring $bucket"
  mc mb --ignore-existing "store/$bucket"
  mc rm --quiet --recursive --force "store/$bucket" > /dev/null
  mc mirror --quiet --overwrite --remove "$bucket" "store/$bucket" > /dev/null
  difference=$(mc diff "$bucket" "store/$bucket")
  if [ -n "$difference" ]; then
    printf 'The bucket %s differs from its backup:\\n%s\\n' "$bucket" "$difference" >&2
    exit 1
  fi
done
`;
