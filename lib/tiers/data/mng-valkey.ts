import { z } from 'zod';
import { Cache, cache } from '../../bindings/cache';
import { dumped } from '../../core/backup';
import { ConfigFiles } from '../../core/config-files';
import { StatefulSet } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import { exec } from '../../core/probe';
import type { Volume } from '../../core/volume';
import { images } from '../../images';
import { backup, metrics } from '../../options';
import { serverDump } from './valkey/dump';
import {
  addPassword,
  alive,
  authentication,
  evictionPolicy,
  exporter,
  maxMemory,
  sizeOf,
  startCommand,
  valkeyConf,
  valkeyUser,
  valkeyVersion,
} from './valkey/server';

/** One Valkey for the sessions, queues and caches of other components. https://valkey.io/topics/ */
export const mngValkey = defineComponent({
  title: 'Management cache, Valkey for sessions and queues',
  documentation: 'https://valkey.io/docs/',
  signIn: 'one password for all; nobody comes to it from outside',
  keeps: 'all keys, in a backup as a dump of the running server',
  tier: 'data',
  replicas: {
    why: 'it is one server in one pod, with all keys',
    instead: 'remove it; valkey-cluster has several, by availability: high',
  },
  volumes: { data: '5Gi' },
  options: z.strictObject({
    maxMemory,
    evictionPolicy,
    metrics,
    backup: backup('high'),
  }),
  provides: { cache },
  build(self, { options }) {
    const resources = sizeOf(self, options);
    const data: Volume = self.volume(
      'data',
      dumped(options.backup, () =>
        serverDump({ endpoint: server.endpoint('redis'), credential, storage: data.props.size, resources }),
      ),
    );
    const credential = new Credential(self, self.name, {
      keys: { password: password(32) },
      rotation: addPassword(
        () => server,
        () => ['127.0.0.1'],
      ),
    });
    const server: StatefulSet = new StatefulSet(self, self.name, {
      image: images.valkey,
      command: startCommand(['requirepass $REDISCLI_AUTH']),
      env: authentication(credential),
      ports: { redis: 6379 },
      mounts: {
        '/data': data,
        '/etc/valkey': new ConfigFiles(self, self.name, { 'valkey.conf': valkeyConf({ ...options, resources }) }),
      },
      init: dataVersion({ volume: data, ...valkeyVersion }),
      sidecars: options.metrics ? { exporter: exporter(credential) } : {},
      ...(options.metrics ? { metrics: { port: 'metrics', path: '/metrics' } } : {}),
      user: valkeyUser,
      probes: { ready: exec('sh', '-c', '[ "$(valkey-cli PING)" = PONG ]'), live: alive },
      terminationGraceSeconds: 60,
      resources,
    });
    const endpoint = server.endpoint('redis');
    return {
      cache: { cache: (why) => new Cache({ endpoint, credential, why, clientImage: images.valkey }) },
    };
  },
});
