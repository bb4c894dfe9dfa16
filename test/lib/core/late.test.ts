import { Deployment } from '../../../lib/core/controllers';
import { Credential, password } from '../../../lib/core/credential';
import { known, late } from '../../../lib/core/late';
import { temporary } from '../../../lib/core/mount';
import type { WorkloadProps } from '../../../lib/core/workload';
import { container, containersOf, envOf, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

/** The pod template of a program whose late values follow from a component that is built after it. */
function podWith(props: (others: () => string[]) => Partial<WorkloadProps>) {
  const platform = testPlatform({
    first: {
      build: (self) => {
        const others = () => self.platform.graph.workloads.filter((w) => w.component !== self).map(({ name }) => name);
        new Deployment(self, 'first', { ...sleeper, ...props(others) });
      },
    },
    second: { build: (self) => void new Deployment(self, 'second', sleeper) },
  });
  return find(objectsOf(platform), 'Deployment', 'first').spec.template;
}

test('env, command and arguments see what later components declare', () => {
  const pod = podWith((others) => ({
    env: { OTHERS: late(() => others().join()), NOT: late(() => undefined) },
    command: late(() => ['echo', ...others()]),
    args: late(() => others()),
  }));
  const { command, args } = container(pod, 'first');
  expect([command, args]).toEqual([['echo', 'second'], ['second']]);
  expect(envOf(container(pod, 'first'))).toEqual({ TZ: 'UTC', OTHERS: 'second' });
});

test('late mounts become volumes, and late init containers run before the program', () => {
  const pod = podWith((others) => ({
    mounts: late(() => Object.fromEntries(others().map((name) => [`/${name}`, temporary(name, '1Mi')]))),
    init: late(() => Object.fromEntries(others().map((name) => [`ask-${name}`, sleeper]))),
  }));
  expect(pod.spec.volumes).toEqual([{ name: 'second', emptyDir: { sizeLimit: '1Mi' } }]);
  expect(containersOf(pod).map(({ name }) => name)).toEqual(['ask-second', 'first']);
});

test('a credential in a late value is one that the workload reads', () => {
  const platform = testPlatform({
    app: {
      build: (self) => {
        const credential = new Credential(self, 'app', { keys: { token: password(20) } });
        new Deployment(self, 'app', { ...sleeper, env: { TOKEN: late(() => credential.key('token')) } });
      },
    },
  });
  expect(platform.graph.workloads.flatMap(({ credentials }) => credentials).map(({ name }) => name)).toEqual(['app']);
});

test('a late value is made once', () => {
  let calls = 0;
  const value = late(() => ++calls);
  const app = testPlatform({ app: {} }).component('app');
  expect([known(value, app), known(value, app), calls]).toEqual([1, 1, 1]);
});

test('one that is read while components are being built is an error that names both', () => {
  const early = () =>
    testPlatform({
      first: {
        build: (self) => {
          const server = new Deployment(self, 'first', { ...sleeper, mounts: late(() => ({})) });
          expect(server.volumes).toEqual([]);
        },
      },
    });
  expect(early).toThrow('a late value of first is read while first is built; read it once all components are');
});
