import { z } from 'zod';
import { cache, valkeyCluster, type Cache } from '../../bindings/cache';
import { archived } from '../../core/backup';
import type { Component } from '../../core/component';
import { Deployment } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import type { Need } from '../../core/need';
import { http } from '../../core/probe';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';
import { access, backup } from '../../options';

/**
 * Redis Insight: keys of the platform's Valkey servers in a browser. It knows no users of its own.
 * https://redis.io/docs/latest/develop/tools/insight/
 */
export const redisinsight = defineComponent({
  title: 'Redis Insight, a browser for Valkey',
  documentation: 'https://redis.io/docs/latest/develop/tools/insight/',
  signIn: 'nothing itself: its route decides',
  keeps: 'connections and history, in a backup as an archive of the volume, for which it is stopped',
  tier: 'data',
  replicas: { why: 'it is one pod, since it notes connections and history in a file on its volume' },
  volumes: { data: '1Gi' },
  options: z.strictObject({
    access: access('sso'),
    backup: backup('medium'),
  }),
  needs: { gateway, cache },
  optional: { valkeyCluster },
  build(self, { options }) {
    const data = self.volume('data', archived(options.backup));
    const encryption = new Credential(self, self.name, {
      keys: { encryptionKey: password(32) },
      storedIn: data,
    });
    const connections = connectionsOf(self);
    const server = new Deployment(self, self.name, {
      image: images.redisInsight,
      command: ['node', 'redisinsight/api/dist/src/main'],
      workingDir: '/usr/src/app',
      env: {
        RI_APP_HOST: '0.0.0.0',
        RI_APP_PORT: 5540,
        RI_APP_FOLDER_ABSOLUTE_PATH: '/data',
        RI_ENCRYPTION_KEY: encryption.key('encryptionKey'),
        RI_FILES_LOGGER: false,
        RI_STDOUT_LOGGER: true,
        // https://redis.io/docs/latest/operate/redisinsight/configuration/#preconfigure-database-connections
        ...Object.assign({}, ...connections.map(variables)),
        HOME: '/tmp',
      },
      ports: { http: 5540 },
      mounts: { '/data': data, '/tmp': temporary('tmp', '256Mi') },
      init: dataVersion({ volume: data, program: 'Redis Insight', version: '3', upgradesFrom: ['2'] }),
      // Without a wait: it shows, too, that a server does not answer.
      uses: connections.map(({ endpoint, why, credential }) => ({ endpoint, why, credential })),
      user: { uid: 1000, gid: 1000 },
      probes: { ready: http('/api/health/'), startupSeconds: 120 },
      resources: { requests: { cpu: '20m', memory: '192Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: server.endpoint('http'),
      access: options.access,
      tile: { title: 'Redis Insight', description: 'Keys of the Valkey servers', icon: 'redis.png' },
    });
  },
});

/** A server that is in the list from the start. */
type Connection = Pick<Cache, 'endpoint' | 'why' | 'credential'>;

/** The caches of the platform, then its Valkey clusters. */
function connectionsOf(self: Component): Connection[] {
  const why = 'shows its keys';
  return [
    ...providers(self, cache).map((server) => server.cache(why)),
    ...providers(self, valkeyCluster).map((server) => server.client(why)),
  ];
}

/** All that serve a need, unless the platform file names one for this service. */
function providers<T>({ name, platform }: Component, need: Need<T>): T[] {
  const named = platform.config.services[name]?.uses[need.name];
  const services = named === undefined ? platform.servicesFor(need) : [named];
  return services.map((service) => platform.providerBy(need, service));
}

/** The end of the names tells the connections apart. */
function variables({ endpoint, credential }: Connection, index: number) {
  return {
    [`RI_REDIS_HOST${index + 1}`]: endpoint.host,
    [`RI_REDIS_PORT${index + 1}`]: endpoint.port.service,
    [`RI_REDIS_ALIAS${index + 1}`]: endpoint.workload.name,
    [`RI_REDIS_USERNAME${index + 1}`]: 'default',
    [`RI_REDIS_PASSWORD${index + 1}`]: credential.key('password'),
  };
}
