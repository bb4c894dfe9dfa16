import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Freshness } from './freshness';
import { onceMore, totals } from './judgement';
import { ledgerFile, readLedger } from './ledger';
import { everything, Notes } from './notes';
import { lane, plan, type Planned } from './plan';
import { readResults, runSuite, type Outcome } from './run-suite';

/**
 * Proves suites, and writes down in test/ledger.json what they saw; see docs/testing.md.
 *   npm run prove                                 everything, for a night
 *   npm run prove -- test/config/haproxy.test.ts  these alone
 *   --minutes M [--since T]   what fits into M minutes from now, or from T (seconds since 1970): as .ci/run does
 *   --seed S                  the order in which what is fresh is sampled
 *   --and FILE                results of another run of Jest, for the sum at the end
 * With CI=true the ledger stays as it is: .prove/ledger.json is what it would become.
 */
const root = join(__dirname, '../..');
const folder = join(root, '.prove');
const { values: options, positionals: named } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    since: { type: 'string' },
    seed: { type: 'string' },
    and: { type: 'string' },
  },
});

const start = options.since === undefined ? Date.now() : Number(options.since) * 1000;
const left = () =>
  options.minutes === undefined ? Infinity : Number(options.minutes) * 60 - (Date.now() - start) / 1000;
const say = (text: string) => console.log(`[${Math.round((Date.now() - start) / 1000)}s] ${text}`);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const standings = Freshness.standings(root, readLedger(join(root, ledgerFile)));
const notes = new Notes(root, standings, folder);
const outcomes = new Map<string, Outcome>();

async function run({ suite, why }: Planned): Promise<Outcome> {
  say(`${suite} (${why})`);
  const seen = everything(root);
  const outcome = await runSuite(root, suite, folder);
  outcomes.set(suite, outcome);
  const { passed, skipped, seconds, failedTests } = outcome;
  const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}, in ${seconds} s`;
  say(outcome.good ? `${suite}: ${counts}` : `${suite} failed: ${failedTests.join('; ') || 'before its tests'}`);
  if (outcome.good && suite.endsWith('.test.ts')) notes.passed(suite, outcome, seen);
  return outcome;
}

/** Everything, or what was named. */
function planned(): Planned[] {
  const seed = options.seed ?? String(randomInt(1_000_000));
  const whole = plan(standings, seed);
  const unknown = named.filter((suite) => whole.every((one) => one.suite !== suite));
  if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}`);
  if (named.length > 0) return whole.filter(({ suite }) => named.includes(suite));
  say(
    `${standings.filter(({ reasons }) => reasons.length === 0).length} of ${standings.length} suites are fresh; seed ${seed}`,
  );
  return whole;
}

async function main(): Promise<number> {
  const suites = planned();
  const onCluster = ({ suite }: Planned) => suite.startsWith('test/cluster/');
  const leftOut = await Promise.all([
    lane(suites.filter((one) => !onCluster(one)), left, run),
    lane(suites.filter(onCluster), left, run),
  ]); // prettier-ignore

  const again = (suite: string) => run({ suite, why: 'once more, alone', always: true, seconds: 0 });
  const flaky = await onceMore(outcomes, again, console.log);
  for (const { suite, why } of leftOut.flat()) console.log(`left out for want of time: ${suite} (${why})`);
  for (const line of flaky) console.log(`flaky: ${line}`);
  for (const line of notes.wrong) console.log(line);
  const others =
    options.and === undefined ? [] : [readResults(options.and) ?? { passed: 0, failed: 0, skipped: 0, good: false }];
  console.log(totals([...others, ...outcomes.values()]));
  return [...others, ...outcomes.values()].every((one) => one.good) && notes.wrong.length === 0 ? 0 : 1;
}

void main().then((code) => (process.exitCode = code));
