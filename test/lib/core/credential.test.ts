import { Deployment } from '../../../lib/core/controllers';
import { Credential, hexadecimal, password } from '../../../lib/core/credential';
import { find, objectsOf } from '../../support/objects';
import { sleeper, testPlatform } from '../../support/platforms';

let credential: Credential;
const platform = testPlatform({
  server: {
    tier: 'data',
    build: (component) => {
      credential = new Credential(component, 'server', {
        keys: { root: password(20), app: password(20), id: hexadecimal(8) },
      });
    },
  },
  client: {
    build: (component) => {
      new Deployment(component, 'client', {
        ...sleeper,
        env: { APP: (component.platform.component('server'), credential).key('app') },
        mounts: { '/run/secrets/server': credential.files('id') },
      });
    },
  },
});
const objects = objectsOf(platform);

test('its owner’s namespace has all keys, another one what its pods use', () => {
  expect(credential.secrets).toEqual([
    { namespace: 'test-data', name: 'server', keys: ['root', 'app', 'id'] },
    { namespace: 'test-apps', name: 'server', keys: ['app', 'id'] },
  ]);
});

test('pods refer to the keys', () => {
  const { spec } = find(objects, 'Deployment', 'client').spec.template;
  expect(spec.containers[0]?.env).toContainEqual({
    name: 'APP',
    valueFrom: { secretKeyRef: { name: 'server', key: 'app' } },
  });
  expect(spec.volumes).toEqual([
    { name: 'server', secret: { secretName: 'server', items: [{ key: 'id', path: 'id' }], defaultMode: 0o440 } },
  ]);
  expect(spec.containers[0]?.volumeMounts).toEqual([{ name: 'server', mountPath: '/run/secrets/server', readOnly: true }]);
});

test('no manifest holds a Secret', () => {
  expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
});

test('a key alone is a Secret of its own', () => {
  const own = new Credential(platform.component('client'), 'own', { keys: { a: password(8), b: password(8) } });
  expect([own.alone('test-data', 'b'), own.alone('test-data', 'b')]).toEqual(['own-b', 'own-b']);
  expect(own.secrets).toEqual([
    { namespace: 'test-apps', name: 'own', keys: ['a', 'b'] },
    { namespace: 'test-data', name: 'own-b', keys: ['b'] },
  ]);
  expect(() => own.alone('test-data', 'c')).toThrow('credential own has no key c');
});

test('an unknown key is named', () => {
  expect(() => credential.key('admin')).toThrow('credential server has no key admin');
  expect(() => credential.files('id', 'admin')).toThrow('credential server has no key admin');
});
