import type { Component } from '../../../lib/core/component';
import { ConfigFiles } from '../../../lib/core/config-files';
import { Deployment, Job, type ReplicatedProps } from '../../../lib/core/controllers';
import type { MountSource } from '../../../lib/core/mount';
import type { Reload } from '../../../lib/core/reload';
import { container, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

/** A component that mounts files of two kinds: such as are reloaded, and others. */
const platform = (
  reload: Reload | undefined,
  make: (component: Component, settings: ConfigFiles) => unknown = (component, settings) =>
    new Deployment(component, 'web', { ...sleeper, mounts: mounts(component, settings) }),
) =>
  testPlatform({
    app: {
      build: (component) => void make(component, new ConfigFiles(component, 'settings', { 'app.conf': 'a\n' }, { reload })),
    },
  });
const mounts = (component: Component, settings: MountSource) => ({
  '/etc/app': settings,
  '/etc/other': new ConfigFiles(component, 'other', { 'other.conf': 'b\n' }),
});
const pod = (reload: Reload | undefined) => find(objectsOf(platform(reload)), 'Deployment', 'web').spec.template;
const command = (reload: Reload) => container(pod(reload), 'app').command ?? [];

test('pods carry no hash of files that are reloaded, and still one of others', () => {
  const hashes = (reload: Reload | undefined) => Object.keys(pod(reload).metadata.annotations);
  expect(hashes(undefined)).toEqual(['hearth/config-other', 'hearth/config-settings']);
  for (const reload of ['watched', { signal: 'HUP' }, { command: ['app', 'reload'] }] as const) {
    expect(hashes(reload)).toEqual(['hearth/config-other']);
  }
});

test('a program that watches its files is started as it is', () => {
  expect(command('watched')).toEqual(['sleep', 'infinity']);
});

test('otherwise a shell looks after the folder, and becomes the program', () => {
  const [shell, flag, script, ...rest] = command({ signal: 'HUP' });
  expect([shell, flag, rest]).toEqual(['sh', '-c', ['sh', 'sleep', 'infinity']]);
  expect(script).toContain("known=$(readlink '/etc/app/..data')");
  expect(script).toContain('kill -s HUP ${$}');
  // Kubernetes makes one of two dollar signs.
  expect(script).not.toContain('$$');
  expect(script).not.toContain('/etc/other');
  expect(script?.endsWith('exec "$@"\n')).toBe(true);
});

test('a command is given as it was said', () => {
  expect(command({ command: ['app', 'say it’s', "don't"] })[2]).toContain("! 'app' 'say it’s' 'don'\\''t' || known=$seen");
});

test('nothing else of the pod changes: no container, no shared processes, no right', () => {
  const { spec } = pod({ signal: 'HUP' });
  expect(spec.containers).toHaveLength(1);
  expect(spec).not.toHaveProperty('shareProcessNamespace');
  expect(container(pod({ signal: 'HUP' }), 'app').securityContext).toEqual(container(pod(undefined), 'app').securityContext);
});

describe('what could not reload is an error', () => {
  const made = (props: (settings: ConfigFiles) => Partial<ReplicatedProps>, reload: Reload = { signal: 'HUP' }) =>
    platform(reload, (component, settings) => new Deployment(component, 'web', { ...sleeper, ...props(settings) }));

  test('a single file, which the kubelet never changes', () => {
    expect(() => made((settings) => ({ mounts: { '/etc/app.conf': settings.file('app.conf') } }), 'watched')).toThrow(
      'Deployment web mounts app.conf of settings alone in its container app, which stays as it is when they change; mount their folder',
    );
  });

  test('a program that the image starts', () => {
    expect(() => made((settings) => ({ command: undefined, mounts: { '/etc/app': settings } }))).toThrow(
      'Deployment web leaves it to the image what its container app runs, which shall reload settings; say command, since a shell starts it then',
    );
    expect(() => made((settings) => ({ command: undefined, mounts: { '/etc/app': settings } }), 'watched')).not.toThrow();
  });

  test('an init container', () => {
    expect(() => made((settings) => ({ init: { prepare: { ...sleeper, mounts: { '/etc/app': settings } } } }))).toThrow(
      'Deployment web reads settings once, in its container prepare; leave reload of these files out',
    );
  });

  test('a job', () => {
    expect(() =>
      platform('watched', (component, settings) => new Job(component, 'web', { ...sleeper, mounts: { '/etc/app': settings } })),
    ).toThrow('Job web reads settings once, in its container app; leave reload of these files out');
  });
});
