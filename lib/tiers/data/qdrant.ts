import { z } from 'zod';
import { dumped } from '../../core/backup';
import { ConfigFiles } from '../../core/config-files';
import { peerHosts, StatefulSet } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { http } from '../../core/probe';
import { majority } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { backup, metrics } from '../../options';
import { collectionsDump } from './qdrant/collections-dump';
import { joinScript } from './qdrant/join-script';

/**
 * Qdrant: REST and a dashboard at `qdrant.` below the domain, gRPC inside the cluster; several pods agree by Raft.
 * https://qdrant.tech/documentation/guides/distributed_deployment/
 */
export const qdrant = defineComponent({
  title: 'Qdrant, vector search',
  documentation: 'https://qdrant.tech/documentation/',
  signIn: 'an API key, for REST and gRPC',
  keeps: 'all collections, in a backup as snapshots of each',
  tier: 'data',
  replicas: majority(3),
  volumes: { data: '20Gi' },
  options: z.strictObject({
    copies: z
      .int({ error: 'must be a whole number; write for example 2' })
      .min(1, { error: 'must be at least 1; write 2' })
      .default(2)
      .describe('Copies of each shard of a collection that asks for no number itself; at most one on each pod'),
    metrics,
    backup: backup('high'),
  }),
  needs: { gateway },
  sizes: {
    small: { storage: '5Gi' },
    large: { storage: '100Gi', resources: { limits: { cpu: '4', memory: '8Gi' } } },
  },
  build(self, { options }) {
    const { replicas } = self;
    const hosts = peerHosts(self, self.name, replicas);
    // The server reads them at each start; no data remembers them.
    const keys = new Credential(self, self.name, { keys: { apiKey: password(32), readOnlyApiKey: password(32) } });
    const data: Volume = self.volume(
      'data',
      dumped(options.backup, () => collectionsDump({ endpoint: server.endpoint('http'), hosts, apiKey: keys.key('apiKey') })),
    );
    const server = new StatefulSet(self, self.name, {
      image: images.qdrant,
      workingDir: '/qdrant',
      ...(replicas > 1 ? cluster(replicas) : { command: ['./qdrant'] }),
      env: {
        QDRANT__SERVICE__API_KEY: keys.key('apiKey'),
        QDRANT__SERVICE__READ_ONLY_API_KEY: keys.key('readOnlyApiKey'),
        // Here metrics ask for no key: the NetworkPolicy decides who may read them.
        ...(options.metrics ? { QDRANT__SERVICE__METRICS_PORT: 6336 } : {}),
        QDRANT__CLUSTER__ENABLED: replicas > 1,
        QDRANT__STORAGE__STORAGE_PATH: '/qdrant/storage',
        QDRANT__STORAGE__SNAPSHOTS_PATH: '/qdrant/storage/snapshots',
        QDRANT__STORAGE__COLLECTION__REPLICATION_FACTOR: Math.min(options.copies, replicas),
        QDRANT__TELEMETRY_DISABLED: true,
        QDRANT_INIT_FILE_PATH: '/qdrant/storage/.qdrant-initialized',
      },
      ports: {
        http: 6333,
        grpc: 6334,
        ...(replicas > 1 ? { p2p: { port: 6335, offered: false } } : {}),
        ...(options.metrics ? { metrics: { port: 6336, offered: false } } : {}),
      },
      init: dataVersion({ volume: data, program: 'Qdrant', version: '1.17', upgradesFrom: ['1.16'] }),
      mounts: {
        '/qdrant/storage': data,
        '/tmp': temporary('tmp', '64Mi'),
        ...(replicas > 1 ? { '/etc/qdrant': new ConfigFiles(self, self.name, { 'join.sh': joinScript(hosts) }) } : {}),
      },
      user: { uid: 1000, gid: 1000 },
      // Ready once it has caught up with what the others agreed on before it started; asked without a key.
      probes: { ready: http('/readyz'), live: http('/livez'), startupSeconds: 300 },
      // Requests under way come to their end.
      preStop: ['sleep', '5'],
      terminationGraceSeconds: 60,
      ...(options.metrics ? { metrics: { port: 'metrics', path: '/metrics' } } : {}),
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '2', memory: '1Gi' } },
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: server.endpoint('http'),
      // It asks for a key itself.
      access: 'public',
      tile: { title: 'Qdrant', description: 'Vector search, with a dashboard', icon: 'qdrant.png' },
    });
  },
});

/** What differs where several are one cluster. */
const cluster = (replicas: number) => ({
  replicas,
  command: ['bash', '/etc/qdrant/join.sh'],
  // The others come to the first one, which is not ready before.
  parallel: true,
  // Snapshots of shards travel by HTTP.
  peers: { ports: ['p2p', 'http'], why: 'consensus, and copies of shards' },
});
