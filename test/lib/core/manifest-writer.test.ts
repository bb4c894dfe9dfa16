import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import * as YAML from 'yaml';
import type { Component } from '../../../lib/core/component';
import { ConfigFiles } from '../../../lib/core/config-files';
import { CronJob, Deployment, Job, StatefulSet } from '../../../lib/core/controllers';
import { manifests, writeFolder } from '../../../lib/core/manifest-writer';
import { Volume } from '../../../lib/core/volume';
import { parse } from '../../support/objects';
import { sleeper, testPlatform, type TestEntry } from '../../support/platforms';

describe('manifests', () => {
  const configMap =
    (name: string): TestEntry['build'] =>
    (component) =>
      void new k8s.KubeConfigMap(component, 'map', { metadata: { name } });

  test('one file a component, one a tier, one a cluster-wide kind; empty files are left out', () => {
    const platform = testPlatform({ app: { build: configMap('app') }, idle: {} });
    expect([...manifests(platform).keys()]).toEqual([
      'test/00-cluster/namespaces.k8s.yaml',
      'test/00-cluster/priority-classes.k8s.yaml',
      'test/00-cluster/storage-classes.k8s.yaml',
      'test/01-gateway/tier.k8s.yaml',
      'test/11-apps/app.k8s.yaml',
      'test/11-apps/tier.k8s.yaml',
    ]);
  });

  test('an object that is declared twice names both owners', () => {
    const build = (component: Component) => {
      for (const id of ['first', 'second']) new k8s.KubeConfigMap(component, id, { metadata: { name: 'settings' } });
    };
    const platform = testPlatform({ app: { build } });
    expect(() => manifests(platform)).toThrow('ConfigMap settings is declared twice: by app/first and by app/second');
  });

  test('text stays text for a reader of YAML 1.1, such as kubectl', () => {
    const texts =
      'on off yes no y n true null ~ 0644 0x1F 0b1 0o7 1_000 1e3 .5 1. .inf 12:30:45 2001-01-01 = << *a &a !a @a %a #a [a] {a} -';
    const data = Object.fromEntries(
      [...texts.split(' '), '', ' a ', 'a: b', 'a #b', 'a\nb\n', 'a\n\n b', '\ta', 'ü', '"', "'", '\\'].map((text, i) => [
        `k${i}`,
        text,
      ]),
    );
    const platform = testPlatform({
      app: {
        build: (component) => void new k8s.KubeConfigMap(component, 'map', { metadata: { name: 'texts' }, data }),
      },
    });
    const file = manifests(platform).get('test/11-apps/app.k8s.yaml') ?? '';
    expect(YAML.parse(file, { version: '1.1' })).toMatchObject({ data });
    expect(YAML.parse(file, { version: '1.2' })).toMatchObject({ data });
  });

  test('the same name in two namespaces or of two kinds is no clash', () => {
    const build: TestEntry['build'] = (component) => {
      configMap('settings')?.(component);
      new k8s.KubeServiceAccount(component, 'account', { metadata: { name: 'settings' } });
    };
    expect(() => manifests(testPlatform({ one: { build }, two: { tier: 'data', build } }))).not.toThrow();
  });

  test('within a file what others need comes first, then names', () => {
    const data = new Volume('data', { size: '1Gi', backup: 'none' });
    const build: TestEntry['build'] = (component) => {
      new Job(component, 'job', sleeper);
      new CronJob(component, 'cron', { ...sleeper, schedule: '0 0 * * *' });
      new StatefulSet(component, 'set', { ...sleeper, ports: { http: 8080 } });
      new Deployment(component, 'b', { ...sleeper, replicas: 2, mounts: { '/data': data } });
      const config = new ConfigFiles(component, 'config', { a: '' });
      new Deployment(component, 'a', {
        ...sleeper,
        mounts: { '/etc/a': config },
        kubernetes: { why: 'It reads.', namespaces: ['test-apps'], rules: [] },
        internet: { why: 'It fetches.' },
      });
    };
    const text = manifests(testPlatform({ app: { build } })).get('test/11-apps/app.k8s.yaml') ?? '';
    expect(parse(text).map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/^job-.*/, 'job')}`)).toEqual([
      'NetworkPolicy a',
      'ServiceAccount a',
      'Role test-apps-a',
      'RoleBinding test-apps-a',
      'ConfigMap config',
      'PersistentVolumeClaim b-data',
      'Service set',
      'Service set-peers',
      'PodDisruptionBudget b',
      'Deployment a',
      'Deployment b',
      'StatefulSet set',
      'Job job',
      'CronJob cron',
    ]);
  });
});

describe('writeFolder', () => {
  let folder: string;
  let output: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearth-writer-'));
    output = join(folder, 'dist');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const read = (path: string) => readFileSync(join(output, path), 'utf8');
  const put = (path: string, content: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  };

  test('makes the folder, and replaces it as a whole', () => {
    writeFolder(output, new Map([['a/old.yaml', 'old']]));
    expect(read('a/old.yaml')).toBe('old');
    writeFolder(output, new Map([['a/new.yaml', 'new']]));
    expect(readdirSync(join(output, 'a'))).toEqual(['new.yaml']);
    expect(readdirSync(folder)).toEqual(['dist']);
  });

  test('a failure leaves the old folder', () => {
    put('dist/good.yaml', 'good');
    // A file cannot be a folder, too.
    const broken = new Map([
      ['a', ''],
      ['a/b', ''],
    ]);
    expect(() => writeFolder(output, broken)).toThrow();
    expect(readdirSync(output)).toEqual(['good.yaml']);
    writeFolder(output, new Map([['next.yaml', '']]));
    expect(readdirSync(folder)).toEqual(['dist']);
    expect(readdirSync(output)).toEqual(['next.yaml']);
  });

  test('an interrupted swap leaves the good folder aside: it is put back before anything else', () => {
    put('dist.old/good.yaml', 'good');
    put('dist.new/half.yaml', '');
    expect(() =>
      writeFolder(
        output,
        new Map([
          ['a', ''],
          ['a/b', ''],
        ]),
      ),
    ).toThrow();
    expect(read('good.yaml')).toBe('good');
    expect(existsSync(`${output}.old`)).toBe(false);
  });

  test('leftovers of an interrupted run are removed', () => {
    put('dist/good.yaml', 'good');
    put('dist.old/older.yaml', '');
    put('dist.new/half.yaml', '');
    writeFolder(output, new Map([['next.yaml', 'next']]));
    expect(readdirSync(folder)).toEqual(['dist']);
    expect(readdirSync(output)).toEqual(['next.yaml']);
  });

  test('no files are an empty folder', () => {
    put('dist/good.yaml', 'good');
    writeFolder(output, new Map());
    expect(readdirSync(output)).toEqual([]);
    expect(readdirSync(folder)).toEqual(['dist']);
  });
});
