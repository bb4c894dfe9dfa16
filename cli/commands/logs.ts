import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { Option, type Command } from 'commander';
import type { Component } from '../../lib/core/component';
import type { Workload } from '../../lib/core/workload';
import { suggest } from '../../lib/core/problem';
import { seconds, wholeNumber } from '../arguments';
import type { Cluster, LogOptions } from '../cluster/cluster';
import { logSources, type LogChoice, type LogSource } from '../cluster/log-sources';
import { statesOf } from '../cluster/readiness';
import { exitCodes, messageOf, Refusal } from '../refusal';
import { clusterCommand, clusterOf, componentsOf, platformOf } from '../target';
import type { World } from '../world';

interface LogsOptions extends LogChoice {
  readonly context?: string;
  readonly follow?: boolean;
  readonly tail?: number;
  readonly since?: number;
}

/** `logs`: what the containers say. */
export const logsCommand = (world: World): Command =>
  clusterCommand('logs', 'print what the containers of a platform say')
    .argument('[component...]', 'these alone; by default all')
    .option('-f, --follow', `go on, also with new pods, until interrupted (exit code ${exitCodes.interrupted})`)
    .option('--tail <lines>', 'last lines of each container (default: 100, with --follow 10, with --since all)', wholeNumber)
    .option('--since <duration>', 'only what is newer, for example 10m', seconds)
    .addOption(new Option('--previous', 'what containers said before their last restart').conflicts('follow'))
    .option('--container <name>', 'only containers of this name')
    .action(async (name: string, names: string[], options: LogsOptions) => {
      const platform = platformOf(world, name);
      const components = componentsOf(platform, names);
      const workloads = platform.graph.workloads.filter(({ component }) => components.includes(component));
      refuseUnknown(options.container, workloads);
      const cluster = await clusterOf(world, platform, options.context);
      world.err(cluster.title);
      await new Logs(world, cluster, workloads, options).print(components);
    });

function refuseUnknown(container: string | undefined, workloads: readonly Workload[]): void {
  const known = [...new Set(workloads.flatMap(({ containers }) => containers.map(({ name }) => name)))];
  if (container === undefined || known.includes(container)) return;
  throw new Refusal(`no container there is called "${container}"; ${suggest(container, known)}`);
}

/** One life of a container that was read. */
interface Reading {
  readonly restarts: number;
  open: boolean;
  until: Date;
  problem?: string;
}

class Logs {
  private readonly readings = new Map<string, Reading>();
  private readonly pods = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly cluster: Cluster,
    private readonly workloads: readonly Workload[],
    private readonly options: LogsOptions,
  ) {}

  async print(components: readonly Component[]): Promise<void> {
    const { follow, previous, since } = this.options;
    const tail = this.options.tail ?? (since !== undefined ? undefined : follow ? 10 : 100);
    const sources = await this.find();
    await this.explain(components.filter((component) => !sources.some(({ workload }) => workload.component === component)));
    const first = { tail, sinceSeconds: since };
    if (follow) return this.follow(sources, first);
    // One after the other, so that the lines of a container stay together.
    for (const source of sources) {
      try {
        await this.read(source, { ...first, previous });
      } catch (error) {
        if (!(error instanceof Refusal) || error.exitCode !== exitCodes.refused) throw error;
        // The pod may have gone in the meantime; the others have something to say, too.
        this.world.err(`note: ${error.message}`);
        this.world.exitCode = exitCodes.refused;
      }
    }
    if (sources.length === 0) this.world.exitCode = exitCodes.notReady;
  }

  private async find(): Promise<LogSource[]> {
    const sources = await logSources(this.cluster, this.workloads, this.options, this.world.now());
    for (const source of sources) {
      this.pods.add(source.pod);
      const id = idOf(source);
      if (!this.readings.has(id)) this.readings.set(id, { restarts: -1, open: false, until: this.world.now() });
    }
    return sources;
  }

  /** Components that have nothing to read, and why. */
  private async explain(silent: readonly Component[]): Promise<void> {
    const workloads = this.workloads.filter(({ component }) => silent.includes(component));
    const states = await statesOf(this.cluster, workloads, this.world.now());
    for (const { name } of silent) {
      const reasons = states
        .filter(({ workload }) => workload.component.name === name)
        .map(({ workload, reason, state }) => `${workload.name === name ? '' : `${workload.name}: `}${reason || state}`);
      const what = this.options.previous ? 'no container was restarted' : 'no container has run yet';
      this.world.err(`note: ${name}: ${what}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`);
    }
  }

  private async follow(sources: readonly LogSource[], first: LogOptions): Promise<never> {
    let unanswered = '';
    for (let round = sources, options = first; ; options = {}) {
      for (const source of round) this.followOne(source, options);
      await this.world.sleep(2000);
      try {
        round = await this.find();
        unanswered = '';
      } catch (error) {
        if (!(error instanceof Refusal) || error.exitCode !== exitCodes.unreachable) throw error;
        if (unanswered !== error.message) this.world.err(`note: ${error.message}`);
        unanswered = error.message;
        round = [];
      }
    }
  }

  /** Follows a container that is not followed yet, or whose log ended although it runs. */
  private followOne(source: LogSource, options: LogOptions): void {
    const before = this.readings.get(idOf(source));
    const known = before?.restarts === source.restarts;
    if (before?.open || (known && !source.running)) return;
    const gap = known ? Math.ceil((this.world.now().getTime() - before.until.getTime()) / 1000) : undefined;
    const reading: Reading = {
      restarts: source.restarts,
      open: true,
      until: this.world.now(),
      problem: before?.problem,
    };
    this.readings.set(idOf(source), reading);
    const range = gap === undefined ? options : { sinceSeconds: Math.max(1, gap) };
    void this.read(source, { ...range, follow: true })
      .catch((error: unknown) => {
        // A pod that has gone in the meantime is no news twice.
        if (reading.problem !== messageOf(error)) this.world.err(`note: ${messageOf(error)}`);
        reading.problem = messageOf(error);
      })
      .finally(() => {
        reading.open = false;
        reading.until = this.world.now();
      });
  }

  /** Prints the log of a container, line by line. */
  private async read(source: LogSource, options: LogOptions): Promise<void> {
    const through = new PassThrough();
    const lines = createInterface({ input: through, crlfDelay: Infinity });
    // An interrupted stream ends with an error that cluster.logs knows about.
    through.on('error', () => lines.close());
    lines.on('error', () => lines.close());
    lines.on('line', (line) => this.world.out(`${this.prefix(source)}${line}`));
    const closed = once(lines, 'close').catch(() => undefined);
    try {
      await this.cluster.logs(source, options, through, this.world.signal);
    } finally {
      if (through.destroyed) lines.close();
      else through.end();
      await closed;
    }
  }

  /** As much of the name as tells the containers apart. */
  private prefix({ pod, container }: LogSource): string {
    if (this.pods.size > 1) return `${pod} ${container} | `;
    return this.readings.size > 1 ? `${container} | ` : '';
  }
}

const idOf = ({ namespace, pod, container }: LogSource): string => `${namespace}/${pod}/${container}`;
