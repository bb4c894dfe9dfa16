import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ts from 'typescript';
import { root } from '../support/platforms';
import { newComponent, Refused } from './new-component';

// Every test starts processes that load the whole project.
jest.setTimeout(300_000);

/** The repository once more, where files can be made. */
let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'hearth-new-'));
  for (const name of readdirSync(root)) {
    if (['.git', '.prove', 'dist', 'node_modules'].includes(name)) continue;
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(copy, path), 'utf8');

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  return { status, stdout, stderr };
}
const make = (...args: string[]) => node('run.js', 'test/new/new.ts', ...args);

/** What the compiler says of these files, which it reads with all that they import. */
function typeErrors(...paths: string[]): string[] {
  const { config } = ts.readConfigFile(join(copy, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: paths, include: [] }, ts.sys, copy);
  const program = ts.createProgram(
    paths.map((path) => join(copy, path)),
    options,
  );
  return paths
    .flatMap((path) => program.getSemanticDiagnostics(program.getSourceFile(join(copy, path))))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('all that is wrong is said at once, and nothing is written', () => {
  const before = ['lib/catalogue.ts', 'lib/images.ts', 'test/evidence.yaml'].map(read);
  const wrong = ['--needs', 'sql,objectStor', '--port', '0', '--image', 'nginx:latest', '--documentation', 'x', '--title', ' '];
  expect(make('toolin', 'Demo', ...wrong)).toEqual({
    status: 1,
    stdout: '',
    stderr: `there is no tier "toolin"; did you mean "tooling"?
"Demo" is no name of a component: it must be 3 to 30 lower-case letters, digits and dashes, and begin with a letter; write for example orders-db
--needs: there is no need "objectStor"; did you mean "objectStore"?
--port: "0" is no port; write a number from 1 to 65535, for example 8080
--title: must be one line; write for example "Demo, a page that greets"
--documentation: "x" is no address; write for example https://mlflow.org/docs/latest/
--image: "nginx:latest" must be registry, name and version; write for example docker.io/library/nginx:1.30
`,
  });
  expect(['lib/catalogue.ts', 'lib/images.ts', 'test/evidence.yaml'].map(read)).toEqual(before);
});

test.each([
  ['mlflow', 'there is a component "mlflow" already; write another name'],
  ['postgres-options', 'lib/tiers/data/postgres-options.ts is there already, and is not that of a component; write another name'],
  ['cache', '"cache" means something else in the file of a component; write for example cache-server'],
  ['switch', '"switch" means something else in the file of a component; write for example switch-server'],
])('a name that is taken: %s', (name, sentence) => {
  expect(() => newComponent({ tier: 'data', name }, root)).toThrow(new Refused(sentence));
});

describe('a component that uses others', () => {
  const definition = 'lib/tiers/tooling/greeting-page.ts';
  const unitTest = 'test/lib/tiers/tooling/greeting-page.test.ts';
  const proof = 'test/proofs/greeting-page.ts';
  let made: ReturnType<typeof make>;
  beforeAll(() => {
    const needs = ['--needs', 'sql,objectStore,cache,identity,valkeyCluster'];
    made = make('tooling', 'greeting-page', '--image', 'registry.hearth.test/greeting:1.2.3', '--port', '8081', ...needs);
  });

  test('is written with its snapshot, in the place of its tier; what is left to a person is listed with its lines', () => {
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout.match(/^(written|changed) .*$/gm)).toEqual([
      `written  ${definition}`,
      `written  ${unitTest}`,
      `written  ${proof}`,
      'written  test/platforms/greeting-page.yaml',
      'changed  lib/catalogue.ts',
      'changed  test/evidence.yaml',
      'changed  lib/images.ts',
      'written  pages of docs/',
      `written  snapshot of ${unitTest}`,
    ]);
    expect(existsSync(join(copy, 'test/lib/tiers/tooling/__snapshots__/greeting-page.test.ts.snap'))).toBe(true);
    expect(read('lib/images.ts')).toContain(
      "depName=registry.hearth.test/greeting\n  greetingPage: 'registry.hearth.test/greeting:1.2.3',\n",
    );
    const left = (path: string) => {
      const lines = read(path).split('\n');
      return lines.flatMap((line, i) =>
        line.includes('// Replace: ') ? [`  ${path}:${i + 1}  ${line.split('Replace: ')[1]}`] : [],
      );
    };
    expect(made.stdout.match(/^ {2}.*$/gm)).toEqual([...left(definition), ...left(proof)]);
  });

  test('has the right types, and the style of the others', () => {
    expect(typeErrors(definition, unitTest, proof)).toEqual([]);
    const checked = [definition, unitTest, proof, 'test/platforms/greeting-page.yaml', 'lib/catalogue.ts', 'test/evidence.yaml'];
    expect(node('node_modules/prettier/bin/prettier.cjs', '--check', ...checked)).toMatchObject({ status: 0 });
  });

  test('synthesizes on a platform of its own, told of all that it uses', () => {
    rmSync(join(copy, 'platforms'), { recursive: true });
    cpSync(join(copy, 'test/platforms/greeting-page.yaml'), join(copy, 'platforms/greeting-page.yaml'));
    expect(node('run.js', 'main.ts')).toMatchObject({ status: 0 });
    const manifest = read('dist/greeting-page/09-tooling/greeting-page.k8s.yaml');
    expect(manifest).toContain('image: registry.hearth.test/greeting:1.2.3');
    expect(manifest).toContain('value: postgresql://greeting_page:$(POSTGIS_GREETING_PAGE_PASSWORD)@postgis.');
    for (const name of ['S3_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'REDIS_URL', 'REDIS_CLUSTER_URL', 'OIDC_CLIENT_SECRET']) {
      expect(manifest).toContain(`name: ${name}\n`);
    }
  });

  test('is not to be used as it is: the proof fails with a sentence, lint refuses what is left, nothing more is claimed', async () => {
    const { proof: written } = jest.requireActual<{ proof: Record<'read' | 'write', () => Promise<unknown>> }>(join(copy, proof));
    const sentence = 'test/proofs/greeting-page.ts does not say yet how greeting-page is used';
    await expect(written.write()).rejects.toThrow(sentence);
    await expect(written.read()).rejects.toThrow(sentence);
    const { status, stdout } = node('node_modules/eslint/bin/eslint.js', proof, definition);
    expect([status, stdout.match(/no-warning-comments/g)?.length]).toEqual([1, made.stdout.match(/^ {2}/gm)?.length]);
    expect(read('test/evidence.yaml')).toMatch(/\ngreeting-page:\n {2}level: synthesized\n/);
  });
});
