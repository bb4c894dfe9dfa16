import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';

/**
 * Asks the cluster, and again where it does not answer, for what goes on in it meanwhile: an API server restarts now and then.
 * @param patience how many questions in a row may stay unanswered, with two seconds between
 */
export async function persistently<T>(world: World, ask: () => Promise<T>, patience = 30): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const mayReturn = error instanceof Refusal && error.exitCode === exitCodes.unreachable;
      if (!mayReturn || tries === patience || world.signal.aborted) throw error;
      await world.sleep(2000);
    }
  }
}
