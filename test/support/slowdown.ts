import { setTimeout as sleep } from 'node:timers/promises';

/** Processor time of one sample, in microseconds: longer than a process runs on a busy machine before others have their turn. */
const work = 50_000;

/**
 * Runs something, and says how busy the machine was meanwhile: how many times longer than its processor time a piece of work
 * took, on average. Bounds in seconds are multiplied by it, so that they hold on a machine that does much else.
 * @returns what it gave, and a number from 1 (idle) to 4: beyond that a bound would say nothing
 */
export async function withSlowdown<T>(happens: () => Promise<T>): Promise<{ result: T; slowdown: number }> {
  const samples = [sample()];
  let running = true;
  const sampling = (async () => {
    while (running) {
      await sleep(500);
      samples.push(sample());
    }
  })();
  try {
    const result = await happens();
    const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
    return { result, slowdown: Math.min(Math.max(mean, 1), 4) };
  } finally {
    running = false;
    await sampling;
  }
}

function sample(): number {
  const [start, before] = [performance.now(), process.cpuUsage()];
  for (;;) {
    const { user, system } = process.cpuUsage(before);
    if (user + system >= work) return ((performance.now() - start) * 1000) / (user + system);
  }
}
