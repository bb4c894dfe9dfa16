import { z } from 'zod';
import { Cache, type CacheServer } from '../../bindings/cache';
import { backup, metrics, resources, storage } from '../../config/options';
import { dumped } from '../../core/backup';
import { Component } from '../../core/component';
import { ConfigFiles } from '../../core/config-files';
import { StatefulSet } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import type { Platform } from '../../core/platform';
import { exec } from '../../core/probe';
import { sized } from '../../core/resources';
import { Volume } from '../../core/volume';
import { images } from '../../images';
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

export const mngValkeyOptions = z
  .strictObject({
    maxMemory,
    evictionPolicy,
    storage: storage('5Gi'),
    resources,
    metrics,
    backup: backup('high'),
  })
  .superRefine(withinLimit);

/** One Valkey for the sessions, queues and caches of other components. https://valkey.io/topics/ */
export class MngValkey extends Component implements CacheServer {
  private readonly credential: Credential;
  private readonly server: StatefulSet;

  constructor(platform: Platform, options: z.output<typeof mngValkeyOptions>) {
    super(platform, 'mng-valkey');
    platform.provide('cache', this, this);
    const data = new Volume('data', {
      size: options.storage,
      backup: dumped(options.backup, () =>
        serverDump({ endpoint: this.server.endpoint('redis'), credential: this.credential, ...options }),
      ),
    });
    this.credential = new Credential(this, 'mng-valkey', {
      keys: { password: password(32) },
      rotation: addPassword(
        () => this.server,
        () => ['127.0.0.1'],
      ),
    });
    this.server = new StatefulSet(this, 'mng-valkey', {
      image: images.valkey,
      command: startCommand(['requirepass $REDISCLI_AUTH']),
      env: authentication(this.credential),
      ports: { redis: 6379 },
      mounts: {
        '/data': data,
        '/etc/valkey': new ConfigFiles(this, 'mng-valkey', { 'valkey.conf': valkeyConf(options) }),
      },
      init: dataVersion({ volume: data, ...valkeyVersion }),
      sidecars: options.metrics ? { exporter: exporter(this.credential) } : {},
      ...(options.metrics ? { metrics: { port: 'metrics', path: '/metrics' } } : {}),
      user: valkeyUser,
      probes: { ready: exec('sh', '-c', '[ "$(valkey-cli PING)" = PONG ]'), live: alive },
      terminationGraceSeconds: 60,
      resources: sized(defaultResources, options.resources),
    });
  }

  cache(why: string): Cache {
    return new Cache({
      endpoint: this.server.endpoint('redis'),
      credential: this.credential,
      why,
      clientImage: images.valkey,
    });
  }
}
