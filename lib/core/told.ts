import { envOf } from './container';
import { SecretText, type EnvValue } from './env';
import { known } from './late';
import type { Workload } from './workload';

/** What the containers of a workload are told in plain text: commands, arguments, and variables without their secrets. */
export const toldTo = ({ declaredContainers, component }: Workload): string[] =>
  declaredContainers.flatMap(({ props }) => [
    ...(known(props.command, component) ?? []),
    ...(known(props.args, component) ?? []),
    ...Object.values(envOf(props, component)).flatMap(plainText),
  ]);

function plainText(value: EnvValue): string[] {
  if (value instanceof SecretText) return value.parts.filter((part) => typeof part === 'string');
  return typeof value === 'string' ? [value] : [];
}
