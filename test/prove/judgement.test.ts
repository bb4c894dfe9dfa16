import { disagreement, onceMore, totals } from './judgement';
import type { Outcome } from './run-suite';

const outcome = (given: Partial<Outcome>): Outcome => ({
  good: true,
  passed: 3,
  failed: 0,
  skipped: 0,
  seconds: 1,
  failedTests: [],
  output: 'all of its output',
  recorded: [],
  ...given,
});
const failed = outcome({ good: false, passed: 2, failed: 1, failedTests: ['it works'] });

test('the last line counts the tests', () => {
  expect(
    totals([
      { passed: 2, failed: 0, skipped: 0 },
      { passed: 3, failed: 1, skipped: 0 },
    ]),
  ).toBe('tests: 5 passed, 1 failed');
  expect(totals([{ passed: 2, failed: 0, skipped: 4 }])).toBe('tests: 2 passed, 0 failed, 4 skipped');
});

describe('a suite that failed', () => {
  const said: string[] = [];
  beforeEach(() => said.splice(0));

  test('runs once more, and counts as passed and flaky when it passes then', async () => {
    const outcomes = new Map([
      ['a', outcome({})],
      ['b', failed],
    ]);
    const again: string[] = [];
    const flaky = await onceMore(
      outcomes,
      async (suite) => (again.push(suite), outcome({})),
      (line) => said.push(line),
    );
    expect(again).toEqual(['b']);
    expect(flaky).toEqual(['b: it works']);
    expect([...outcomes.values()].every(({ good }) => good)).toBe(true);
    expect(said).toEqual(['all of its output']);
  });

  test('fails for good when it fails twice, with the output of both', async () => {
    const outcomes = new Map([['b', failed]]);
    const flaky = await onceMore(
      outcomes,
      async () => ({ ...failed, output: 'the second time' }),
      (line) => said.push(line),
    );
    expect(flaky).toEqual([]);
    expect(outcomes.get('b')?.good).toBe(false);
    expect(said).toEqual(['all of its output', 'the second time']);
  });
});

describe('a fresh proof whose suite ran again', () => {
  const proof = { passed: '2026-11-01', tests: 3, seconds: 10, saw: { 'command up': 'a', 'file x': 'b' } };

  test('holds when the suite saw the same, however long it took', () => {
    expect(disagreement('x', proof, { ...proof, passed: '2026-11-29', seconds: 99 })).toEqual([]);
  });

  test.each([
    ['other numbers', { tests: 4 }, 'x passed 4 tests, not 3'],
    ['skipped tests', { skipped: 1 }, 'x skipped 1 tests, not 0'],
    ['a fact less', { saw: { 'command up': 'a' } }, 'x saw something else: file x'],
    ['another digest', { saw: { 'command up': 'c', 'file x': 'b' } }, 'x saw something else: command up'],
  ])('is wrong with %s', (_, other, message) => {
    expect(disagreement('x', proof, { ...proof, ...other })).toEqual([message]);
  });
});
