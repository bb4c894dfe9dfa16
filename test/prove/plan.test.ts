import type { Standing } from './freshness';
import { always, groups, inWords, lane, plan, withinReach, type Planned } from './plan';

const proof = (passed: string, seconds: number) => ({ passed, tests: 1, seconds, saw: {} });
const fresh = (suite: string, passed = '2026-11-20'): Standing => ({ suite, proof: proof(passed, 60), reasons: [] });
const stale = (suite: string, passed: string): Standing => ({
  suite,
  proof: proof(passed, 60),
  reasons: ['command up changed'],
});
const standings: Standing[] = [
  fresh('test/cluster/geoai.test.ts'),
  stale('test/cluster/new.test.ts', '2026-11-10'),
  stale('test/cluster/old.test.ts', '2026-10-01'),
  ...['a', 'b', 'c', 'd', 'e'].map((name) => fresh(`test/config/${name}.test.ts`)),
  { suite: 'test/config/never.test.ts', reasons: ['never proven'] },
];
const order = (seed: string) => plan(standings, seed).map(({ suite }) => suite);

test('always first, then never proven, then the oldest proof, then what is fresh', () => {
  expect(order('1').slice(0, 5)).toEqual([
    ...always,
    'test/config/never.test.ts',
    'test/cluster/old.test.ts',
    'test/cluster/new.test.ts',
  ]);
});

test('the sample of fresh suites follows from the seed, and every one of them gets its turn', () => {
  expect(order('1')).toEqual(order('1'));
  const firsts = Array.from({ length: 60 }, (_, seed) => order(String(seed))[5]);
  expect(new Set(firsts).size).toBe(5);
});

test('a suite of which nobody knows how long it takes counts as long', () => {
  const unknown = plan(
    [
      { suite: 'test/cluster/x.test.ts', reasons: ['never proven'] },
      { suite: 'test/config/x.test.ts', reasons: ['never proven'] },
      { suite: 'test/proofs/x.ts', reasons: ['never proven'] },
    ],
    '1',
  );
  expect(unknown.map(({ seconds }) => seconds)).toEqual([180, 900, 180, 300]);
});

test('a reason is said in short', () => {
  expect(inWords({ suite: 'x', proof: proof('2026-11-01', 1), reasons: ['a', 'b', 'c', 'd', 'e'] })).toBe(
    'stale, proven 2026-11-01: a; b; c, and 2 more',
  );
});

const planned = (suite: string, seconds: number, other: Partial<Planned> = {}): Planned => ({
  suite,
  why: '',
  fresh: false,
  seconds,
  always: false,
  ...other,
});
const names = (list: readonly Planned[]) => list.map(({ suite }) => suite);

test('proofs share a platform in the place of the first of them: stale ones, and fresh ones, and not too many', () => {
  const proof = (n: number, isFresh = false) => planned(`test/proofs/${n}.ts`, 60, { fresh: isFresh });
  const stale = [1, 2, 3, 4, 5, 6, 7].map((n) => proof(n));
  const cluster = planned('test/cluster/a.test.ts', 60);
  const found = groups([cluster, ...stale.slice(0, 2), cluster, ...stale.slice(2), proof(8, true), proof(9, true)]);
  expect(found).toEqual([[cluster], stale.slice(0, 6), [cluster], stale.slice(6), [proof(8, true), proof(9, true)]]);
});

test('a lane takes what fits, also behind what does not; what runs always needs no time', async () => {
  let time = 100;
  const ran: string[][] = [];
  const leftOut = await lane(
    [
      [planned('first', 90, { always: true })],
      [planned('long', 50)],
      [planned('short', 3), planned('too long', 9), planned('brief', 2)],
      [planned('shorter', 4)],
      [planned('late', 4)],
    ],
    () => time,
    async (group) => {
      ran.push(names(group));
      time -= group.reduce((sum, { seconds }) => sum + seconds, 0);
    },
  );
  expect(ran).toEqual([['first'], ['short', 'brief'], ['shorter']]);
  expect(names(leftOut)).toEqual(['long', 'too long', 'late']);
});

test('what is within reach is what a lane without any delay runs', async () => {
  const suites = [planned('a', 60), planned('b', 90), planned('c', 30), planned('d', 500, { always: true })];
  expect(names(await withinReach(suites, 100))).toEqual(['a', 'c', 'd']);
  expect(names(await withinReach(suites, Infinity))).toEqual(['a', 'b', 'c', 'd']);
});
