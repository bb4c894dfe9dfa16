import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import { waves } from '../../lib/derived/applied-objects';
import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';
import { refOf, type Cluster, type KubernetesObject } from './cluster';
import { statesOf } from './readiness';
import { waitForWorkloads } from './waiting';

/** A node that no pod of a stopped daemon set can be on. */
const nowhere = { 'hearth/stopped': 'true' };

interface Controller extends KubernetesObject {
  readonly spec: { readonly template?: { readonly spec?: object } };
}

/** The objects of the model that control the pods of a platform, each by its workload. */
export function controllers(platform: Platform): Map<Workload, Controller> {
  const objects = waves(platform).flatMap(({ objects: all }) => all);
  return new Map(
    platform.graph.workloads.flatMap((workload) => {
      const found = objects.find(
        ({ kind, metadata }) =>
          kind === workload.kind && metadata.namespace === workload.namespace && metadata.name === workload.name,
      );
      return found ? [[workload, found as Controller] as const] : [];
    }),
  );
}

/** The same object, but so that it runs nothing: applied as the model's own objects are, `start` is to apply those again. */
function stopped(controller: Controller): KubernetesObject {
  const { kind, spec } = controller;
  switch (kind) {
    case 'CronJob':
      return { ...controller, spec: { ...spec, suspend: true } } as KubernetesObject;
    case 'DaemonSet': {
      const template = { ...spec.template, spec: { ...spec.template?.spec, nodeSelector: nowhere } };
      return { ...controller, spec: { ...spec, template } } as KubernetesObject;
    }
    default:
      return { ...controller, spec: { ...spec, replicas: 0 } } as KubernetesObject;
  }
}

/** Stops workloads at once, and waits until their pods are gone. What does not exist is left alone. */
export async function stop(
  world: World,
  cluster: Cluster,
  platform: Platform,
  workloads: readonly Workload[],
  timeoutSeconds: number,
): Promise<void> {
  const objects = controllers(platform);
  const end = async (say: (what: string) => void) => {
    for (const workload of workloads) {
      const controller = objects.get(workload);
      if (controller && (await cluster.read(refOf(controller)))) await cluster.apply(stopped(controller));
    }
    // What is running for a schedule ends by itself.
    await untilGone(world, cluster, workloads.filter(({ kind }) => kind !== 'CronJob'), timeoutSeconds, say); // prettier-ignore
    return 'stopped';
  };
  await world.progress([{ title: namesOf(workloads), run: end }]);
}

async function untilGone(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  timeoutSeconds: number,
  say: (what: string) => void,
): Promise<void> {
  for (let seconds = 0; ; seconds++) {
    const states = await statesOf(cluster, workloads, world.now());
    const left = states.flatMap(({ pods }) => pods.flatMap(({ name, ended }) => (ended ? [] : name))).join(', ');
    if (left === '') return;
    if (seconds >= timeoutSeconds) {
      throw new Refusal(
        `still there after ${timeoutSeconds} s: ${left}; kubectl describe pod says why`,
        exitCodes.notReady,
      );
    }
    say(`waits for the end of ${left}`);
    await world.sleep(1000);
  }
}

/** Brings workloads back to what the model says, and waits until they are up. */
export async function start(
  world: World,
  cluster: Cluster,
  platform: Platform,
  workloads: readonly Workload[],
  timeoutSeconds: number,
): Promise<void> {
  const objects = controllers(platform);
  for (const workload of workloads) {
    const controller = objects.get(workload);
    if (controller) await cluster.apply(controller);
  }
  await waitForWorkloads(world, cluster, workloads, timeoutSeconds);
}

const namesOf = (workloads: readonly Workload[]) => workloads.map(({ name }) => name).join(', ');
