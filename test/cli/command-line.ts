import type { Catalogue } from '../../lib/core/definition';
import { hearth } from '../../cli/program';
import type { Asking, Step, World } from '../../cli/world';
import { MemoryCluster } from './memory-cluster';
import { hearthFolder } from './world';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line against a cluster in memory, and keeps what it prints. Time stands still, and sleeping is free. */
export async function commandLine(
  args: readonly string[],
  given: Partial<World> & {
    readonly memory?: MemoryCluster;
    readonly answers?: Partial<Asking>;
    readonly catalogue?: Catalogue;
  } = {},
): Promise<Said> {
  const { memory = new MemoryCluster(), answers, ...rest } = given;
  const [out, err]: [string[], string[]] = [[], []];
  const unexpected = (message: string): never => {
    throw new Error(`nobody answers: ${message}`);
  };
  const ask: Asking = {
    confirm: unexpected,
    input: unexpected,
    secret: unexpected,
    select: unexpected,
    checkbox: unexpected,
    ...answers,
  };
  const world: World = {
    root: hearthFolder(),
    terminal: false,
    env: {},
    signal: new AbortController().signal,
    exitCode: 0,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    cluster: async () => memory,
    contexts: async () => ['memory'],
    ask: answers && ask,
    progress: async (steps, { together = false } = {}) => {
      const one = async ({ title, run }: Step) =>
        out.push(`${title}: ${await run((what) => void out.push(`${title}: ${what}`))}`);
      if (!together) for (const step of steps) await one(step);
      else for (const result of await Promise.allSettled(steps.map(one))) if (result.status === 'rejected') throw result.reason;
    },
    program: async () => undefined,
    resolve: async () => [],
    now: () => new Date('2026-01-02T03:04:05Z'),
    sleep: async () => undefined,
    ...rest,
  };
  const code = await hearth(args, world);
  return { code, out: out.join('\n'), err: err.join('\n') };
}
