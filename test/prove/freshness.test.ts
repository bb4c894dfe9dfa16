import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { images } from '../../lib/images';
import { Freshness } from './freshness';
import type { Proof } from './ledger';
import { suiteFiles } from './sources';

/** A small repository: three suites and two proofs, one platform, two stand-in images, two commands. */
const files: Readonly<Record<string, string>> = {
  'platforms/home.yaml': `name: home
domain: home.arpa
cluster: k3s
services:
  traefik: {}
  minio: {}
  mlflow: {}
  postgis: {}
`,
  'test/config/proxy.test.ts': `import './support/server';\nimport { value } from '../../lib/value';\nvalue;\n`,
  'test/config/support/server.ts': 'export {};\n',
  'test/config/store.test.ts': 'export {};\n',
  'test/cluster/up.test.ts': 'export {};\n',
  'test/cluster/proofs.test.ts': `import './support/ladder';\n`,
  'test/cluster/support/ladder.ts': 'export {};\n',
  'test/proofs/minio.ts': `import '../cluster/support/keys';\n`,
  'test/proofs/mlflow.ts': 'export {};\n',
  'test/cluster/support/keys.ts': 'export {};\n',
  'lib/value.ts': `export { value } from './number';\n`,
  'lib/number.ts': 'export const value = 1;\n',
  'lib/order.ts': `export { deep as order } from './deep';\n`,
  'lib/deep.ts': 'export const deep = 1;\n',
  'run.js': '',
  'run-cache.js': '',
  'cli/hearth.js': '',
  'cli/hearth.ts': `import './program';\n`,
  'cli/program.ts': `import './commands/up';\nimport './commands/backup';\n`,
  'cli/applying.ts': `import { order } from '../lib/order';\norder;\n`,
  'cli/commands/up.ts': `import '../applying';\n`,
  'cli/commands/backup.ts': 'export {};\n',
  'test/cluster/images/minio/names': `${images.minio}\n`,
  'test/cluster/images/minio/layer.sh': 'install /mnt/bin/minio /mnt/bin/mc /usr/bin/\n',
  'test/cluster/images/valkey/names': `${images.valkey}\n`,
  'test/cluster/images/valkey/layer.sh': 'apt-get install valkey\n',
  '.ci/bed.sh': '# minio, from its module\nMINIO=v1 MC=v1\ngo_program minio\nVALKEY=v1\n',
  '.ci/programs.sh': 'packages="haproxy restic"\n',
  '.ci/run': 'minio\n',
};
const recorded: Readonly<Record<string, readonly string[]>> = {
  'test/config/proxy.test.ts': ['find Deployment mlflow of platforms/home.yaml', 'program haproxy'],
  'test/config/store.test.ts': ['all StatefulSet of platforms/home.yaml', 'program restic'],
  'test/proofs/minio.ts': ['command backup', 'image busybox'],
  'test/proofs/mlflow.ts': ['image minio'],
  'test/cluster/up.test.ts': ['manifests of platforms/home.yaml', 'command up', 'image busybox'],
};

describe('after all of them passed', () => {
  let root: string;
  let proofs: Record<string, Proof>;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const edit = (path: string, from: string, to: string) => {
    const text = readFileSync(join(root, path), 'utf8');
    expect(text).toContain(from);
    write(path, text.replace(from, to));
  };
  /** Suite → why it is stale, for those that are. */
  const stale = (without: string[] = []) => {
    const freshness = Freshness.read(root, Object.values(recorded).flat(), without);
    const standings = Object.keys(recorded).map((suite) => freshness.standing(suite, proofs[suite]));
    return Object.fromEntries(
      standings.filter(({ reasons }) => reasons.length > 0).map(({ suite, reasons }) => [suite, reasons]),
    );
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hearth-prove-'));
    for (const [path, text] of Object.entries(files)) write(path, text);
    const freshness = Freshness.read(root, Object.values(recorded).flat(), []);
    proofs = Object.fromEntries(
      Object.entries(recorded).map(([suite, facts]) => [
        suite,
        { passed: '2026-11-29', tests: 3, seconds: 9, saw: freshness.saw(suite, facts) },
      ]),
    );
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('they are fresh as long as nothing changes', () => {
    expect(stale()).toEqual({});
  });

  const proxy = 'test/config/proxy.test.ts';
  const store = 'test/config/store.test.ts';
  const up = 'test/cluster/up.test.ts';
  const minio = 'test/proofs/minio.ts';
  const mlflow = 'test/proofs/mlflow.ts';

  test.each<[string, string, [path: string, from: string, to: string], Record<string, string[]>]>([
    ['a suite', proxy, [proxy, 'value;', 'value();'], { [proxy]: [`file ${proxy} changed`] }],
    [
      'a file of tests that a suite imports',
      proxy,
      ['test/config/support/server.ts', '{}', '{}; run()'],
      { [proxy]: ['file test/config/support/server.ts changed'] },
    ],
    ['a source that a suite uses, further down', proxy, ['lib/number.ts', '1', '2'], { [proxy]: ['code lib/value.ts changed'] }],
    [
      'an object that one suite found',
      proxy,
      ['platforms/home.yaml', 'mlflow: {}', 'mlflow: { workers: 3 }'],
      { [proxy]: ['find Deployment mlflow of platforms/home.yaml changed'], [up]: ['manifests of platforms/home.yaml changed'] },
    ],
    [
      'an object among all of its kind',
      store,
      ['platforms/home.yaml', 'postgis: {}', 'postgis: { storage: 21Gi }'],
      { [store]: ['all StatefulSet of platforms/home.yaml changed'], [up]: ['manifests of platforms/home.yaml changed'] },
    ],
    [
      'the way a stand-in is made',
      up,
      ['test/cluster/images/minio/layer.sh', '/usr/bin/', '/usr/local/bin/'],
      { [mlflow]: ['recipe minio changed'], [up]: ['recipe minio changed'] },
    ],
    [
      'the version of a program that a stand-in copies',
      up,
      ['.ci/bed.sh', 'MC=v1', 'MC=v2'],
      { [mlflow]: ['recipe minio changed'], [up]: ['recipe minio changed'] },
    ],
    ['the stand-in of an image that no suite uses', up, ['test/cluster/images/valkey/layer.sh', 'get', 'got'], {}],
    ['the version of a program that no suite uses', up, ['.ci/bed.sh', 'VALKEY=v1', 'VALKEY=v2'], {}],
    [
      'a package of a config suite',
      proxy,
      ['.ci/programs.sh', '"haproxy', '"haproxy=3'],
      { [proxy]: ['program haproxy changed'] },
    ],
    ['a package more', proxy, ['.ci/programs.sh', 'restic', 'nginx restic'], {}],
    ['the layout, a comment and a type of a suite', proxy, [proxy, 'value;', '/** A comment. */\n  value as number;'], {}],
    ['a comment of the build', up, ['.ci/bed.sh', '# minio', '# MinIO'], {}],
    ['a command that a suite ran', up, ['cli/commands/up.ts', 'applying', 'applying.ts'], { [up]: ['command up changed'] }],
    ['what a command imports', up, ['cli/applying.ts', 'order;', 'order();'], { [up]: ['command up changed'] }],
    ['what a command imports of lib/', up, ['lib/order.ts', 'deep as', 'deep, deep as'], { [up]: ['command up changed'] }],
    ['what is further down in lib/: the manifests tell', up, ['lib/deep.ts', '1', '2'], {}],
    [
      'a command that only one suite ran',
      up,
      ['cli/commands/backup.ts', '{}', '{}; run()'],
      { [minio]: ['command backup changed'] },
    ],
    ['a proof', minio, ['test/proofs/mlflow.ts', '{}', '{}; run()'], { [mlflow]: [`file ${mlflow} changed`] }],
    [
      'what a proof imports',
      minio,
      ['test/cluster/support/keys.ts', '{}', '{}; run()'],
      { [minio]: ['file test/cluster/support/keys.ts changed'] },
    ],
    [
      'what the runner of proofs imports',
      minio,
      ['test/cluster/support/ladder.ts', '{}', '{}; run()'],
      { [minio]: ['file test/cluster/support/ladder.ts changed'], [mlflow]: ['file test/cluster/support/ladder.ts changed'] },
    ],
  ])('%s changes', (_, __, change, expected) => {
    edit(...change);
    expect(stale()).toEqual(expected);
  });

  test('an object is gone', () => {
    edit('platforms/home.yaml', '  mlflow: {}\n', '');
    expect(stale()).toEqual({
      [proxy]: ['find Deployment mlflow of platforms/home.yaml is gone'],
      [up]: ['manifests of platforms/home.yaml changed'],
    });
  });

  test('a platform that can no longer be, or has no file any more, is gone', () => {
    edit('platforms/home.yaml', 'mlflow: {}', 'mlfow: {}');
    expect(Object.keys(stale()).sort()).toEqual([up, proxy, store].sort());
    rmSync(join(root, 'platforms/home.yaml'));
    expect(stale()[store]).toEqual(['all StatefulSet of platforms/home.yaml is gone']);
  });

  test('a file of tests is gone', () => {
    rmSync(join(root, 'test/config/support/server.ts'));
    write(proxy, `import { value } from '../../lib/value';\nvalue;\n`);
    expect(stale()).toEqual({
      [proxy]: ['file test/config/proxy.test.ts changed', 'file test/config/support/server.ts is gone'],
    });
  });

  test('a stand-in for an image that had none, and a service that the bed is without', () => {
    write('test/cluster/images/mlflow/names', `${images.mlflow}\n`);
    expect(stale()).toEqual({ [up]: ['recipe mlflow is new'] });
    expect(stale(['mlflow'])).toEqual({ [up]: ['left out of platforms/home.yaml changed', 'recipe mlflow is new'] });
    expect(stale(['couchdb'])).toEqual({ [up]: ['recipe mlflow is new'] });
  });

  test('the suites that there are: proofs count as such, and their runner does not', () => {
    expect(suiteFiles(root)).toEqual([up, proxy, store, minio, mlflow]);
  });

  test('a suite without a proof says so', () => {
    expect(Freshness.read(root, []).standing(up, undefined)).toEqual({ suite: up, reasons: ['never proven'] });
  });

  test('what a suite says to have seen must be there', () => {
    const freshness = Freshness.read(root, []);
    expect(() => freshness.saw(proxy, ['find Deployment nobody of platforms/home.yaml'])).toThrow('cannot be found again');
  });
});
