import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root } from './support/platforms';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-run-'));
  mkdirSync(join(folder, 'inner'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (file: string, text: string) => writeFileSync(join(folder, file), text);

/** Runs a file of the folder, from another one. */
function run(file: string, ...args: string[]) {
  const whole = [join(root, 'run.js'), join(folder, file), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, whole, { cwd: tmpdir(), encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('arguments come through, each file knows its own folder, and nothing is written', () => {
  write('inner/own.ts', 'export const own: string = __dirname;\n');
  write('main.ts', "import { own } from './inner/own';\nconsole.log(own, process.argv.slice(2), process.cwd());\n");
  const { status, stdout, stderr } = run('main.ts', '--one', 'two');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(`${join(folder, 'inner')} [ '--one', 'two' ] ${tmpdir()}\n`);
  expect(readdirSync(folder).sort()).toEqual(['inner', 'main.ts']);
  const kept = join(root, 'node_modules/.cache/run');
  expect(existsSync(kept) ? readdirSync(kept).filter((name) => name.includes(basename(folder))) : []).toEqual([]);
});

test('a change counts from the next run on, and what main.ts imports later is loaded later', () => {
  write('inner/late.ts', "console.log('loaded');\nexport const late = 1;\n");
  write(
    'main.ts',
    "if (process.argv[2]) void import('./inner/late').then(({ late }) => console.log(late));\nelse console.log('never');\n",
  );
  expect(run('main.ts').stdout).toBe('never\n');
  expect(run('main.ts', 'late').stdout).toBe('loaded\n1\n');
  write('inner/late.ts', 'export const late = 2;\n');
  expect(run('main.ts', 'late').stdout).toBe('2\n');
});

test.each(['now', 'later'])('what is thrown %s names its line of TypeScript, and the exit code is 1', (when) => {
  write(
    'inner/thrower.ts',
    'interface Reason {\n  readonly text: string;\n}\nexport function thrower({ text }: Reason): never {\n  throw new Error(text);\n}\n',
  );
  write(
    'main.ts',
    "import { thrower } from './inner/thrower';\nconst fail = () => thrower({ text: 'on purpose' });\nif (process.argv[2] === 'now') fail();\nelse setTimeout(fail, 1);\n",
  );
  const { status, stderr } = run('main.ts', when);
  expect(status).toBe(1);
  expect(stderr).toContain('Error: on purpose\n');
  expect(stderr).toMatch(/at thrower \(.*\/inner\/thrower\.ts:5:9\)/);
});

test('a file that is no TypeScript: which line is wrong', () => {
  write('main.ts', 'const x: = 3;\n');
  const { status, stderr } = run('main.ts');
  expect(status).toBe(1);
  expect(stderr).toMatch(/main\.ts:1:9: ERROR: Unexpected "="/);
});
