const missing = process.env.KUBECONFIG ? undefined : 'KUBECONFIG names no cluster';
if (missing && process.env.CI === 'true') throw new Error(`test:cluster: ${missing}`);
if (missing) console.log(`test:cluster is skipped: ${missing}`);

/** `describe` where there is a cluster; without one it is skipped, and with `CI=true` an error. */
export const suite = missing ? describe.skip : describe;

/** How long things took, in seconds, for the log. */
export class Stopwatch {
  private readonly seconds: Record<string, number> = {};

  async time<T>(what: string, work: Promise<T>): Promise<T> {
    const start = Date.now();
    const result = await work;
    this.seconds[what] = (Date.now() - start) / 1000;
    return result;
  }

  toString(): string {
    return `seconds: ${JSON.stringify(this.seconds)}`;
  }
}
