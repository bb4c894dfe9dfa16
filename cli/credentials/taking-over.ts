import { Job } from '../../lib/core/controllers';
import type { Credential, Rotation } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import type { Workload } from '../../lib/core/workload';
import type { Cluster } from '../cluster/cluster';
import type { Pod } from '../cluster/kinds';
import { isEnding, isReady } from '../cluster/pod-reason';
import { podsAmong } from '../cluster/readiness';
import { restartWorkloads } from '../cluster/restarting';
import { runOnce } from '../cluster/running';
import { runningAmong } from '../cluster/scaling';
import { waitForWorkloads } from '../cluster/waiting';
import { exitCodes, Refusal } from '../refusal';
import type { Step, World } from '../world';
import { decode, isRotating, ownSecret, rotationAnnotation } from './examine';
import { requestOf } from './plan';
import { redacted } from './redacting';
import { idOf, type Replacement, type Snapshot } from './store';

/** How long a job, and the restarts, may take, in seconds. */
const timeout = 600;

/**
 * Finishes the rotations that were begun: with the values that stand in the Secrets, so that it may be interrupted and
 * run again at any point.
 * @returns the credentials whose rotation is finished now
 */
export async function finishRotations(world: World, cluster: Cluster, platform: Platform): Promise<Credential[]> {
  const { secrets } = platform.config;
  const own = platform.graph.credentials.filter(({ bootstrap }) => bootstrap || secrets !== 'external');
  if (own.length === 0) return [];
  const snapshot = await cluster.secrets.read(requestOf(platform, own));
  const begun = own.filter((credential) => isRotating(credential, snapshot));
  if (begun.length === 0) return [];
  world.out(`goes on with the rotation of ${namesOf(begun)}`);
  await takeOver(world, cluster, platform, begun);
  return begun;
}

/** Makes the programs take over the values that stand in the Secrets of the owners, and notes that they did. */
export async function takeOver(
  world: World,
  cluster: Cluster,
  platform: Platform,
  credentials: readonly Credential[],
): Promise<void> {
  const { secrets } = cluster;
  const read = () => secrets.read(requestOf(platform));
  const snapshot = await read();
  const hidden = redacted(credentials.flatMap((credential) => valuesOf(credential, snapshot)));
  try {
    await secrets.replace(credentials.flatMap((credential) => copies(credential, snapshot)));
    const step = ({ title, run }: Step): Step => ({ title, run: (say) => run((what) => say(hidden(what))) });
    await makeKnown(world, cluster, platform, credentials, snapshot, step);
    const now = await read();
    await secrets.replace(
      credentials.flatMap((credential) => {
        const existing = isRotating(credential, now) ? ownSecret(credential, now) : undefined;
        return existing ? [{ existing, data: {}, annotations: { [rotationAnnotation]: null } }] : [];
      }),
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const mend = `npx hearth credentials ${platform.config.name} goes on from here`;
    const state = `The new values stand in the Secrets, but the rotation of ${namesOf(credentials)} is not finished`;
    throw new Refusal(`${hidden(error.message)}\n${state}: ${mend}.`, error.exitCode);
  }
}

const namesOf = (credentials: readonly Credential[]) => credentials.map(({ name }) => name).join(', ');

/**
 * Commands come first, since a job may use what they change. Of the restarts, only those by which a program learns its own
 * values can be needed by a job; the others may need the job.
 */
async function makeKnown(
  world: World,
  cluster: Cluster,
  platform: Platform,
  credentials: readonly Credential[],
  snapshot: Snapshot,
  step: (made: Step) => Step,
): Promise<void> {
  const by = (kind: Rotation['by']) => credentials.filter(({ rotation }) => (rotation?.by ?? 'restart') === kind);
  const restarting = await runningAmong(cluster, consumersOf(platform, credentials));
  const early = consumersOf(platform, by('restart'));
  const together = consumersOf(
    platform,
    credentials.filter(({ rotation }) => rotation?.by === 'restart' && rotation.together),
  );
  const jobs = new Set(by('job').flatMap(({ rotation }) => (rotation?.by === 'job' ? [rotation.job()] : [])));
  const restart = async (workloads: readonly Workload[]) =>
    restartWorkloads(world, cluster, workloads, { wait: false, together });

  for (const { rotation } of by('command')) {
    const told = rotation?.by === 'command' ? [rotation.in()] : [];
    const starting = told.map(async (workload) => ((await runningPod(cluster, workload)) ? [] : [workload]));
    await ready(world, cluster, (await Promise.all(starting)).flat());
  }
  await world.progress(by('command').map((credential) => step(commandStep(cluster, credential, snapshot))));
  await restart(restarting.filter((workload) => early.includes(workload)));
  await world.progress([...jobs].map((job) => step(jobStep(world, cluster, platform, job))));
  await restart(restarting.filter((workload) => !early.includes(workload)));
  await ready(world, cluster, restarting);
}

async function ready(world: World, cluster: Cluster, workloads: readonly Workload[]): Promise<void> {
  if (workloads.length > 0) await waitForWorkloads(world, cluster, workloads, timeout);
}

const jobStep = (world: World, cluster: Cluster, platform: Platform, job: Workload): Step => ({
  title: `run ${job.name}`,
  async run(say) {
    await runOnce(world, cluster, platform, job, { purpose: 'rotation', timeout, say });
    return 'done';
  },
});

function commandStep(cluster: Cluster, credential: Credential, snapshot: Snapshot): Step {
  const { rotation } = credential;
  if (rotation?.by !== 'command') throw new Error(`${credential.name} is not rotated by a command`);
  const workload = rotation.in();
  return {
    title: `tell ${workload.name}`,
    async run() {
      const pod = await runningPod(cluster, workload);
      const { namespace, component } = workload;
      if (!pod) throw new Refusal(`${namespace}/${workload.name} has no pod that is ready`, exitCodes.notReady);
      const inside = { namespace, pod: pod.metadata.name, container: component.name };
      const values = Object.fromEntries(
        Object.entries(ownSecret(credential, snapshot)?.data ?? {}).map(([key, value]) => [key, decode(value)]),
      );
      const { code, stdout, stderr } = await cluster.exec(inside, rotation.command, rotation.input(values));
      if (code === 0) return 'done';
      const said = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join('\n');
      throw new Refusal(`${namespace}/${pod.metadata.name} does not take over the new values (exit code ${code}):\n${said}`);
    },
  };
}

/** A pod that runs and is ready. */
export async function runningPod(cluster: Cluster, workload: Workload): Promise<Pod | undefined> {
  const pods = await cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace: workload.namespace });
  return podsAmong(pods, workload).find((pod) => isReady(pod) && !isEnding(pod));
}

/** The programs that read one of the credentials, and go on running. */
export const consumersOf = ({ graph }: Platform, credentials: readonly Credential[]): Workload[] =>
  graph.workloads.filter(
    (workload) => !(workload instanceof Job) && workload.credentials.some((credential) => credentials.includes(credential)),
  );

/** What the other Secrets of a credential hold otherwise than the owner's. */
function copies(credential: Credential, snapshot: Snapshot): Replacement[] {
  const own = ownSecret(credential, snapshot);
  return credential.secrets.slice(1).flatMap((place) => {
    const existing = snapshot.secrets.find((secret) => idOf(secret) === idOf(place));
    const other = place.keys.filter((key) => own?.data[key] !== existing?.data[key]);
    if (!existing || other.length === 0) return [];
    return [{ existing, data: Object.fromEntries(other.map((key) => [key, own?.data[key] ?? ''])) }];
  });
}

/** Values that nobody may see. */
function valuesOf(credential: Credential, snapshot: Snapshot): string[] {
  return Object.entries(ownSecret(credential, snapshot)?.data ?? {}).flatMap(([key, value]) =>
    credential.keys[key]?.kind === 'literal' ? [] : [decode(value), value],
  );
}
