import { secondsSince, type ContainerStatus, type Event, type Pod, type Terminated } from './kinds';

/** How long ago a crash still explains why a program that runs now is not ready. */
const recently = 600;

/** The events of an object, the newest first. */
export type EventsOf = (kind: string, name: string) => readonly Event[];

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

export const isEnding = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** Of all containers, those that initialize first. */
export const containerStatuses = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** The kubelet waits before it tries again, since a container cannot start or keeps ending. */
export const isFailing = (pod: Pod): boolean =>
  containerStatuses(pod).some(({ state }) => /BackOff|Error/.test(state?.waiting?.reason ?? ''));

/** When an event happened last. */
export const timeOf = ({ series, lastTimestamp, eventTime, metadata }: Event): string =>
  series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';

/** Text of several lines as one, cut to what a terminal shows. */
export function oneLine(text: string, length = 160): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}

/** Why a controller could not make a pod, for example a quota or the Pod Security Standard. */
export const refusedPod = (message = ''): string => `the cluster refuses the pod: ${message.replace(/^.*? is forbidden: /s, '')}`;

/** Why a pod is not ready, or has failed; '' where it does not say. */
export function podReason(pod: Pod, eventsOf: EventsOf, now: Date): string {
  // A pod of the same name came before, where a stateful set made it.
  const events = eventsOf('Pod', pod.metadata.name).filter(
    ({ involvedObject }) => involvedObject.uid === undefined || involvedObject.uid === pod.metadata.uid,
  );
  return (
    unscheduled(pod, eventsOf) ??
    initializing(pod) ??
    crashed(pod) ??
    creating(pod, events) ??
    notServing(pod, events, now) ??
    pod.status?.message ??
    pod.status?.reason ??
    ''
  );
}

function unscheduled({ metadata, spec, status }: Pod, eventsOf: EventsOf): string | undefined {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (spec?.nodeName !== undefined || scheduled?.status === 'True' || status?.phase !== 'Pending') return undefined;
  const said = scheduled?.message?.replace(/ preemption: .*$/s, '');
  if (said !== undefined && !/volume/i.test(said)) return `no node takes it: ${said}`;
  for (const { persistentVolumeClaim } of spec?.volumes ?? []) {
    const claim = persistentVolumeClaim?.claimName ?? '';
    const failed = eventsOf('PersistentVolumeClaim', claim).find(
      (event) => event.reason === 'ProvisioningFailed' && timeOf(event) >= (metadata.creationTimestamp ?? ''),
    );
    if (failed) return `claim ${claim} is not bound: ${failed.message ?? ''}`;
  }
  return said === undefined ? 'waits for a node' : `no node takes it: ${said}`;
}

/** The first init container that has not ended well. */
function initializing({ spec, status }: Pod): string | undefined {
  const current = status?.initContainerStatuses?.find(({ state }) => state?.terminated?.exitCode !== 0);
  if (!current) return undefined;
  const waitsFor = /^wait-for-(.+)$/.exec(current.name)?.[1];
  const problem = problemOf(current, { spec, status });
  const what = waitsFor === undefined ? `init container ${current.name}` : `waits for ${waitsFor}`;
  if (problem !== undefined) return `${what}: ${problem}`;
  if (!current.state?.running) return undefined;
  return waitsFor === undefined ? `${what} is running` : what;
}

function crashed({ spec, status }: Pod): string | undefined {
  for (const container of status?.containerStatuses ?? []) {
    const problem = problemOf(container, { spec, status });
    if (problem !== undefined) return named(container, status, problem);
  }
  return undefined;
}

/** Nothing runs yet: the newest event tells how far it is. */
function creating(pod: Pod, events: readonly Event[]): string | undefined {
  const runs = containerStatuses(pod).some(({ state }) => state?.running);
  if (pod.spec?.nodeName === undefined || runs || pod.status?.phase !== 'Pending') return undefined;
  const last = events.find(({ reason = '' }) => reason === 'Pulling' || reason.startsWith('Failed'));
  const pulled = events.find(({ reason }) => reason === 'Pulled');
  if (last?.reason === 'Pulling' && (!pulled || timeOf(last) > timeOf(pulled))) {
    return `image ${/"(.*)"/.exec(last.message ?? '')?.[1] ?? ''} is being pulled`;
  }
  if (last && last.reason !== 'Pulling' && (!pulled || timeOf(last) > timeOf(pulled))) {
    return (last.message ?? '').replace(/^MountVolume\.SetUp failed for volume "(.*?)" : /, 'volume $1: ');
  }
  return 'its containers are being created';
}

/** It runs, and does not say that it is ready. */
function notServing({ status }: Pod, events: readonly Event[], now: Date): string | undefined {
  const container = status?.containerStatuses?.find(({ ready, state }) => !ready && state?.running);
  if (!container) return undefined;
  const before = container.lastState?.terminated;
  if (before && secondsSince(before.finishedAt, now) < recently) {
    const times = container.restartCount === 1 ? 'once' : `${container.restartCount} times`;
    return named(container, status, `restarted ${times}, last: ${endOf(before)}`);
  }
  const since = container.state?.running?.startedAt ?? '';
  const probe = events.find((event) => event.reason === 'Unhealthy' && timeOf(event) >= since);
  const said = probe?.message?.replace(/^\w/, (letter) => letter.toLowerCase());
  // Until the program answers for the first time, that is no fault.
  if (!container.started) return named(container, status, said === undefined ? 'is starting' : `is starting (${lastOf(said)})`);
  return named(container, status, said ?? 'is not ready yet');
}

/** The cause, behind what leads to it: `Get \"…\": dial tcp …: connect: connection refused` → `connection refused`. */
const lastOf = (message: string): string => message.split(': ').at(-1)?.trim() ?? '';

/** Why a container does not run; undefined where it does, or has not been tried. */
function problemOf(container: ContainerStatus, { spec }: Pick<Pod, 'spec' | 'status'>): string | undefined {
  const { waiting, terminated } = container.state ?? {};
  const limit = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find(({ name }) => name === container.name)
    ?.resources?.limits?.['memory'];
  if (terminated) return terminated.exitCode === 0 ? undefined : `ended: ${endOf(terminated, limit)}`;
  if (!waiting) return undefined;
  switch (waiting.reason) {
    case undefined:
    case 'ContainerCreating':
    case 'PodInitializing':
      return undefined;
    case 'ImagePullBackOff':
    case 'ErrImagePull':
    case 'ErrImageNeverPull':
    case 'InvalidImageName':
    case 'RegistryUnavailable':
      return `image ${container.image} cannot be pulled${pullProblem(waiting.message)}`;
    case 'CrashLoopBackOff': {
      const last = container.lastState?.terminated;
      return last ? `crashes: ${endOf(last, limit)}` : 'crashes';
    }
    default:
      return waiting.message ?? waiting.reason;
  }
}

/** What is left of the message of the container runtime without what it repeats. */
function pullProblem(message = ''): string {
  const rest = message
    .replace(/^Back-off pulling image "[^"]*"(: )?/, '')
    .replace(/^(ErrImagePull|rpc error: code = \w+ desc = |failed to [\w ]+ "[^"]*"|: )+/g, '');
  return rest === '' ? '' : `: ${rest}`;
}

/** How a container ended: with memory limit, exit code, and the last thing it said. */
function endOf({ exitCode, reason, message = '' }: Terminated, limit?: string): string {
  if (reason === 'OOMKilled') return `out of memory${limit === undefined ? '' : ` (limit ${limit})`}`;
  const last = message.trim().split('\n').at(-1) ?? '';
  return `exit code ${exitCode}${last === '' ? '' : `: ${last}`}`;
}

const named = ({ name }: ContainerStatus, status: Pod['status'], what: string): string =>
  (status?.containerStatuses?.length ?? 0) > 1 ? `container ${name} ${what}` : what;
