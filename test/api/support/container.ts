import type { Container } from '../../support/kubernetes';

/** Value of a Secret's key. */
export type SecretValue = (secret: string, key: string) => string;

/** The environment of a container as the kubelet makes it: values of Secrets filled in, `$(NAME)` and `$$` expanded. */
export function environmentOf({ env }: Container, secret: SecretValue): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const reference = (valueFrom as { secretKeyRef?: { name: string; key: string } } | undefined)?.secretKeyRef;
    if (reference) result[name] = secret(reference.name, reference.key);
    // A field of the pod is for the test to say.
    else if ((value as string | undefined) !== undefined) result[name] = expand(value, result);
  }
  return result;
}

/** Program and arguments of a container, expanded in the same way. */
export function commandOf({ command, args }: Container, environment: Readonly<Record<string, string>>): string[] {
  return [...(command ?? []), ...((args as string[] | undefined) ?? [])].map((text) => expand(text, environment));
}

const expand = (text: string, environment: Readonly<Record<string, string>>) =>
  text.replace(/\$\$|\$\(([A-Za-z_][\w.-]*)\)/g, (match, variable?: string) =>
    variable === undefined ? '$' : (environment[variable] ?? match),
  );
