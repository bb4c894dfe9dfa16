import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './support/platforms';

// Every test starts a process or two.
jest.setTimeout(60_000);

/** The project in a folder of its own, so that `dist/` there can be broken. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-synth-'));
  for (const name of [
    'node_modules',
    'lib',
    'imports',
    'crds',
    'main.ts',
    'run.js',
    'run-cache.js',
    'package.json',
    'tsconfig.json',
    'cdk8s.yaml',
  ]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  cpSync(join(root, 'platforms'), join(folder, 'platforms'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    // All manifests of all platforms.
    maxBuffer: 2 ** 26,
    env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false', npm_config_update_notifier: 'false' },
  });
  return { status, stdout, stderr };
}
const synth = () => run(process.execPath, 'run.js', 'main.ts');
const cdk8sSynth = (...args: string[]) => run(join(root, 'node_modules/.bin/cdk8s'), 'synth', ...args);

/** Path → content of everything below a folder. */
function contents(name: string): Record<string, string> {
  const top = join(folder, name);
  const files = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [relative(top, path), readFileSync(path, 'utf8')]),
  );
}

const wrong = 'name: wrong\ndomain: example.com\ncluster: k3s\nservices: { traefik: {}, mlfow: {} }\n';
/** What only its services together show. */
const impossible =
  'name: impossible\ndomain: a.home.arpa\ncluster: k3s\nservices:\n  traefik: {}\n  tailscale-gate: { to: nothing }\n';
const complaints = [
  'platforms/impossible.yaml:6  services.tailscale-gate.to: there is no service "nothing" in this platform; there is none yet',
  'platforms/wrong.yaml:2  domain: example.com is a placeholder; write the domain that you own, or one below localhost to try things out',
  'platforms/wrong.yaml:4  services.mlfow: there is no service "mlfow"; did you mean "mlflow"?',
].join('\n');
const stackTrace = /^ {4}at /m;

describe.each([
  ['npm run synth', synth],
  ['cdk8s synth', () => cdk8sSynth()],
])('%s', (_, command) => {
  test('wrong platform files: their problems, exit code 1, no stack trace, dist/ as it was', () => {
    mkdirSync(join(folder, 'dist/geoai'), { recursive: true });
    writeFileSync(join(folder, 'dist/geoai/good.yaml'), 'good');
    const before = contents('dist');
    writeFileSync(join(folder, 'platforms/wrong.yaml'), wrong);
    writeFileSync(join(folder, 'platforms/impossible.yaml'), impossible);
    const { status, stderr, stdout } = command();
    expect(status).toBe(1);
    expect(stderr).toContain(complaints);
    expect(`${stderr}${stdout}`).not.toMatch(stackTrace);
    expect(contents('dist')).toEqual(before);
    expect(before).toEqual({ 'geoai/good.yaml': 'good' });
    expect(readdirSync(folder).filter((name) => name.startsWith('dist'))).toEqual(['dist']);
  });
});

test('npm run synth and cdk8s synth write the same bytes', () => {
  expect(synth()).toMatchObject({ status: 0, stdout: '' });
  const plain = contents('dist');
  expect(Object.keys(plain)).toContain('geoai/08-ai/mlflow.k8s.yaml');

  // What is no longer declared goes away, and what was edited by hand comes back.
  writeFileSync(join(folder, 'dist/leftover.yaml'), '');
  writeFileSync(join(folder, 'dist/geoai/08-ai/mlflow.k8s.yaml'), '');
  const { status, stderr, stdout } = cdk8sSynth();
  expect([status, stderr.match(stackTrace)]).toEqual([0, null]);
  expect(stdout).toContain('mlflow.k8s.yaml');
  expect(contents('dist')).toEqual(plain);
});

test('notices go to standard error', () => {
  expect(synth().stderr.split('\n')).toEqual(
    expect.arrayContaining([
      'geoai: single sign-on is not part of the platform: routes with access sso ask for the gateway password',
    ]),
  );
});

test('cdk8s synth --stdout prints every manifest and writes none', () => {
  const { status, stdout } = cdk8sSynth('--stdout');
  expect(status).toBe(0);
  for (const name of ['geoai-ai', 'geoai-dev-ai']) expect(stdout).toContain(`namespace: ${name}\n`);
  expect(existsSync(join(folder, 'dist'))).toBe(false);
});

test('cdk8s synth --output writes to another folder, and leaves dist/ alone', () => {
  synth();
  const plain = contents('dist');
  writeFileSync(join(folder, 'dist/own.yaml'), '');
  expect(cdk8sSynth('--output', 'other').status).toBe(0);
  expect(contents('other')).toEqual(plain);
  expect(existsSync(join(folder, 'dist/own.yaml'))).toBe(true);
});

test('no platform files at all: said, and dist/ as it was', () => {
  synth();
  const before = contents('dist');
  rmSync(join(folder, 'platforms'), { recursive: true });
  expect(synth()).toEqual({
    status: 1,
    stdout: '',
    stderr: 'platforms  has no platform file; write one, for example geoai.yaml\n',
  });
  expect(contents('dist')).toEqual(before);
});
