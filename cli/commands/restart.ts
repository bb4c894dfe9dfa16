import type { Command } from 'commander';
import type { Workload } from '../../lib/core/workload';
import { wholeNumber } from '../arguments';
import type { Cluster } from '../cluster/cluster';
import { isObserved, unready } from '../cluster/controller-state';
import { apiVersions, type Pod, type StatefulSet } from '../cluster/kinds';
import { podsAmong, statesOf } from '../cluster/readiness';
import { waitForWorkloads } from '../cluster/waiting';
import { Refusal } from '../refusal';
import { clusterCommand, clusterOf, componentsOf, confirmed, platformOf } from '../target';
import type { World } from '../world';

interface RestartOptions {
  readonly context?: string;
  readonly wait: boolean;
  readonly timeout: number;
  readonly yes?: boolean;
}

/** `restart`: new pods for the same work. */
export const restartCommand = (world: World): Command =>
  clusterCommand('restart', 'replace the pods of a platform by new ones; what is stopped stays stopped')
    .argument('[component...]', 'these alone; by default all, after a question')
    .option('--no-wait', 'end once the restart is under way')
    .option('--timeout <seconds>', 'how long to wait until everything is ready', wholeNumber, 600)
    .option('--yes', 'do not ask')
    .action(async (name: string, names: string[], options: RestartOptions) => {
      const platform = platformOf(world, name);
      const components = componentsOf(platform, names);
      const workloads = platform.graph.workloads.filter(
        ({ component, replicas }) => replicas > 0 && components.includes(component),
      );
      if (workloads.length === 0) throw new Refusal(`${names.join(', ')} has nothing that keeps running`);
      const cluster = await clusterOf(world, platform, options.context);
      world.out(cluster.title);
      const running = await runningOf(world, cluster, workloads);
      if (names.length === 0) await confirmed(world, `Restart all of ${name}?`, options.yes);
      await restartWorkloads(world, cluster, running, options);
    });

/** The workloads that are not stopped. Refuses where one is missing. */
async function runningOf(world: World, cluster: Cluster, workloads: readonly Workload[]): Promise<Workload[]> {
  const states = await statesOf(cluster, workloads, world.now());
  const named = (wanted: string) =>
    states.filter(({ state }) => state === wanted).map(({ workload }) => workload.name).join(', '); // prettier-ignore
  const { name } = workloads[0]?.component.platform.config ?? { name: '' };
  if (named('missing') !== '') throw new Refusal(`not in the cluster: ${named('missing')}; npx hearth up ${name} makes it. Nothing was changed.`); // prettier-ignore
  if (named('stopped') !== '') world.err(`note: stopped, and left so: ${named('stopped')}; npx hearth start ${name} starts it`); // prettier-ignore
  return states.filter(({ state }) => state !== 'stopped').map(({ workload }) => workload);
}

/** Restarts workloads as `kubectl rollout restart` does, and waits until they are ready again. */
export async function restartWorkloads(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  { wait = true, timeout = 600 }: { readonly wait?: boolean; readonly timeout?: number } = {},
): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': world.now().toISOString() };
  for (const { kind, name, namespace } of workloads) {
    const ref = { apiVersion: apiVersions[kind] ?? '', kind, name, namespace };
    await cluster.patch(ref, { spec: { template: { metadata: { annotations } } } });
    world.out(`restarts ${namespace}/${name}`);
  }
  await removeBroken(world, cluster, workloads);
  if (wait) await waitForWorkloads(world, cluster, workloads, timeout);
}

/** A stateful set would wait for its broken pods before it replaces them: https://github.com/kubernetes/kubernetes/issues/67250 */
async function removeBroken(world: World, cluster: Cluster, workloads: readonly Workload[]): Promise<void> {
  for (const workload of workloads.filter(({ kind }) => kind === 'StatefulSet')) {
    const { namespace } = workload;
    await untilObserved(world, cluster, workload);
    const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels: workload.selector });
    for (const { metadata } of unready(podsAmong(pods, workload))) {
      await cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: metadata.name, namespace });
      world.out(`deleted pod ${namespace}/${metadata.name}, which was not ready`);
    }
  }
}

/** Before that, the controller would make the pods as they were. */
async function untilObserved(world: World, cluster: Cluster, { kind, name, namespace }: Workload): Promise<void> {
  const ref = { apiVersion: apiVersions[kind] ?? '', kind, name, namespace };
  for (let tries = 0; tries < 20; tries++) {
    const found = await cluster.read<StatefulSet>(ref);
    if (!found || isObserved(found)) return;
    await world.sleep(500);
  }
}
