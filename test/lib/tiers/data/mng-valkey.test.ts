import { cache } from '../../../../lib/bindings/cache';
import { buildPlatform } from '../../../../lib/build-platform';
import { catalogue } from '../../../../lib/catalogue';
import { parsePlatform } from '../../../../lib/config/load';
import type { Component } from '../../../../lib/core/component';
import { Deployment } from '../../../../lib/core/controllers';
import type { Platform } from '../../../../lib/core/platform';
import { all, container, envOf, find, objectsOf } from '../../../support/objects';
import { manifestFile, sleeper, testPlatform } from '../../../support/platforms';

const platform = (options: object = {}, more: object = {}): Platform =>
  buildPlatform(
    parsePlatform(
      JSON.stringify({
        name: 'one',
        domain: 'one.hearth.test',
        cluster: 'k3s',
        services: { traefik: {}, 'mng-valkey': options },
        ...more,
      }),
      'one.yaml',
    ),
  );
const conf = (options: object = {}) => find(objectsOf(platform(options)), 'ConfigMap', 'mng-valkey').data['valkey.conf'] ?? '';
const server = (options: object = {}) => find(objectsOf(platform(options)), 'StatefulSet', 'mng-valkey');

test.each(['single', 'high'])('the whole file, availability %s', (availability) =>
  expect(manifestFile(platform({}, { availability }), 'mng-valkey')).toMatchSnapshot(),
);

test('every write is kept: append-only file, nothing evicted', () => {
  const lines = conf().split('\n');
  expect(lines).toEqual(
    expect.arrayContaining(['appendonly yes', 'appendfsync everysec', 'maxmemory-policy noeviction', 'dir /data']),
  );
});

test('keys may fill three quarters of the memory limit, or what is said', () => {
  expect(conf()).toContain(`maxmemory ${384 * 2 ** 20}\n`);
  expect(conf({ resources: { limits: { memory: '1Gi' } } })).toContain(`maxmemory ${768 * 2 ** 20}\n`);
  expect(conf({ maxMemory: '100Mi', evictionPolicy: 'allkeys-lru' })).toMatch(
    /maxmemory 104857600\nmaxmemory-policy allkeys-lru\n/,
  );
  expect(() => platform({ maxMemory: '512Mi' })).toThrow(/maxMemory.*not below the memory limit of 512Mi/);
  expect(() => platform({ maxMemory: 'much' })).toThrow(/write for example 1Gi/);
  expect(() => platform({ evictionPolicy: 'never' })).toThrow(/write noeviction to lose nothing/);
});

test('the password comes by standard input: no argument, file or ConfigMap has it', () => {
  const { command, args, env } = container(server().spec.template, 'mng-valkey');
  expect([...command, ...((args as string[] | undefined) ?? [])]).toEqual([
    'sh',
    '-c',
    'exec valkey-server /etc/valkey/valkey.conf - <<END\nrequirepass $REDISCLI_AUTH\nEND',
  ]);
  expect(env.find(({ name }) => name === 'REDISCLI_AUTH')?.valueFrom.secretKeyRef).toEqual({
    name: 'mng-valkey',
    key: 'password',
  });
  expect(conf()).not.toContain('requirepass');
});

test('while it reads its file it lives, and is not ready', () => {
  const { livenessProbe, readinessProbe, startupProbe } = container(server().spec.template, 'mng-valkey');
  expect(livenessProbe.exec.command).toEqual(['valkey-cli', 'PING']);
  expect(startupProbe.exec.command).toEqual(livenessProbe.exec.command);
  expect(readinessProbe.exec.command.at(-1)).toBe('[ "$(valkey-cli PING)" = PONG ]');
});

test('data of another major version is refused', () => {
  expect(envOf(container(server().spec.template, 'check-data-version'))).toMatchObject({
    VERSION: '9',
    KNOWN: '9 7 8',
  });
});

test('metrics: an exporter that only the pod itself offers, or none', () => {
  const { metadata, spec } = server().spec.template;
  expect(metadata.annotations).toMatchObject({ 'prometheus.io/port': '9121', 'prometheus.io/path': '/metrics' });
  expect(envOf(container(server().spec.template, 'exporter'))).toMatchObject({
    REDIS_ADDR: 'redis://127.0.0.1:6379',
    REDIS_PASSWORD: 'mng-valkey/password',
  });
  const service = find(objectsOf(platform()), 'Service', 'mng-valkey');
  expect(service.spec.ports.map(({ port }) => port)).toEqual([6379]);
  expect(spec.containers.map(({ name }) => name)).toEqual(['mng-valkey', 'exporter']);
  const without = server({ metrics: false }).spec.template;
  expect(without.spec.containers.map(({ name }) => name)).toEqual(['mng-valkey']);
  expect(without.metadata.annotations['prometheus.io/scrape']).toBeUndefined();
});

test('a new password is told to the running server by standard input, beside the old one', () => {
  const credential = platform().graph.credentials.find(({ name }) => name === 'mng-valkey');
  if (credential?.rotation?.by !== 'command') throw new Error('rotated in another way');
  const { rotation } = credential;
  expect(rotation.in().name).toBe('mng-valkey');
  expect(rotation.command.slice(3)).toEqual(['add-password', '127.0.0.1']);
  expect(rotation.input({ password: 'next' })).toBe('next\n');
});

test('a consumer gets a URL, waits for an answer to its password, and only it may come', () => {
  const consumers = {
    tower: {
      needs: { cache },
      build: (component: Component) => {
        const sessions = component.provider(cache).cache('sessions');
        new Deployment(component, 'tower', { ...sleeper, env: { CACHE: sessions.url(2) }, uses: [sessions] });
      },
    },
  };
  const own = { 'mng-valkey': catalogue['mng-valkey'] } as typeof catalogue;
  const objects = objectsOf(testPlatform(consumers, { services: { gateway: {}, tower: {}, 'mng-valkey': {} } }, own));
  const { template } = find(objects, 'Deployment', 'tower').spec;
  expect(envOf(container(template, 'tower')).CACHE).toBe('redis://:$(MNG_VALKEY_PASSWORD)@mng-valkey.test-data.svc:6379/2');
  const wait = container(template, 'wait-for-mng-valkey');
  expect(wait.command.at(-1)).toContain('valkey-cli -h mng-valkey.test-data.svc -p 6379 PING)" = PONG');
  expect(envOf(wait).REDISCLI_AUTH).toBe('mng-valkey/password');
  const policy = all(objects, 'NetworkPolicy').find(({ metadata }) => metadata.name === 'mng-valkey');
  expect(policy?.spec.ingress).toHaveLength(1);
  expect(policy?.spec.ingress[0]?.ports).toEqual([{ port: 6379, protocol: 'TCP' }]);
});
