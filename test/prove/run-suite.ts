import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { environment, nodesFor } from './bed';

/** After that many minutes a suite is ended, with all that it started. */
const patience = 45;

const jestResults = z.object({
  success: z.boolean(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })) })),
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

/** What Jest wrote of a run. @returns undefined where it wrote nothing, since it broke before */
export function readResults(path: string): (Counts & { good: boolean; failedTests: string[] }) | undefined {
  if (!existsSync(path)) return undefined;
  const found = jestResults.parse(JSON.parse(readFileSync(path, 'utf8')));
  const tests = found.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    good: found.success,
    passed: found.numPassedTests,
    failed: found.numFailedTests,
    skipped: found.numPendingTests + found.numTodoTests,
    failedTests: tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  };
}

/**
 * Runs one suite, or all of a folder: in a process of its own, and a cluster suite on an empty cluster of its own.
 * @param suite path below the repository, such as `test/config/haproxy.test.ts` or `test/api`
 * @param folder for its results and all that it prints
 */
export async function runSuite(root: string, suite: string, folder: string): Promise<Outcome> {
  const [, project = ''] = suite.split('/');
  const path = (ending: string) => join(folder, `${suite.replace(/\.test\.ts$/, '').replaceAll('/', '-')}.${ending}`);
  mkdirSync(folder, { recursive: true });
  for (const ending of ['json', 'log', 'facts']) rmSync(path(ending), { force: true });
  writeFileSync(path('facts'), '');
  const only = suite.endsWith('.test.ts') ? ['--runInBand', '--runTestsByPath', suite] : ['--maxWorkers=2'];
  const jest = [
    ...[process.execPath, join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', project],
    ...['--json', `--outputFile=${path('json')}`, ...only],
  ];
  const env = { ...environment(root), HEARTH_TEST_RECORD: path('facts'), NODES: String(nodesFor(suite)) };
  const start = Date.now();
  const run = (command: readonly string[]) => finished(command, root, env, path('log'));
  const bed = join(root, '.ci/bed.sh');
  const code = project === 'cluster' ? (await run([bed, 'up'])) || (await run([bed, 'run', ...jest])) : await run(jest);
  const results = readResults(path('json'));
  return {
    ...(results ?? { passed: 0, failed: 0, skipped: 0, failedTests: [] }),
    good: code === 0 && results?.good === true && results.passed > 0,
    seconds: Math.round((Date.now() - start) / 1000),
    output: readFileSync(path('log'), 'utf8'),
    recorded: readFileSync(path('facts'), 'utf8').split('\n').filter(Boolean),
  };
}

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
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timeout);
      output.end(() => resolve(code ?? 1));
    });
  });
}
