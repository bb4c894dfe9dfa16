import type { Component } from '../../lib/core/component';
import type { Workload } from '../../lib/core/workload';
import { duration } from '../output';
import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';
import type { Cluster } from './cluster';
import { persistently } from './persistence';
import { isInPlace, statesOf, type WorkloadState } from './readiness';

const every = 2000;
/** How many questions in a row the cluster may leave unanswered. */
const patience = 10;

/** Waits until all workloads of these components are up; throws a Refusal that names those that are not, and why. */
export async function waitUntilUp(
  world: World,
  cluster: Cluster,
  components: readonly Component[],
  timeoutSeconds: number,
): Promise<void> {
  const workloads = components.flatMap((component) => component.platform.graph.workloadsOf(component));
  await waitForWorkloads(world, cluster, workloads, timeoutSeconds);
}

/** As {@link waitUntilUp}, for these workloads alone. The components wait together, and the cluster is asked once for all. */
export async function waitForWorkloads(
  world: World,
  cluster: Cluster,
  workloads: readonly Workload[],
  timeoutSeconds: number,
): Promise<void> {
  const components = [...new Set(workloads.map(({ component }) => component))];
  const rounds = new Rounds(world, cluster, workloads, timeoutSeconds);
  const down = new Map<Component, readonly WorkloadState[]>();
  let trouble: unknown;
  const steps = components.map((component) => ({
    title: component.name,
    async run(say: (what: string) => void) {
      try {
        for (;;) {
          const states = (await rounds.next()).filter(({ workload }) => workload.component === component);
          const open = states.filter((state) => !isInPlace(state));
          if (open.length === 0) return summary(states, rounds.seconds);
          if (rounds.over || open.some(isHopeless)) {
            down.set(component, open);
            throw new Refusal(open.map(because).join('; '), exitCodes.notReady);
          }
          say(open.map(because).join('; '));
        }
      } catch (error) {
        trouble ??= down.has(component) ? undefined : error;
        throw error;
      }
    },
  }));
  try {
    await world.progress(steps, { together: true });
  } catch (error) {
    // The progress may wrap what a step threw.
    if (trouble !== undefined) throw trouble;
    if (down.size === 0) throw error;
    throw new Refusal(explanation(down, rounds), exitCodes.notReady);
  }
}

/** Waiting does not help: somebody has to do something. */
const isHopeless = ({ state }: WorkloadState): boolean => state === 'failed' || state === 'stopped';

const because = ({ workload, state, reason }: WorkloadState): string =>
  `${workload.name === workload.component.name ? '' : `${workload.name}: `}${reason || state}`;

function summary(states: readonly WorkloadState[], seconds: number): string {
  const failed = states.filter(({ state }) => state === 'failed').map(({ workload }) => workload.name);
  const note = failed.length > 0 ? `; the last run of ${failed.join(', ')} failed` : '';
  return `ready after ${duration(seconds)}${note}`;
}

function explanation(down: ReadonlyMap<Component, readonly WorkloadState[]>, { seconds, over }: Rounds): string {
  const lines = [...down].flatMap(([{ name, platform }, states]) => {
    const stopped = states.every(({ state }) => state === 'stopped');
    const mend = `npx hearth ${stopped ? 'start' : 'logs'} ${platform.config.name} ${name}`;
    return [...states.map((state) => `  ${name}: ${because(state)}`), `    ${mend}`];
  });
  return [over ? `not ready after ${duration(seconds)}:` : 'not ready:', ...lines].join('\n');
}

/** The states of all workloads, asked for every two seconds, together for all that wait. */
class Rounds {
  private readonly start: number;
  private count = 0;
  private current?: Promise<WorkloadState[]>;

  constructor(
    private readonly world: World,
    private readonly cluster: Cluster,
    private readonly workloads: readonly Workload[],
    private readonly timeoutSeconds: number,
  ) {
    this.start = world.now().getTime();
  }

  /** How long it has taken; counted, too, so that a clock that stands still does not make it endless. */
  get seconds(): number {
    const counted = (Math.max(0, this.count - 1) * every) / 1000;
    return Math.max(counted, (this.world.now().getTime() - this.start) / 1000);
  }

  get over(): boolean {
    return this.seconds >= this.timeoutSeconds;
  }

  next(): Promise<WorkloadState[]> {
    this.current ??= this.ask().finally(() => (this.current = undefined));
    return this.current;
  }

  private async ask(): Promise<WorkloadState[]> {
    if (this.count > 0) await this.world.sleep(every);
    this.count += 1;
    return persistently(this.world, () => statesOf(this.cluster, this.workloads, this.world.now()), patience);
  }
}
