import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './support/platforms';

/** A small repository that keeps bundles of its own. */
let folder: string;
const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const cached = (ending: string) => join('node_modules/.cache/run', `main.ts${ending}`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-run-cache-'));
  for (const file of ['run.js', 'run-cache.js', 'package.json', 'tsconfig.json']) cpSync(join(root, file), join(folder, file));
  mkdirSync(join(folder, 'part'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
  write('part/index.ts', "export const part: string = 'first';\n");
  write('main.ts', "import { part } from './part';\nconsole.log(part);\nif (process.argv[2]) throw new Error(part);\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}
const main = (...args: string[]) => run('run.js', 'main.ts', ...args);
const says = (text: string) => ({ status: 0, stdout: `${text}\n`, stderr: '' });

/** From here on esbuild fails. */
function withoutEsbuild(): void {
  const place = join(folder, 'node_modules/esbuild');
  rmSync(place);
  mkdirSync(join(place, 'lib'), { recursive: true });
  cpSync(join(root, 'node_modules/esbuild/package.json'), join(place, 'package.json'));
  writeFileSync(join(place, 'lib/main.js'), "throw new Error('made anew');\n");
}

test('as long as nothing changes nothing is made anew, also where it fails', () => {
  expect(main()).toEqual(says('first'));
  withoutEsbuild();
  expect(main()).toEqual(says('first'));
  const { status, stderr } = main('fail');
  expect(status).toBe(1);
  expect(stderr).toMatch(/Error: first\n.*\/main\.ts:3:28/s);
  expect(stderr).not.toContain('bundle.js:');
});

test.each<[what: string, change: () => void, then: string]>([
  ['a source', () => write('part/index.ts', "export const part: string = 'other';\n"), 'other'],
  ['a file in the place of one that was found', () => write('part.ts', "export const part = 'nearer';\n"), 'nearer'],
])('%s is seen from the next run on', (_, change, then) => {
  expect([main(), main()]).toEqual([says('first'), says('first')]);
  change();
  expect([main(), main()]).toEqual([says(then), says(then)]);
});

test.each<[what: string, change: () => void]>([
  ['the settings of TypeScript', () => write('tsconfig.json', '{}')],
  ['how bundles are made', () => write('run.js', `${readFileSync(join(folder, 'run.js'), 'utf8')}\n`)],
  ['the kept bundle', () => write(cached('.js'), readFileSync(join(folder, cached('.js')), 'utf8').replace('first', 'wrong'))],
  ['what is noted of it', () => write(cached('.json'), '{"sources":[')],
])('%s is other than it was: it is made anew', (_, change) => {
  main();
  withoutEsbuild();
  expect(main()).toEqual(says('first'));
  change();
  expect(main().stderr).toContain('made anew');
});

test('synth has what V8 compiled of it, since nothing in it is imported later', () => {
  cpSync(join(root, 'platforms/geoai.yaml'), join(folder, 'platforms/geoai.yaml'));
  expect(run(join(root, 'run.js'), join(root, 'main.ts'))).toMatchObject({ status: 0 });
  const kept = readFileSync(join(root, cached('.v8')));
  const [code = ''] = readFileSync(join(root, cached('.js')), 'utf8').split(/^\/\/# sourceMappingURL=/m);
  expect(kept.toString('latin1', 0, 64)).toBe(createHash('sha256').update(code).digest('hex'));
});

test('what V8 compiled of other code is not run, were it as long', () => {
  main();
  const first = readFileSync(join(folder, cached('.v8')));
  write('part/index.ts', "export const part: string = 'other';\n");
  expect(main()).toEqual(says('other'));
  writeFileSync(join(folder, cached('.v8')), first);
  expect(main()).toEqual(says('other'));
});

test('another folder with the same node_modules has its own bundle', () => {
  write('part/index.ts', 'export const part: string = __dirname;\n');
  const copy = mkdtempSync(join(tmpdir(), 'hearth-run-copy-'));
  try {
    cpSync(folder, copy, { recursive: true, filter: (path) => !path.startsWith(join(folder, 'node_modules')) });
    symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'));
    expect(main()).toEqual(says(join(folder, 'part')));
    expect(run(join(copy, 'run.js'), join(copy, 'main.ts'))).toEqual(says(join(copy, 'part')));
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test('what changes while a bundle is made is not kept', () => {
  write('early.js', 'Date.now = () => 0;\n');
  expect(run('--require', './early.js', 'run.js', 'main.ts')).toEqual(says('first'));
  expect(readdirSync(join(folder, 'node_modules/.cache/run'))).toEqual(['main.ts.v8']);
});

test('a package that is an ES module is imported, in the first run and in the next', () => {
  mkdirSync(join(folder, 'node_modules/listr2'));
  write('node_modules/listr2/package.json', '{ "type": "module", "exports": "./index.js" }');
  write('node_modules/listr2/index.js', "export const found = 'imported';\n");
  write('main.ts', "void import('listr2').then((module) => console.log((module as { found?: string }).found));\n");
  expect([main(), main()]).toEqual([says('imported'), says('imported')]);
});

test('where nothing can be written, it runs all the same', () => {
  writeFileSync(join(folder, 'node_modules/.cache'), '');
  expect([main(), main()]).toEqual([says('first'), says('first')]);
});
