import type { ContainerProps } from './container';
import { images } from '../images';
import type { Volume } from './volume';

export interface DataVersionProps {
  readonly volume: Volume;
  /** Name of the program, for people. */
  readonly program: string;
  /** The part of its version that must not change below its data, for example `17` for PostgreSQL 17.6. */
  readonly version: string;
  /** Older versions whose data it brings up to date by itself. @default none */
  readonly upgradesFrom?: readonly string[];
  /** File below the volume in which the program itself notes that version. @default one that this check writes */
  readonly file?: string;
}

/** Name of the container that {@link dataVersion} becomes. */
export const checkDataVersion = 'check-data-version';

/**
 * Init container that refuses to start a program on data of another version; nothing is touched then. A new major
 * version needs a dump and a restore, or the program's own way to upgrade.
 */
export function dataVersion(props: DataVersionProps): Record<string, VolumeCheck> {
  const { volume, program, version, upgradesFrom = [], file } = props;
  return {
    [checkDataVersion]: volumeCheck(volume, file === undefined ? ownMark : check, {
      PROGRAM: program,
      VERSION: version,
      KNOWN: [version, ...upgradesFrom].join(' '),
      MARK: `/volume/${file ?? '.hearth-version'}`,
    }),
  };
}

/** An init container with its script. */
export type VolumeCheck = ContainerProps & { readonly command: string[] };

/** Init container that looks at a volume, which is `/volume` to its script, before the program starts on it. */
export const volumeCheck = (volume: Volume, script: string, env: ContainerProps['env']): VolumeCheck => ({
  image: images.busybox,
  command: ['sh', '-c', script],
  env,
  mounts: { '/volume': volume },
  resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
});

const check = `set -eu
if [ -s "$MARK" ]; then
  found=$(cat "$MARK")
  case " $KNOWN " in
    *" $found "*) ;;
    *)
      echo "The data is of $PROGRAM $found, and $PROGRAM $VERSION does not start on it. Nothing was changed. Go back to the image of $PROGRAM $found, or bring the data over by a backup and a restore." >&2
      exit 1
      ;;
  esac
fi
`;

const ownMark = `${check}printf '%s' "$VERSION" > "$MARK.new"
mv "$MARK.new" "$MARK"
`;
