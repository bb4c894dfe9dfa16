import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import type { Platform } from '../../../../lib/core/platform';
import { all, container, envOf, find, objectsOf } from '../../../support/objects';
import { manifestFile } from '../../../support/platforms';

const platform = (more: object = {}, options: object = {}): Platform =>
  buildPlatform(
    parsePlatform(
      JSON.stringify({
        name: 'shown',
        domain: 'shown.hearth.test',
        cluster: 'k3s',
        services: { traefik: {}, 'mng-valkey': {}, redisinsight: options, ...more },
      }),
      'shown.yaml',
    ),
  );
const env = (of: Platform) =>
  envOf(container(find(objectsOf(of), 'Deployment', 'redisinsight').spec.template, 'redisinsight'));

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
