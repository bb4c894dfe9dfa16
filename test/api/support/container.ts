import type { Container } from '../../support/kubernetes';

/** Value of a Secret's key. */
export type SecretValue = (secret: string, key: string) => string;

/** The environment of a container as the kubelet makes it: values of Secrets filled in, `$(NAME)` and `$$` expanded. */
export function environmentOf({ env }: Container, secret: SecretValue): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const reference = (valueFrom as { secretKeyRef?: { name: string; key: string } } | undefined)?.secretKeyRef;
    result[name] = reference
      ? secret(reference.name, reference.key)
      : value.replace(/\$\$|\$\(([A-Za-z_][\w.-]*)\)/g, (match, variable?: string) =>
          variable === undefined ? '$' : (result[variable] ?? match),
        );
  }
  return result;
}
