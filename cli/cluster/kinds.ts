import type {
  CoreV1Event,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StatefulSet,
} from '@kubernetes/client-node' with { 'resolution-mode': 'import' };
import { kinds } from '../../lib/core/kinds';
import type { Workload } from '../../lib/core/workload';
import type { KubernetesObject, ObjectRef } from './cluster';

/** A class of the client as it travels: times are text. */
type Plain<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Plain<T[Key]> }
      : T;

export type Pod = Plain<V1Pod> & KubernetesObject;
export type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
export type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;
export type Deployment = Plain<V1Deployment> & KubernetesObject;
export type StatefulSet = Plain<V1StatefulSet> & KubernetesObject;
export type DaemonSet = Plain<V1DaemonSet> & KubernetesObject;
export type Job = Plain<V1Job> & KubernetesObject;
export type CronJob = Plain<V1CronJob> & KubernetesObject;
export type Claim = Plain<V1PersistentVolumeClaim> & KubernetesObject;
export type Node = Plain<V1Node> & KubernetesObject;
export type Event = Plain<CoreV1Event> & KubernetesObject;

/** Kind → its API version, of all that hearth makes. */
export const apiVersions: Readonly<Record<string, string>> = Object.fromEntries(
  kinds.map(({ kind, apiVersion }) => [kind, apiVersion]),
);

/** The object that controls the pods of a workload; not of Jobs, whose names have an end of their own. */
export const controllerRef = ({ kind, namespace, name }: Workload): ObjectRef => ({
  apiVersion: apiVersions[kind] ?? '',
  kind,
  namespace,
  name,
});

export const hasLabels = ({ metadata }: KubernetesObject, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);

/** True where a Job, or an object of the given kind and name, controls the object. */
export function isOwnedBy({ metadata }: Pod | Job, kind: string, name: string): boolean {
  return metadata.ownerReferences?.some((owner) => owner.kind === kind && owner.name === name) ?? false;
}

/** Seconds since a time of the API. */
export const secondsSince = (time: string | undefined, now: Date): number =>
  time === undefined ? 0 : Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / 1000));

/** The newest first; a time of the API sorts as text. */
export const newestFirst = (a: KubernetesObject, b: KubernetesObject): number =>
  (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
