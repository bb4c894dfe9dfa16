import { exitCodes, Refusal } from '../refusal';
import type { World } from '../world';

/** How many questions in a row the cluster may leave unanswered, with two seconds between: an API server restarts now and then. */
const patience = 30;

/** Asks the cluster, and again where it does not answer: for what goes on in it meanwhile. */
export async function persistently<T>(world: World, ask: () => Promise<T>): Promise<T> {
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
