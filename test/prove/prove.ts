import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { digest } from './digests';
import { Freshness } from './freshness';
import { ledgerFile, ledgerText, readLedger, writeLedger, type Proof } from './ledger';
import { disagreement, onceMore, totals } from './judgement';
import { lane, plan, type Planned } from './plan';
import { readResults, runSuite, type Outcome } from './run-suite';

/**
 * Proves suites, and writes down in test/ledger.json what they saw; see docs/testing.md.
 *   npm run prove                                 everything, for a night
 *   npm run prove -- test/config/haproxy.test.ts  these alone
 *   --minutes M [--since T]   what fits into M minutes from now, or from T (seconds since 1970): as .ci/run does
 *   --seed S                  the order in which what is fresh is sampled
 *   --and FILE                results of another run of Jest, for the sum at the end
 * With CI=true the ledger stays as it is.
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

const before = readLedger(join(root, ledgerFile));
const standings = Freshness.standings(root, before);
const standingOf = new Map(standings.map((standing) => [standing.suite, standing]));
const outcomes = new Map<string, Outcome>();

async function run({ suite, why }: Planned): Promise<Outcome> {
  say(`${suite} (${why})`);
  const outcome = await runSuite(root, suite, folder);
  outcomes.set(suite, outcome);
  const { passed, skipped, seconds, failedTests } = outcome;
  const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}, in ${seconds} s`;
  say(outcome.good ? `${suite}: ${counts}` : `${suite} failed: ${failedTests.join('; ') || 'before its tests'}`);
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

/** Digest of everything that suites may see, except the ledger itself. */
function everything(): string {
  const listed = execFileSync('git', ['ls-files', '-s', '-o', '-m', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const changes = execFileSync('git', ['diff', 'HEAD', '--', '.', `:!${ledgerFile}`], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  return digest([listed, changes]);
}

async function main(): Promise<number> {
  rmSync(folder, { recursive: true, force: true });
  const seen = everything();
  const suites = planned();
  const onCluster = ({ suite }: Planned) => suite.startsWith('test/cluster/');
  const leftOut = await Promise.all([
    lane(suites.filter((one) => !onCluster(one)), left, run),
    lane(suites.filter(onCluster), left, run),
  ]); // prettier-ignore

  const again = (suite: string) => run({ suite, why: 'once more, alone', always: true, seconds: 0 });
  const flaky = await onceMore(outcomes, again, console.log);
  const good = [...outcomes].filter(([suite, outcome]) => outcome.good && suite.endsWith('.test.ts'));
  const proven = record(good, seen === everything());
  const wrong = good.flatMap(([suite]) => {
    const standing = standingOf.get(suite);
    const [was, is] = [standing?.proof, proven[suite]];
    return standing?.reasons.length === 0 && was && is ? disagreement(suite, was, is) : [];
  });
  for (const { suite, why } of leftOut.flat()) console.log(`left out for want of time: ${suite} (${why})`);
  for (const line of flaky) console.log(`flaky: ${line}`);
  for (const line of wrong) console.log(`the ledger is wrong: ${line}`);
  const others =
    options.and === undefined ? [] : [readResults(options.and) ?? { passed: 0, failed: 0, skipped: 0, good: false }];
  console.log(totals([...others, ...outcomes.values()]));
  return [...others, ...outcomes.values()].every((one) => one.good) && wrong.length === 0 ? 0 : 1;
}

/** Proofs of what passed, written into the ledger. @param same whether what they saw is still there */
function record(good: readonly (readonly [string, Outcome])[], same: boolean): Record<string, Proof> {
  if (good.length === 0) return {};
  const freshness = Freshness.read(
    root,
    good.flatMap(([, { recorded }]) => recorded),
  );
  const passed = new Date().toISOString().slice(0, 10);
  const proven = Object.fromEntries(
    good.map(([suite, { recorded, passed: tests, skipped, seconds }]): [string, Proof] => [
      suite,
      { passed, tests, ...(skipped > 0 ? { skipped } : {}), seconds, saw: freshness.saw(suite, recorded) },
    ]),
  );
  const after = { ...before, ...proven };
  if (process.env.CI === 'true') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ledger.json'), ledgerText(after));
    say(`${ledgerFile} stays as it is; with these proofs it would be .prove/ledger.json`);
  } else if (same) {
    writeLedger(join(root, ledgerFile), after);
    say(`recorded in ${ledgerFile}, for npm run docs: ${Object.keys(proven).join(', ')}`);
  } else {
    say(`nothing is recorded: files changed while the suites ran`);
  }
  return proven;
}

void main().then((code) => (process.exitCode = code));
