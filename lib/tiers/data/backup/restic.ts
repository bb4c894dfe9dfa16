import { portOfUrl } from '../../../core/address';
import { caFile } from '../../../core/ca-certificates';
import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import type { ContainerProps } from '../../../core/container';
import type { Credential } from '../../../core/credential';
import type { EnvValue } from '../../../core/env';
import { temporary, type MountSource } from '../../../core/mount';
import { proxyFor } from '../../../core/proxy';
import { images } from '../../../images';

/** An S3 bucket elsewhere, and how it is opened. */
export interface BackupTarget {
  /** `scheme://host:port`, without a path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  /** Folder in the bucket. */
  readonly path: string;
  /** Certificates in PEM that its own is signed by. @default those that everybody trusts */
  readonly certificateAuthority?: string;
  /** Keys `accessKeyId`, `secretAccessKey`, and `password`, which encrypts. */
  readonly credential: Credential;
}

/** How many snapshots are kept. */
export interface Retention {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

const authorityFolder = '/etc/backup';

/** An encrypted repository of restic, in a folder of the target. https://restic.readthedocs.io/ */
export class Repository {
  /** As restic names it. */
  readonly url: string;
  /** Port of the target. */
  readonly port: number;
  /** Who must answer first: the proxy where there is one, otherwise the target. */
  private readonly first: { readonly who: string; readonly url: string };
  private readonly authority?: ConfigFiles;

  constructor(
    private readonly component: Component,
    readonly name: string,
    private readonly target: BackupTarget,
  ) {
    const { endpoint, bucket, path, certificateAuthority } = target;
    this.url = `s3:${endpoint}/${bucket}/${path}/${name}`;
    const proxy = proxyFor(component.platform.config, endpoint);
    this.first = proxy ? { who: 'proxy', url: proxy } : { who: 'backup target', url: endpoint };
    this.port = portOfUrl(endpoint);
    if (certificateAuthority !== undefined) {
      this.authority = new ConfigFiles(component, `${name}-backup-authority`, { 'ca.crt': certificateAuthority });
    }
  }

  /** A container that ends once the target answers, and says so where it does not: restic itself would try for long. */
  get reach(): ContainerProps {
    return {
      image: images.busybox,
      command: ['sh', '-c', reachScript(this.first)],
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
    };
  }

  /** They take the place of all others: those of the platform are named again. */
  private get authorities(): Record<string, string> {
    if (!this.authority) return {};
    const ownToo = this.component.platform.config.caCertificates !== undefined;
    return { RESTIC_CACERT: [`${authorityFolder}/ca.crt`, ...(ownToo ? [caFile] : [])].join(',') };
  }

  /** A container with restic, which knows the repository. */
  restic(script: string, mounts: Record<string, MountSource>, env: Record<string, EnvValue> = {}): ContainerProps {
    const { credential, region } = this.target;
    return {
      image: images.restic,
      command: ['sh', '-c', script],
      env: {
        RESTIC_REPOSITORY: this.url,
        RESTIC_PASSWORD: credential.key('password'),
        AWS_ACCESS_KEY_ID: credential.key('accessKeyId'),
        AWS_SECRET_ACCESS_KEY: credential.key('secretAccessKey'),
        AWS_DEFAULT_REGION: region,
        ...this.authorities,
        // Holds the cache.
        HOME: '/tmp',
        ...env,
      },
      mounts: {
        ...mounts,
        '/tmp': temporary('restic', '2Gi'),
        ...(this.authority ? { [authorityFolder]: this.authority } : {}),
      },
      resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi' } },
    };
  }
}

/** A pod may start before the policies that let it out, so that it tries for a moment. */
function reachScript({ who, url }: { readonly who: string; readonly url: string }): string {
  const host = new URL(url).hostname;
  const port = portOfUrl(url);
  return `for attempt in 1 2 3 4 5; do
  if reason=$(nc -w 10 ${host} ${port} -e true 2>&1); then exit 0; fi
  sleep 2
done
echo "The ${who} ${host}:${port} cannot be reached: $reason" >&2
exit 1
`;
}

/**
 * Exit code 10 is that of restic since 0.17 for a repository that does not exist; before, there was only the message. For a
 * bucket that does not exist it waits as for a target that does not answer.
 */
const missing = `10/* | *'specified key does not exist'* | *'specified bucket does not exist'*`;

/**
 * Asks for what every repository has. By itself restic tries for 15 minutes, also where the keys are wrong or where there is
 * no bucket: of that it says so at once, and is not waited for.
 */
const ask = `answer=$({ timeout 45 restic cat config 2>&1 && echo code 0 || echo "code $?"; } | sed '/specified bucket does not exist/q')
code=\${answer##*code }`;

export interface SaveProps {
  /** Folder that becomes a snapshot. */
  readonly folder: string;
  /** Names in it that stay out. */
  readonly without?: readonly string[];
  /** Name of the platform, which the snapshots carry. */
  readonly platform: string;
  readonly tag: string;
  readonly keep: Retention;
}

/**
 * Makes a snapshot of a folder, then forgets old ones and checks the repository. All snapshots of the last day stay, so
 * that one made by hand takes the place of no other.
 */
export function saveScript({ folder, without = [], platform, tag, keep }: SaveProps): string {
  const excluded = without.map((name) => ` '--exclude=${folder}/${name}'`).join('');
  return `set -eu
cd ${folder}
if [ -z "$(ls -A)" ]; then
  echo 'There is nothing to back up.' >&2
  exit 1
fi
${ask}
case $code/$answer in
  0/*) ;;
  ${missing}) restic init ;;
  *) printf '%s\\n' "$answer" >&2; exit "$code" ;;
esac
# Only locks that nobody holds any more.
restic unlock
restic backup . --host=${platform} --tag=${tag}${excluded}
restic forget --group-by=host,tags --prune --keep-within=1d --keep-daily=${keep.daily} --keep-weekly=${keep.weekly} --keep-monthly=${keep.monthly}
restic check
`;
}

/** Name of the environment variable that says which snapshot: its ID, `latest`, or `list` to print them all as JSON. */
export const snapshotVariable = 'SNAPSHOT';

/** Brings the content of a snapshot into a folder, which is emptied first; or lists the snapshots. */
export function fetchScript(folder: string): string {
  return `set -eu
${ask}
case $code/$answer in
  0/*) ;;
  ${missing}) [ "$${snapshotVariable}" != list ] || { echo '[]'; exit 0; } ;;
  *) printf '%s\\n' "$answer" >&2; exit "$code" ;;
esac
if [ "$${snapshotVariable}" = list ]; then
  restic snapshots --json 2>"$HOME/problem" || { code=$?; cat "$HOME/problem" >&2; exit "$code"; }
  exit 0
fi
mkdir -p ${folder}
cd ${folder}
find . -mindepth 1 -delete
set --
# SELinux labels belong to the node; restic knows how to leave them since 0.18.
case $(restic restore --help) in *--exclude-xattr*) set -- '--exclude-xattr=security.*' ;; esac
restic restore "$${snapshotVariable}" --target=. --verify "$@"
if [ -z "$(ls -A)" ]; then
  echo 'The snapshot is empty.' >&2
  exit 1
fi
`;
}
