import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Freshness } from './freshness';
import { onceMore, totals } from './judgement';
import { ledgerFile, readLedger } from './ledger';
import { everything, Notes } from './notes';
import { groups, lane, plan, withinReach, type Planned } from './plan';
import { readResults, runSuites, type Outcome } from './run-suite';
import { onCluster } from './sources';

/**
 * Proves suites, and writes down in test/ledger.json what they saw; see docs/testing.md.
 *   npm run prove                                 everything, for a night
 *   npm run prove -- test/config/haproxy.test.ts  these alone; several of test/proofs/ on one platform
 *   --minutes M [--since T]   what fits into M minutes from now, or from T (seconds since 1970): as .ci/run does
 *   --seed S                  the order in which what is fresh is sampled
 *   --facts                   runs nothing, and prints what the suites that can run within that time saw: what to build
 *                             for them; nothing where one of them was never proven, since it may need everything
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
    facts: { type: 'boolean' },
  },
});

const start = options.since === undefined ? Date.now() : Number(options.since) * 1000;
const left = () => (options.minutes === undefined ? Infinity : Number(options.minutes) * 60 - (Date.now() - start) / 1000);
const say = (text: string) => console.log(`[${Math.round((Date.now() - start) / 1000)}s] ${text}`);

if (!options.facts) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const standings = Freshness.standings(root, readLedger(join(root, ledgerFile)));
const notes = new Notes(root, standings, folder);
const outcomes = new Map<string, Outcome>();

async function run(group: readonly Planned[]): Promise<void> {
  const [first, ...others] = group.map(({ suite }) => suite);
  if (first === undefined) return;
  for (const { suite, why } of group) say(`${suite} (${why})`);
  const seen = everything(root);
  for (const [suite, outcome] of await runSuites(root, [first, ...others], folder)) {
    outcomes.set(suite, outcome);
    const { passed, skipped, seconds, failedTests } = outcome;
    const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}, in ${seconds} s`;
    say(outcome.good ? `${suite}: ${counts}` : `${suite} failed: ${failedTests.join('; ') || 'before its tests'}`);
    if (outcome.good && standings.some((standing) => standing.suite === suite)) notes.passed(suite, outcome, seen);
  }
}

async function runAlone(suite: string): Promise<Outcome> {
  await run([{ suite, why: 'once more, alone', fresh: false, always: true, seconds: 0 }]);
  const outcome = outcomes.get(suite);
  if (!outcome) throw new Error(`${suite} did not run`);
  return outcome;
}

/** Everything, or what was named. */
function inOrder(): Planned[] {
  const seed = options.seed ?? String(randomInt(1_000_000));
  const whole = plan(standings, seed);
  const unknown = named.filter((suite) => whole.every((one) => one.suite !== suite));
  if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}`);
  if (named.length > 0) return whole.filter(({ suite }) => named.includes(suite));
  if (!options.facts)
    say(
      `${standings.filter(({ reasons }) => reasons.length === 0).length} of ${standings.length} suites are fresh; seed ${seed}`,
    );
  return whole;
}

/** For each lane (config and cluster) what of these suites can run, and what cannot. */
function lanes(suites: readonly Planned[]): Promise<{ within: Planned[]; beyond: Planned[] }[]> {
  const seconds = options.minutes === undefined ? Infinity : Number(options.minutes) * 60;
  return Promise.all(
    [false, true].map(async (cluster) => {
      const own = suites.filter(({ suite }) => onCluster(suite) === cluster);
      const within = await withinReach(own, seconds);
      return { within, beyond: own.filter((one) => !within.includes(one)) };
    }),
  );
}

function factsOf(suites: readonly Planned[]): string[] {
  const found = suites.map(({ suite }) => standings.find((one) => one.suite === suite));
  const unknown = found.some((standing) => standing !== undefined && standing.proof === undefined);
  return unknown ? [] : [...new Set(found.flatMap((standing) => Object.keys(standing?.proof?.saw ?? {})))].sort();
}

async function main(): Promise<number> {
  const planned = await lanes(inOrder());
  if (options.facts) {
    for (const fact of factsOf(planned.flatMap(({ within }) => within))) console.log(fact);
    return 0;
  }
  const delayed = await Promise.all(planned.map(({ within }) => lane(groups(within), left, run)));
  const leftOut = [...delayed.flat(), ...planned.flatMap(({ beyond }) => beyond)];

  const flaky = await onceMore(outcomes, runAlone, console.log);
  for (const { suite, why } of leftOut) console.log(`left out for want of time: ${suite} (${why})`);
  for (const line of flaky) console.log(`flaky: ${line}`);
  for (const line of notes.wrong) console.log(line);
  const others = options.and === undefined ? [] : [readResults(options.and) ?? { passed: 0, failed: 0, skipped: 0, good: false }];
  console.log(totals([...others, ...outcomes.values()]));
  return [...others, ...outcomes.values()].every((one) => one.good) && notes.wrong.length === 0 ? 0 : 1;
}

void main().then((code) => (process.exitCode = code));
