import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import type { Platform } from '../../../../lib/core/platform';
import { all, container, envOf, find, objectsOf } from '../../../support/objects';
import { manifestFile } from '../../../support/platforms';

const platform = (more: object = {}, options: object = {}, settings: object = {}): Platform =>
  buildPlatform(
    parsePlatform(
      JSON.stringify({
        name: 'shown',
        domain: 'shown.hearth.test',
        cluster: 'k3s',
        ...settings,
        services: { traefik: {}, 'mng-valkey': {}, redisinsight: options, ...more },
      }),
      'shown.yaml',
    ),
  );
const env = (of: Platform, name = 'redisinsight') =>
  envOf(container(find(objectsOf(of), 'Deployment', name).spec.template, name));

test('the whole file', () => expect(manifestFile(platform(), 'redisinsight')).toMatchSnapshot());
test('the whole file beside a cluster', () =>
  expect(manifestFile(platform({ 'valkey-cluster': {} }), 'redisinsight')).toMatchSnapshot());

test('the cache is in its list from the start, and the cluster where the platform has one', () => {
  expect(env(platform())).toMatchObject({
    RI_REDIS_HOST1: 'mng-valkey.shown-data.svc',
    RI_REDIS_PORT1: '6379',
    RI_REDIS_ALIAS1: 'mng-valkey',
    RI_REDIS_PASSWORD1: 'mng-valkey/password',
  });
  expect(env(platform()).RI_REDIS_HOST2).toBeUndefined();
  expect(env(platform({ 'valkey-cluster': {} }))).toMatchObject({
    RI_REDIS_HOST2: 'valkey-cluster.shown-data.svc',
    RI_REDIS_PASSWORD2: 'valkey-cluster/password',
  });
});

test('of several servers it lists all, the caches first, or those that the platform file names for it', () => {
  const several = {
    queues: { component: 'mng-valkey' },
    'valkey-cluster': {},
    shards: { component: 'valkey-cluster' },
    browser: { component: 'redisinsight', uses: { cache: 'queues', valkeyCluster: 'shards' } },
  };
  const of = platform(several, {}, { providers: { cache: 'mng-valkey', valkeyCluster: 'valkey-cluster' } });
  const aliases = (name: string) =>
    Object.entries(env(of, name)).flatMap(([key, value]) => (key.startsWith('RI_REDIS_ALIAS') ? [value] : []));
  expect(aliases('redisinsight')).toEqual(['mng-valkey', 'queues', 'valkey-cluster', 'shards']);
  expect(aliases('browser')).toEqual(['queues', 'shards']);
});

test('it may reach both, and the route asks who comes', () => {
  const objects = objectsOf(platform({ 'valkey-cluster': {} }));
  const { egress } = find(objects, 'NetworkPolicy', 'redisinsight').spec;
  expect(JSON.stringify(egress)).toMatch(/mng-valkey.*valkey-cluster/);
  const route = all(objects, 'IngressRoute').find(({ metadata }) => metadata.name === 'redisinsight');
  expect(route?.spec.routes[0]?.match).toBe('Host(`redisinsight.shown.hearth.test`)');
  expect(route?.spec.routes[0]?.middlewares).toContainEqual({ name: 'basic-auth' });
});

test('its key stays as long as the data that it encrypts', () => {
  const credential = platform().graph.credentials.find(({ name }) => name === 'redisinsight');
  expect(credential?.storedIn?.name).toBe('data');
  expect(credential?.rotation).toBeUndefined();
});
