import type { Proof } from './ledger';
import type { Counts, Outcome } from './run-suite';

/** What a fresh proof of the ledger says otherwise than the suite that was run again. */
export function disagreement(suite: string, was: Proof, is: Proof): string[] {
  const facts = [...new Set([...Object.keys(was.saw), ...Object.keys(is.saw)])].sort();
  const other = facts.filter((fact) => was.saw[fact] !== is.saw[fact]);
  return [
    ...(was.tests === is.tests ? [] : [`${suite} passed ${is.tests} tests, not ${was.tests}`]),
    ...(was.skipped === is.skipped ? [] : [`${suite} skipped ${is.skipped ?? 0} tests, not ${was.skipped ?? 0}`]),
    ...(other.length === 0 ? [] : [`${suite} saw something else: ${other.slice(0, 5).join('; ')}`]),
  ];
}

/** The last line of a run. */
export function totals(counts: readonly Counts[]): string {
  const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  return `tests: ${sum('passed')} passed, ${sum('failed')} failed${skipped}`;
}

/**
 * Runs what failed once more, when nothing else runs; its new outcome takes the place of the old one.
 * @param say prints what a suite printed
 * @returns what passed then, with what had failed, for people
 */
export async function onceMore(
  outcomes: Map<string, Outcome>,
  run: (suite: string) => Promise<Outcome>,
  say: (output: string) => void,
): Promise<string[]> {
  const flaky: string[] = [];
  for (const [suite, first] of [...outcomes].filter(([, { good }]) => !good)) {
    say(first.output);
    const again = await run(suite);
    outcomes.set(suite, again);
    if (again.good) flaky.push(`${suite}: ${first.failedTests.join('; ') || 'broke before its tests'}`);
    else say(again.output);
  }
  return flaky;
}
