import { z } from 'zod';
import type { Cache } from '../../bindings/cache';
import { access, backup, resources, storage } from '../../config/options';
import { Component } from '../../core/component';
import { Deployment } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { temporary } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { sized } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { ValkeyCluster } from './valkey-cluster';

export const redisInsightOptions = z.strictObject({
  access: access('sso'),
  storage: storage('1Gi'),
  resources,
  backup: backup('medium'),
});

/** A server that is in the list from the start. */
type Connection = Pick<Cache, 'endpoint' | 'why' | 'credential'>;

/**
 * Redis Insight: keys of the platform's Valkey servers in a browser. It knows no users of its own.
 * https://redis.io/docs/latest/develop/tools/insight/
 */
export class RedisInsight extends Component {
  constructor(platform: Platform, options: z.output<typeof redisInsightOptions>) {
    super(platform, 'redisinsight');
    const data = new Volume('data', {
      size: options.storage,
      backup: options.backup === 'none' ? 'none' : { priority: options.backup, method: 'archive' },
    });
    const encryption = new Credential(this, 'redisinsight', {
      keys: { encryptionKey: password(32) },
      storedIn: data,
    });
    const connections = connectionsOf(platform);
    const server = new Deployment(this, 'redisinsight', {
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
      uses: connections.map(({ endpoint, why }) => ({ endpoint, why })),
      user: { uid: 1000, gid: 1000 },
      probes: { ready: http('/api/health/'), startupSeconds: 120 },
      resources: sized(
        { requests: { cpu: '20m', memory: '192Mi' }, limits: { cpu: '500m', memory: '512Mi' } },
        options.resources,
      ),
    });
    new HttpRoute(this, 'redisinsight', {
      hosts: ['redisinsight'],
      to: server.endpoint('http'),
      access: options.access,
      tile: { title: 'Redis Insight', description: 'Keys of the Valkey servers', icon: 'redis.png' },
    });
  }
}

/** The cache of the platform, and its Valkey cluster where it has one. */
function connectionsOf(platform: Platform): Connection[] {
  const why = 'shows its keys';
  const cache = platform.cache().cache(why);
  if (platform.config.services['valkey-cluster'] === undefined) return [cache];
  const cluster = platform.component('valkey-cluster');
  return isCluster(cluster) ? [cache, cluster.client(why)] : [cache];
}

// `instanceof` of a construct says nothing about its type.
const isCluster = (component: Component): component is ValkeyCluster => component instanceof ValkeyCluster;

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
