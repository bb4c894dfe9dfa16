import type { Writable } from 'node:stream';
import type { RotatingStore } from '../credentials/store';

/** An object of the Kubernetes API as it travels: plain JSON, with the names of the API. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

/** What kind of object. */
export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Which object. */
export interface ObjectRef extends ObjectKind {
  readonly name: string;
  /** Absent for what belongs to no namespace. */
  readonly namespace?: string;
}

export const refOf = ({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef => ({
  apiVersion,
  kind,
  name: metadata.name,
  namespace: metadata.namespace,
});

/** `Deployment geoai-ai/mlflow`, for people. */
export const refText = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;

export interface ListOptions {
  /** @default all namespaces */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ApplyOptions {
  /** The API server answers what would become of the object, and changes nothing. */
  readonly dryRun?: boolean;
  /** Take over fields that somebody else manages. @default a conflict is a {@link Refusal} that names who */
  readonly force?: boolean;
}

export interface LogOptions {
  readonly follow?: boolean;
  /** Number of last lines. @default all */
  readonly tail?: number;
  readonly sinceSeconds?: number;
  /** Those of the container before its last restart. */
  readonly previous?: boolean;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PodContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/**
 * The API server of one context, with what the commands need of it. Every method throws a {@link Refusal} in words for the
 * operator where the cluster refuses or does not answer.
 */
export interface Cluster {
  /** Name of the context in the kubeconfig. */
  readonly context: string;
  /** For people, for example `context home, https://10.0.0.1:6443`. */
  readonly title: string;
  /** Its Secrets, for the credentials. */
  readonly secrets: RotatingStore;
  /** Version of the API server, for example `v1.34.3`. */
  version(): Promise<string>;
  /** @returns undefined where there is no such object, or no such kind */
  read<T extends KubernetesObject>(ref: ObjectRef): Promise<T | undefined>;
  /** @returns an empty list where there is no such kind */
  list<T extends KubernetesObject>(kind: ObjectKind, options?: ListOptions): Promise<T[]>;
  /** Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
  apply(manifest: KubernetesObject, options?: ApplyOptions): Promise<KubernetesObject>;
  create(manifest: KubernetesObject): Promise<KubernetesObject>;
  /** JSON merge patch: https://www.rfc-editor.org/rfc/rfc7386 */
  patch(ref: ObjectRef, changes: object): Promise<void>;
  /** Deletes, with what it owns. @returns false where there was nothing */
  delete(ref: ObjectRef): Promise<boolean>;
  /** Writes the log of a container to a stream; ends when the log does, or with the signal. */
  logs(from: PodContainer, options: LogOptions, to: Writable, signal?: AbortSignal): Promise<void>;
  /** Runs a command in a container to its end. It must end by itself: its input is never closed. */
  exec(inside: PodContainer, command: readonly string[], input?: string): Promise<CommandResult>;
}
