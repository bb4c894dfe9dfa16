import { kubectl } from './kubectl';

/** A pod of the tests, with one container. */
export interface PodProps {
  readonly name: string;
  readonly namespace: string;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Name, image, command and what else the container says. */
  readonly container: object;
  /** What else its `spec` says. */
  readonly spec?: object;
}

/** A namespace; it may be there already. */
export const namespaceObject = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** The object: it runs under the restricted Pod Security Standard, and ends at once. */
export const podObject = ({ name, namespace, labels = {}, container, spec = {} }: PodProps) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 0,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...spec,
    containers: [
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        ...container,
      },
    ],
  },
});

/** Makes objects, or brings them to what is said. */
export async function apply(...objects: readonly object[]): Promise<void> {
  await kubectl(['apply', '-f', '-'], { input: objects.map((object) => JSON.stringify(object)).join('\n---\n') });
}
