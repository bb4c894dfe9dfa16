import { z } from 'zod';
import { Cache, cache } from '../../bindings/cache';
import { dumped } from '../../core/backup';
import { ConfigFiles } from '../../core/config-files';
import { StatefulSet } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import { exec } from '../../core/probe';
import { sized } from '../../core/resources';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { backup, metrics, resources, storage } from '../../options';
import { serverDump } from './valkey/dump';
import {
  addPassword,
  alive,
  authentication,
  defaultResources,
  evictionPolicy,
  exporter,
  maxMemory,
  startCommand,
  valkeyConf,
  valkeyUser,
  valkeyVersion,
  withinLimit,
} from './valkey/server';

/** One Valkey for the sessions, queues and caches of other components. https://valkey.io/topics/ */
export const mngValkey = defineComponent({
  title: 'Management cache, Valkey for sessions and queues',
  documentation: 'https://valkey.io/docs/',
  signIn: 'one password for all; nobody comes to it from outside',
  keeps: 'all keys, in a backup as a dump of the running server',
  tier: 'data',
  options: z
    .strictObject({
      maxMemory,
      evictionPolicy,
      storage: storage('5Gi'),
      resources,
      metrics,
      backup: backup('high'),
    })
    .superRefine(withinLimit),
  provides: { cache },
  build(self, { options }) {
    const data = new Volume('data', {
      size: options.storage,
      backup: dumped(options.backup, () => serverDump({ endpoint: server.endpoint('redis'), credential, ...options })),
    });
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
        '/etc/valkey': new ConfigFiles(self, self.name, { 'valkey.conf': valkeyConf(options) }),
      },
      init: dataVersion({ volume: data, ...valkeyVersion }),
      sidecars: options.metrics ? { exporter: exporter(credential) } : {},
      ...(options.metrics ? { metrics: { port: 'metrics', path: '/metrics' } } : {}),
      user: valkeyUser,
      probes: { ready: exec('sh', '-c', '[ "$(valkey-cli PING)" = PONG ]'), live: alive },
      terminationGraceSeconds: 60,
      resources: sized(defaultResources, options.resources),
    });
    const endpoint = server.endpoint('redis');
    return {
      cache: { cache: (why) => new Cache({ endpoint, credential, why, clientImage: images.valkey }) },
    };
  },
});
