import type { ContainerProps } from './container';
import { volumeCheck, type VolumeCheck } from './data-version';
import type { Volume } from './volume';

export interface FixedOptionProps {
  readonly volume: Volume;
  /** Name of the program, for people. */
  readonly program: string;
  /** As the platform file names it, for example `servers`. */
  readonly option: string;
  readonly value: string | number;
  /**
   * Shell script that reads from the data itself, below `/volume`, what the option was when it was made: sets the variable
   * `found`, or ends with 0 where there is no data. @default a mark that the first start writes onto the volume
   */
  readonly found?: string;
  /** Whose data it is, for people. @default 'The data belongs to a server' */
  readonly subject?: string;
  /** Name of the container. @default `check-` and the option */
  readonly container?: string;
}

/**
 * Init container for an option that cannot change once there is data: it refuses to start the program with another value, and
 * says what to write instead; nothing is touched then.
 */
export function fixedOption(props: FixedOptionProps): Record<string, VolumeCheck> {
  const { volume, program, option, value, subject = 'The data belongs to a server' } = props;
  const variable = option.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  const env: ContainerProps['env'] = { [variable]: value };
  const script = `set -eu
${props.found ?? ownMark(option, variable)}if [ "$found" = "$${variable}" ]; then exit 0; fi
echo "${subject} with ${option}: $found, and ${program} cannot make it one with ${option}: $${variable}. Nothing was changed. Write ${option}: $found, or bring the data over by a backup and a restore." >&2
exit 1
`;
  return { [props.container ?? `check-${option.toLowerCase()}`]: volumeCheck(volume, script, env) };
}

const ownMark = (option: string, variable: string): string => `mark=/volume/.hearth-${option}
if [ ! -s "$mark" ]; then
  printf '%s' "$${variable}" > "$mark.new"
  mv "$mark.new" "$mark"
  exit 0
fi
found=$(cat "$mark")
`;
