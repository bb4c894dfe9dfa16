import { createHash } from 'node:crypto';
import type { Standing } from './freshness';

/** A suite of a run. */
export interface Planned {
  readonly suite: string;
  /** Why it runs, for people. */
  readonly why: string;
  /** True where it runs whatever the clock says. */
  readonly always: boolean;
  /** How long it takes, as far as that is known. */
  readonly seconds: number;
}

/** Seconds of a suite that was never proven. */
const unknown = { cluster: 15 * 60, config: 3 * 60 };

/** These run always: the API server sees every manifest, and one platform is up and used. */
export const always: readonly string[] = ['test/api', 'test/cluster/geoai.test.ts'];

/**
 * What runs, in order: what runs always; what is not proven as it is now, the oldest proof first; then a random sample of
 * what is.
 * @param seed orders that sample
 */
export function plan(standings: readonly Standing[], seed: string): Planned[] {
  const random = (suite: string) => createHash('sha256').update(`${seed} ${suite}`).digest('hex');
  const [stale, fresh] = [
    standings.filter(({ reasons }) => reasons.length > 0),
    standings.filter(({ reasons }) => reasons.length === 0),
  ];
  const ordered = [
    ...inOrder(stale, ({ suite, proof }) => `${proof?.passed ?? ''} ${suite}`),
    ...inOrder(fresh, ({ suite }) => random(suite)),
  ];
  const planned = ordered.map((standing) => ({
    suite: standing.suite,
    why: inWords(standing),
    always: always.includes(standing.suite),
    seconds: standing.proof?.seconds ?? (standing.suite.startsWith('test/cluster/') ? unknown.cluster : unknown.config),
  }));
  const first = { suite: 'test/api', why: 'always', always: true, seconds: unknown.config };
  return [first, ...planned.filter((one) => one.always), ...planned.filter((one) => !one.always)];
}

/** Where a standing has many reasons, the first ones say it. */
export function inWords({ proof, reasons }: Standing): string {
  if (!proof) return 'never proven';
  if (reasons.length === 0) return `fresh, proven ${proof.passed}`;
  const more = reasons.length > 3 ? `, and ${reasons.length - 3} more` : '';
  return `stale, proven ${proof.passed}: ${reasons.slice(0, 3).join('; ')}${more}`;
}

/**
 * Takes one suite after the other, as long as they are expected to end in time.
 * @param left seconds until the end
 * @returns what did not fit
 */
export async function lane(
  suites: readonly Planned[],
  left: () => number,
  run: (planned: Planned) => Promise<unknown>,
): Promise<Planned[]> {
  const leftOut: Planned[] = [];
  for (const planned of suites) {
    if (planned.always || planned.seconds <= left()) await run(planned);
    else leftOut.push(planned);
  }
  return leftOut;
}

function inOrder<T>(list: readonly T[], key: (item: T) => string): T[] {
  return [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
