import type { Credential } from '../../lib/core/credential';
import type { Platform } from '../../lib/core/platform';
import { Refusal } from '../refusal';
import type { World } from '../world';
import { plan, requestOf, type Plan } from './plan';
import { idOf, type SecretStore } from './store';
import { supplier } from './supplied';

export interface MakingOptions {
  /** Where to say what was made. @default standard output */
  readonly say?: (line: string) => void;
  /** What else stands in the way, once all values are known. */
  readonly check?: (made: Plan) => readonly string[];
  /** Whose values. @default all of the platform */
  readonly credentials?: readonly Credential[];
  /** Another place, whose values are taken over where the store has none. @default none */
  readonly elsewhere?: SecretStore;
}

/** Makes what a store lacks, or throws a {@link Refusal} with everything that stands in the way. */
export async function makeMissing(
  world: World,
  platform: Platform,
  store: SecretStore,
  { say = world.out, check = () => [], credentials, elsewhere }: MakingOptions = {},
): Promise<Plan> {
  const request = requestOf(platform, credentials);
  const other = await elsewhere?.read(request);
  const result = await plan(platform, await store.read(request), supplier(world), credentials, other);
  result.notices.forEach((notice) => world.err(`note: ${notice}`));
  const problems = [...result.problems, ...check(result)];
  if (problems.length > 0) throw new Refusal([...problems, 'Nothing was changed.'].join('\n'));
  await store.apply(result.changes);
  for (const change of result.changes) {
    say(`${change.existing ? 'completed' : 'made'} ${idOf(change)}: ${Object.keys(change.data).join(', ')}`);
  }
  return result;
}
