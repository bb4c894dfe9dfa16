import { Cache, cache } from '../../../lib/bindings/cache';
import type { Component } from '../../../lib/core/component';
import { ConfigFiles } from '../../../lib/core/config-files';
import { Deployment } from '../../../lib/core/controllers';
import { Credential, password } from '../../../lib/core/credential';
import { gateway } from '../../../lib/core/gateway';
import type { WorkloadProps } from '../../../lib/core/workload';
import { container, envOf, find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform, type TestEntry } from '../../support/platforms';

/** A server with a password, which gives caches away. */
const store: TestEntry = {
  tier: 'data',
  provides: { cache },
  build: (component) => {
    const server = new Deployment(component, 'store', { ...sleeper, ports: { redis: 6379 } });
    const credential = new Credential(component, 'store', { keys: { password: password(16) } });
    const endpoint = server.endpoint('redis');
    return { cache: { cache: (why: string) => new Cache({ endpoint, credential, why, clientImage: sleeper.image }) } };
  },
};

/** A platform with the store, and with a program that is made of what it gets there. */
const withApp = (props: (binding: Cache, component: Component) => Partial<WorkloadProps>) =>
  testPlatform({
    store,
    app: {
      needs: { gateway, cache },
      build: (component) => {
        const binding = component.provider(cache).cache('sessions');
        new Deployment(component, 'app', { ...sleeper, ...props(binding, component) });
      },
    },
  });
const egress = (platform: ReturnType<typeof withApp>) =>
  find(objectsOf(platform), 'NetworkPolicy', 'app')
    .spec.egress.flatMap(({ to }) => to ?? [])
    .map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/instance']);
const waits = (platform: ReturnType<typeof withApp>) =>
  find(objectsOf(platform), 'Deployment', 'app').spec.template.spec.initContainers?.map(({ name }) => name);

describe('a value of a binding is its use', () => {
  test.each<[string, (binding: Cache) => Partial<WorkloadProps>]>([
    ['a URL in the environment', (binding) => ({ env: { CACHE: binding.url() } })],
    ['a key in the environment', (binding) => ({ env: { PASSWORD: binding.key('password') } })],
    ['files', (binding) => ({ mounts: { '/run/secrets/cache': binding.files('password') } })],
    ['a key of a sidecar', (binding) => ({ sidecars: { side: { ...sleeper, env: { P: binding.key('password') } } } })],
    ['the binding itself', (binding) => ({ uses: [binding] })],
  ])('%s', (_, props) => {
    const platform = withApp(props);
    expect(egress(platform)).toContain('store');
    expect(waits(platform)).toEqual(['wait-for-store']);
  });

  test('said in two ways, it is one', () => {
    const platform = withApp((binding) => ({ env: { CACHE: binding.url() }, uses: [binding] }));
    expect(waits(platform)).toEqual(['wait-for-store']);
    expect(platform.graph.connections.map(({ from, to }) => `${from.name} ${to.workload.name}`)).toEqual(['app store']);
    expect(envOf(container(find(objectsOf(platform), 'Deployment', 'app').spec.template, 'app')).CACHE).toBe(
      'redis://:$(STORE_PASSWORD)@store.test-data.svc:6379/0',
    );
  });
});

describe('what a workload names but does not use', () => {
  const use = 'but nothing there uses it: take a value of a binding, or name the endpoint under uses';
  const credential = `app reads the credential store of store, ${use}`;
  const address = `app names the address of store, ${use}`;

  test.each<[string, Parameters<typeof withApp>[0], string]>([
    ['a key', (binding) => ({ env: { PASSWORD: binding.credential.key('password') } }), credential],
    ['files of a key', (binding) => ({ mounts: { '/run/key': binding.credential.files('password') } }), credential],
    ['an address in the environment', ({ endpoint }) => ({ env: { HOST: endpoint.host } }), address],
    ['an address among the arguments', ({ endpoint }) => ({ args: [`--cache=${endpoint.url('redis')}`] }), address],
    [
      'an address in its configuration',
      ({ endpoint }, component) => ({
        mounts: { '/etc/app': new ConfigFiles(component, 'app', { 'app.conf': `cache ${endpoint.address}` }) },
      }),
      `configuration app names the address of store, ${use}`,
    ],
  ])('%s', (_, props, message) => expect(() => withApp(props)).toThrow(message));
});
