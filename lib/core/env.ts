import { k8s } from 'cdk8s-plus-28';
import { SecretKey } from './credential';

/** Text with secrets inside; see {@link secretText}. */
export class SecretText {
  constructor(readonly parts: readonly (string | SecretKey)[]) {}
}

/** A field of the pod, for example `status.podIP`. */
export interface FieldRef {
  readonly fieldPath: string;
}

/**
 * The number of a pod in its stateful set, from 0. Kubernetes says it from 1.28 on, the oldest that hearth runs on; other pods
 * have none. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-index-label
 */
export const ordinal: FieldRef = { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" };

/** What an environment variable may be set to. */
export type EnvValue = string | number | boolean | SecretKey | SecretText | FieldRef;

/** Composes a text of plain parts and secret keys, for example a database URL; no value enters the manifest. */
export function secretText(strings: TemplateStringsArray, ...values: (string | number | SecretKey)[]): SecretText {
  const parts = strings.flatMap((text, i) => {
    const value = values[i];
    return value === undefined ? [text] : [text, typeof value === 'number' ? String(value) : value];
  });
  return new SecretText(parts.filter((part) => part !== ''));
}

/** The secret keys that a value refers to. */
export function secretKeysIn(value: EnvValue): SecretKey[] {
  if (value instanceof SecretKey) return [value];
  return value instanceof SecretText ? value.parts.filter((part) => part instanceof SecretKey) : [];
}

/**
 * Renders environment variables. A text with secrets becomes helper variables that hold the keys, followed by one that
 * refers to them: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function renderEnv(env: Record<string, EnvValue>, namespace: string): k8s.EnvVar[] {
  const rendered = new Map<string, k8s.EnvVar>();
  const secret = (name: string, key: SecretKey) => rendered.set(name, { name, valueFrom: key.toEnvSource(namespace) });
  for (const [name, value] of Object.entries(env)) {
    if (value instanceof SecretKey) secret(name, value);
    else if (value instanceof SecretText) {
      const text = value.parts.map((part) => {
        if (typeof part === 'string') return escape(part);
        const helper = `${part.credential.name}_${part.key}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
        secret(helper, part);
        return `$(${helper})`;
      });
      rendered.set(name, { name, value: text.join('') });
    } else if (typeof value === 'object') {
      rendered.set(name, { name, valueFrom: { fieldRef: { fieldPath: value.fieldPath } } });
    } else rendered.set(name, { name, value: escape(String(value)) });
  }
  return [...rendered.values()];
}

/** Kubernetes expands `$(NAME)` in values; `$$` stands for a dollar sign, so that also two of them must be doubled. */
function escape(text: string): string {
  return text.replaceAll('$', () => '$$');
}
