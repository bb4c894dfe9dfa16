import { ConfigFiles, json, yaml } from '../../../lib/core/config-files';
import { Deployment } from '../../../lib/core/controllers';
import { find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

const objectsWith = (content: ConstructorParameters<typeof ConfigFiles>[2]) =>
  objectsOf(
    testPlatform({
      app: {
        build: (component) => {
          const config = new ConfigFiles(component, 'settings', content);
          new Deployment(component, 'web', {
            ...sleeper,
            mounts: { '/etc/app': config, '/etc/hosts.d/own': config.file('own') },
          });
          new Deployment(component, 'worker', sleeper);
        },
      },
    }),
  );
const hashOf = (content: Record<string, string> | (() => Record<string, string>)) =>
  find(objectsWith(content), 'Deployment', 'web').spec.template.metadata.annotations['hearth/config-settings'];

test('one ConfigMap, mounted as a folder and as a single file', () => {
  const objects = objectsWith({ own: 'a\n', 'app.yaml': 'b: 1\n' });
  expect(find(objects, 'ConfigMap', 'settings').data).toEqual({ own: 'a\n', 'app.yaml': 'b: 1\n' });
  const { spec } = find(objects, 'Deployment', 'web').spec.template;
  expect(spec.volumes).toEqual([{ name: 'settings', configMap: { name: 'settings' } }]);
  expect(spec.containers[0]?.volumeMounts).toEqual([
    { name: 'settings', mountPath: '/etc/app', readOnly: true },
    { name: 'settings', mountPath: '/etc/hosts.d/own', subPath: 'own', readOnly: true },
  ]);
});

test('a file that programs start is executable, beside others that are not; a misspelt one is an error', () => {
  const volumesWith = (executable: string[]) =>
    find(
      objectsOf(
        testPlatform({
          app: {
            build: (component) => {
              const files = { 'run.sh': '#!/bin/sh\n', 'app.yaml': 'a: 1\n' };
              const config = new ConfigFiles(component, 'settings', files, { executable });
              new Deployment(component, 'web', { ...sleeper, mounts: { '/etc/app': config } });
            },
          },
        }),
      ),
      'Deployment',
      'web',
    ).spec.template.spec.volumes;
  const items = [
    { key: 'run.sh', path: 'run.sh', mode: 0o555 },
    { key: 'app.yaml', path: 'app.yaml' },
  ];
  expect(volumesWith(['run.sh'])).toEqual([{ name: 'settings', configMap: { name: 'settings', items } }]);
  expect(() => volumesWith(['start.sh'])).toThrow('settings has no file start.sh, which shall be executable');
});

test('the hash on the pods changes exactly with the content', () => {
  expect(hashOf({ own: 'a' })).toMatch(/^[0-9a-f]{16}$/);
  expect(hashOf({ own: 'a' })).toBe(hashOf({ own: 'a' }));
  expect(hashOf({ own: 'a' })).toBe(hashOf(() => ({ own: 'a' })));
  const hashes = [hashOf({ own: 'a' }), hashOf({ own: 'b' }), hashOf({ other: 'a' }), hashOf({ own: 'a', more: '' })];
  expect(new Set(hashes).size).toBe(4);
});

test('pods that do not mount it have no hash', () => {
  const { metadata } = find(objectsWith({ own: 'a' }), 'Deployment', 'worker').spec.template;
  expect(metadata).not.toHaveProperty('annotations');
});

test('lazy content sees what later components declare, and is made once', () => {
  let calls = 0;
  const platform = testPlatform({
    first: {
      build: (component) => {
        const names = () => {
          calls++;
          return { names: component.platform.graph.workloads.map(({ name }) => name).join() };
        };
        new Deployment(component, 'first', {
          ...sleeper,
          mounts: { '/etc/names': new ConfigFiles(component, 'names', names) },
        });
      },
    },
    second: { build: (component) => void new Deployment(component, 'second', sleeper) },
  });
  expect(find(objectsOf(platform), 'ConfigMap', 'names').data).toEqual({ names: 'first,second' });
  expect(calls).toBe(1);
});

test('rendering', () => {
  expect(yaml({ on: 'yes', long: 'word '.repeat(40) })).toBe(`on: yes\nlong: "${'word '.repeat(40)}"\n`);
  expect(json({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
});
