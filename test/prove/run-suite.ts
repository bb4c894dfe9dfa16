import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { environment, nodesFor } from './bed';
import { factsOf } from './record';
import { isProof, onCluster, proofRunner } from './sources';

/** After that many minutes a suite is ended, with all that it started. */
const patience = 45;

const assertion = z.object({ status: z.string(), fullName: z.string(), ancestorTitles: z.array(z.string()) });

const jestResults = z.object({
  success: z.boolean(),
  numFailedTests: z.number(),
  testResults: z.array(z.object({ assertionResults: z.array(assertion) })),
});

/** Numbers of tests, as Jest gives them. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How a run of a suite ended. */
export interface Outcome extends Counts {
  /** False also where no test failed but the suite broke. */
  readonly good: boolean;
  readonly seconds: number;
  readonly failedTests: readonly string[];
  /** All that it printed. */
  readonly output: string;
  /** The facts that it recorded, see record.ts. */
  readonly recorded: readonly string[];
}

interface Results extends Counts {
  readonly good: boolean;
  readonly failedTests: readonly string[];
}

/** What Jest wrote of a run. @returns undefined where it wrote nothing, since it broke before */
export function readResults(path: string): Results | undefined {
  return existsSync(path) ? resultsOf(undefined, readFileSync(path, 'utf8')) : undefined;
}

/**
 * Of what Jest wrote, what counts for one suite.
 * @param suite its own tests are below its title; those below that of another proof are not; all of them where it is undefined
 */
export function resultsOf(suite: string | undefined, text: string): Results {
  const found = jestResults.parse(JSON.parse(text));
  const ofAnother = (titles: readonly string[]) => titles.some((title) => isProof(title) && title !== suite);
  const tests = found.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ ancestorTitles }) => suite === undefined || !ofAnother(ancestorTitles));
  const count = (...statuses: string[]) => tests.filter(({ status }) => statuses.includes(status)).length;
  const failed = count('failed');
  return {
    // A run may break without a test that fails, and then nothing of it counts.
    good: failed === 0 && (found.success || found.numFailedTests > 0),
    passed: count('passed'),
    failed,
    skipped: count('pending', 'skipped', 'todo', 'disabled'),
    failedTests: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  };
}

/**
 * Runs one suite, all of a folder, or several proofs as one: in a process of its own, and on a cluster that is empty.
 * @param suites path below the repository, such as `test/config/haproxy.test.ts` or `test/api`; several where all are proofs
 * @param folder for its results and all that it prints
 */
export async function runSuites(
  root: string,
  suites: readonly [string, ...string[]],
  folder: string,
): Promise<Map<string, Outcome>> {
  const [suite] = suites;
  const file = isProof(suite) ? proofRunner : suite;
  const name = suites.length > 1 ? `${suite} and others` : suite;
  const path = (ending: string) => join(folder, `${name.replace(/(\.test)?\.ts/, '').replaceAll(/[/ ]/g, '-')}.${ending}`);
  mkdirSync(folder, { recursive: true });
  for (const ending of ['json', 'log', 'facts']) rmSync(path(ending), { force: true });
  writeFileSync(path('facts'), '');
  const [, project = ''] = file.split('/');
  const only = file.endsWith('.test.ts') ? ['--runInBand', '--runTestsByPath', file] : ['--maxWorkers=2'];
  const jest = [
    ...[process.execPath, join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', project],
    ...['--json', `--outputFile=${path('json')}`, ...only],
  ];
  const env = {
    ...environment(root),
    HEARTH_TEST_RECORD: path('facts'),
    HEARTH_TEST_PROOFS: suites.map((each) => basename(each, '.ts')).join(),
    NODES: String(nodesFor(suite)),
  };
  const start = Date.now();
  const run = (command: readonly string[]) => finished(command, root, env, path('log'));
  const bed = join(root, '.ci/bed.sh');
  const code = onCluster(suite) ? (await run([bed, 'up'])) || (await run([bed, 'run', ...jest])) : await run(jest);
  const written = existsSync(path('json')) ? readFileSync(path('json'), 'utf8') : undefined;
  const facts = readFileSync(path('facts'), 'utf8').split('\n').filter(Boolean);
  const seconds = Math.round((Date.now() - start) / 1000 / suites.length);
  const output = readFileSync(path('log'), 'utf8');
  return new Map(
    suites.map((each) => {
      const results = written === undefined ? nothing : resultsOf(isProof(each) ? each : undefined, written);
      const good = results.good && results.passed > 0 && (code === 0 || suites.length > 1);
      return [each, { ...results, good, seconds, output, recorded: factsOf(each, facts) }];
    }),
  );
}

const nothing: Results = { good: false, passed: 0, failed: 0, skipped: 0, failedTests: [] };

/** Runs a command to its end, or until patience does. @returns its exit code */
function finished([program = '', ...args]: readonly string[], cwd: string, env: NodeJS.ProcessEnv, log: string) {
  return new Promise<number>((resolve, reject) => {
    const output = createWriteStream(log, { flags: 'a' });
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    // Jest prints its results on standard output as JSON too, which is in a file already.
    const isJest = args.some((arg) => arg === '--json');
    if (!isJest) child.stdout.pipe(output, { end: false });
    else child.stdout.resume();
    child.stderr.pipe(output, { end: false });
    const timeout = setTimeout(() => {
      output.write(`not at its end after ${patience} minutes\n`);
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, patience * 60_000);
    // The suite runs in a group of its own: whoever ends this process ends the suite along.
    const end = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      process.exit(1);
    };
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timeout);
      for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, end);
      output.end(() => resolve(code ?? 1));
    });
  });
}
