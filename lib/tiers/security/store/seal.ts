import { portOfUrl } from '../../../core/address';
import type { Certificate } from '../../../core/certificate';
import type { Component } from '../../../core/component';
import type { ContainerProps } from '../../../core/container';
import { Credential, hexadecimal, supplied } from '../../../core/credential';
import { temporary, type MountSource } from '../../../core/mount';
import { portsBesideProxy } from '../../../core/proxy';
import type { Volume } from '../../../core/volume';
import type { WorkloadProps } from '../../../core/workload';
import type { Unseal } from './options';
import type { Program } from './program';
import { folders, ports, unsealKeyFile } from './server-config';

export interface SealProps {
  readonly owner: Component;
  readonly program: Program;
  readonly unseal: Unseal;
  readonly data: Volume;
  readonly tls: Certificate;
  /** Secret with what the first start told. */
  readonly keysSecret: string;
}

type Parts = Pick<WorkloadProps, 'env' | 'mounts' | 'sidecars' | 'internet'>;

/** What the pods of the nodes need so that their storage is opened after a start. */
export function seal(props: SealProps): Parts {
  const { owner, program, unseal, data } = props;
  const name = `${owner.name}-unseal`;
  switch (unseal) {
    case 'static': {
      // 32 bytes. Another key would not open the storage.
      const key = new Credential(owner, name, {
        keys: { [unsealKeyFile]: hexadecimal(64) },
        storedIn: data,
        bootstrap: true,
      });
      return { mounts: { [folders.unseal]: key.files(unsealKeyFile) } };
    }
    case 'secret':
      return { sidecars: { unseal: unsealer(props) } };
    case 'shamir':
      return {};
    default: {
      const token = new Credential(owner, name, {
        keys: { token: supplied('token for the transit engine that opens the storage') },
        bootstrap: true,
      });
      return {
        env: { [`${program.prefix}_TOKEN`]: token.key('token') },
        internet: {
          why: `Another store opens that of ${program.title}.`,
          ports: [portOfUrl(unseal.transit.address)],
          direct: portsBesideProxy(owner.platform.config, [unseal.transit.address]),
          privateToo: true,
        },
      };
    }
  }
}

function unsealer({ program, tls, keysSecret }: SealProps): ContainerProps {
  return {
    image: program.image,
    command: ['sh', '-c', unsealScript(program)],
    env: {
      [`${program.prefix}_ADDR`]: `https://localhost:${ports.api}`,
      [`${program.prefix}_CACERT`]: `${folders.tls}/ca.crt`,
      HOME: '/tmp',
    },
    mounts: {
      [folders.tls]: tls.shown,
      '/keys': optionalSecret(keysSecret, ['unseal-keys', 'earlier-unseal-keys']),
      '/tmp': temporary('tmp', '64Mi'),
    },
    resources: { requests: { cpu: '5m', memory: '32Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
  };
}

/** Keys of a Secret as files, as soon as there are some: its pods start without them. */
const optionalSecret = (name: string, keys: readonly string[]): MountSource => ({
  name,
  readOnly: true,
  volume: () => ({
    name,
    secret: {
      secretName: name,
      optional: true,
      items: keys.map((key) => ({ key, path: key })),
      defaultMode: 0o440,
    },
  }),
});

/**
 * For how long, in seconds, the files of a Secret may be behind it:
 * https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically
 */
const secretsAreBehind = 120;

/**
 * Opens the node beside it whenever it is closed, with the newest key that fits. A key goes through standard input only.
 * A node that joins a storage takes one key and no other, and waits with a wrong one for ever. So while the files may still
 * hold that of a lost storage, it is left to the job, which asks for the Secret itself.
 */
const unsealScript = ({ command }: Pick<Program, 'command'>): string => `set -u
trap 'exit 0' TERM
open() {
  for file in /keys/unseal-keys /keys/earlier-unseal-keys; do
    [ -s "$file" ] || continue
    while IFS= read -r key || [ -n "$key" ]; do
      [ -n "$key" ] || continue
      if printf %s "$key" | ${command} write -format=json sys/unseal key=- 2>/dev/null | grep -q '"sealed": *false'; then
        echo 'The storage is open.'
        return
      fi
    done < "$file"
  done
}
without_storage=0
while :; do
  state=$(${command} status -format=json 2>/dev/null)
  # 0: open; 2: closed; 1: it does not answer.
  case $?$state in
    0*) without_storage=0 ;;
    2*'"initialized": false'*) without_storage=$(date +%s) ;;
    2*) [ $(($(date +%s) - without_storage)) -lt ${secretsAreBehind} ] || open ;;
  esac
  sleep 3 &
  wait $!
done
`;
