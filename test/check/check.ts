import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { relatedTests } from './related';

/**
 * `npm run check`: types, style, and the unit tests nearest to what is not committed yet; `npm run check -- COMMIT`: to what is
 * new since that commit. What it learnt of unchanged files stays in `node_modules/.cache`.
 */
const [since = 'HEAD'] = process.argv.slice(2);
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
const cache = (name: string) => `node_modules/.cache/check/${name}`;
const isUnitTest = (path: string) => path.endsWith('.test.ts') && !/^test\/(api|config|cluster)\//.test(path);

/** Runs a program of a package; prints what it says where it fails. @returns whether it did not */
async function step(title: string, program: string, ...args: string[]): Promise<boolean> {
  const start = Date.now();
  const child = spawn(`node_modules/.bin/${program}`, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${title}, ${seconds} s`);
  if (code !== 0) console.log(`${out}${err}`);
  return code === 0;
}

const known = git('ls-files', '--cached', '--others', '--exclude-standard');
const changed = [...git('diff', '--name-only', since), ...git('ls-files', '--others', '--exclude-standard')];
const tests = relatedTests(
  changed,
  known.filter((path) => isUnitTest(path) && existsSync(path)),
  (path) => readFileSync(path, 'utf8'),
);

const cached = (name: string) => ['--cache', '--cache-strategy', 'content', '--cache-location', cache(name)];

/** Types take as long as the rest, which runs beside them one after the other. */
async function checked(): Promise<boolean> {
  const types = step('types', 'tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', cache('types.tsbuildinfo'));
  const others = [
    await step('lint', 'eslint', ...cached('eslint'), '.'),
    await step('format', 'prettier', ...cached('prettier'), '--log-level', 'warn', '--check', '.'),
    tests.length === 0 || (await step(`tests: ${tests.join(' ')}`, 'jest', '--selectProjects', 'unit', '--runInBand', ...tests)),
  ];
  return (await types) && others.every(Boolean);
}

void checked().then((good) => {
  process.exitCode = good ? 0 : 1;
});
