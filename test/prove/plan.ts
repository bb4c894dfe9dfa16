import { createHash } from 'node:crypto';
import type { Standing } from './freshness';
import { isProof, onCluster } from './sources';

/** A suite of a run. */
export interface Planned {
  readonly suite: string;
  /** Why it runs, for people. */
  readonly why: string;
  /** True where its proof still holds, and it runs as a sample. */
  readonly fresh: boolean;
  /** True where it runs whatever the clock says. */
  readonly always: boolean;
  /** How long it takes, as far as that is known. */
  readonly seconds: number;
}

/** Seconds of a suite that was never proven. */
const unknown = { cluster: 15 * 60, config: 3 * 60, proof: 5 * 60 };

/** Proofs on one platform at most: as many as a small machine holds. */
const atOnce = 6;

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
    fresh: standing.reasons.length === 0,
    always: always.includes(standing.suite),
    seconds: standing.proof?.seconds ?? unknown[kindOf(standing.suite)],
  }));
  const first = { suite: 'test/api', why: 'always', fresh: false, always: true, seconds: unknown.config };
  return [first, ...planned.filter((one) => one.always), ...planned.filter((one) => !one.always)];
}

/** Suites that run as one, in the place of the first of them: proofs share a platform, stale ones and fresh ones each. */
export function groups(planned: readonly Planned[]): Planned[][] {
  const found: Planned[][] = [];
  for (const one of planned) {
    const open = found.find(
      ([first, ...others]) => first && isProof(first.suite) && first.fresh === one.fresh && others.length < atOnce - 1,
    );
    if (isProof(one.suite) && open) open.push(one);
    else found.push([one]);
  }
  return found;
}

/** Where a standing has many reasons, the first ones say it. */
export function inWords({ proof, reasons }: Standing): string {
  if (!proof) return 'never proven';
  if (reasons.length === 0) return `fresh, proven ${proof.passed}`;
  const more = reasons.length > 3 ? `, and ${reasons.length - 3} more` : '';
  return `stale, proven ${proof.passed}: ${reasons.slice(0, 3).join('; ')}${more}`;
}

/**
 * Takes one group after the other, as long as they are expected to end in time.
 * @param left seconds until the end
 * @returns what did not fit
 */
export async function lane(
  suites: readonly (readonly Planned[])[],
  left: () => number,
  run: (group: readonly Planned[]) => Promise<unknown>,
): Promise<Planned[]> {
  const leftOut: Planned[] = [];
  for (const group of suites) {
    const fits = fitting(group, left());
    if (fits.length > 0) await run(fits);
    leftOut.push(...group.filter((one) => !fits.includes(one)));
  }
  return leftOut;
}

/** What of one lane can run within some seconds at most; what is not among it need not be built. */
export async function withinReach(planned: readonly Planned[], seconds: number): Promise<Planned[]> {
  let spent = 0;
  const found: Planned[] = [];
  await lane(
    groups(planned),
    () => seconds - spent,
    (group) => {
      found.push(...group);
      spent += group.reduce((sum, one) => sum + one.seconds, 0);
      return Promise.resolve();
    },
  );
  return found;
}

/** The first ones of a group that fit into some seconds. */
function fitting(group: readonly Planned[], seconds: number): Planned[] {
  let sum = 0;
  return group.filter(({ always, seconds: own }) => {
    if (!always && sum + own > seconds) return false;
    sum += own;
    return true;
  });
}

const kindOf = (suite: string) => (isProof(suite) ? 'proof' : onCluster(suite) ? 'cluster' : 'config');

function inOrder<T>(list: readonly T[], key: (item: T) => string): T[] {
  return [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
