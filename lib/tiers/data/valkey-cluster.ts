import { z } from 'zod';
import { Cache, valkeyCluster as clusterNeed } from '../../bindings/cache';
import { dumped } from '../../core/backup';
import type { Component } from '../../core/component';
import { ConfigFiles } from '../../core/config-files';
import { CronJob, Job, peerDomain, StatefulSet } from '../../core/controllers';
import { Credential, password } from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { defineComponent } from '../../core/definition';
import type { Endpoint } from '../../core/endpoint';
import { late } from '../../core/late';
import { temporary } from '../../core/mount';
import { exec } from '../../core/probe';
import type { Resources } from '../../core/resources';
import type { Volume } from '../../core/volume';
import type { WorkloadProps } from '../../core/workload';
import { images } from '../../images';
import { backup, metrics } from '../../options';
import { clusterDump } from './valkey/dump';
import { joinScript } from './valkey/join-script';
import { greetPeers, handOver, nodeReady } from './valkey/node-scripts';
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

const options = z
  .strictObject({
    shards: z
      .int({ error: 'must be a whole number; write 3' })
      .min(3, { error: 'must be at least 3, since the majority of the masters decides; write 3' })
      .max(100, { error: 'must be at most 100; write 3' })
      .default(3)
      .describe('Masters, between which the keys are divided; more of them later take no keys by themselves'),
    replicasPerShard: z
      .int({ error: 'must be a whole number; write 1' })
      .min(0, { error: 'must be at least 0; write 1' })
      .max(5, { error: 'must be at most 5; write 1' })
      .optional()
      .describe('Replicas of each master; by default 0, or 1 where availability is high'),
    nodeTimeout: z
      .int({ error: 'must be a whole number of milliseconds; write 5000' })
      .min(1000, { error: 'must be at least 1000 milliseconds; write 5000' })
      .default(5000)
      .describe('Milliseconds without an answer after which a node counts as failed, and a replica takes over'),
    minReplicasToWrite: z
      .int({ error: 'must be a whole number; write 1' })
      .min(0, { error: 'must be at least 0; write 1' })
      .optional()
      .describe(
        'Connected replicas below which a master takes no writes; by default 1 where each has two, else 0, since the loss of a node would stop writes',
      ),
    maxMemory,
    evictionPolicy,
    metrics,
    backup: backup('high'),
  })
  .superRefine(({ replicasPerShard, minReplicasToWrite = 0 }, context) => {
    if (replicasPerShard === undefined || minReplicasToWrite <= replicasPerShard) return;
    const message = `no master has ${minReplicasToWrite} replicas; write at most ${replicasPerShard}`;
    context.addIssue({ code: 'custom', path: ['minReplicasToWrite'], message });
  });

type Options = z.output<typeof options>;

/**
 * Valkey as a cluster: masters that divide the keys between them, and replicas that take over from them.
 * https://valkey.io/topics/cluster-tutorial/
 */
export const valkeyCluster = defineComponent({
  title: 'Valkey cluster, masters with replicas that take over',
  documentation: 'https://valkey.io/topics/cluster-tutorial/',
  signIn: 'one password for all; nobody comes to it from outside',
  keeps: 'all keys, in a backup as a dump of every master',
  tier: 'data',
  replicas: {
    why: 'the number of its pods follows from its masters',
    instead: 'write shards, and replicasPerShard: 1 or availability: high',
  },
  volumes: { data: '5Gi' },
  options,
  provides: { valkeyCluster: clusterNeed },
  build(self, { options }) {
    const resources = sizeOf(self, options);
    const { shards, replicasPerShard = self.platform.replicas(2) - 1 } = options;
    const data: Volume = self.volume(
      'data',
      dumped(options.backup, () => clusterDump({ endpoint, credential, storage: data.props.size, resources })),
    );
    const credential = new Credential(self, self.name, {
      keys: { password: password(32) },
      rotation: addPassword(
        () => nodes,
        () => nodes.peerHosts,
      ),
    });
    const replicas = shards * (1 + replicasPerShard);
    const nodes: StatefulSet = new StatefulSet(self, self.name, {
      image: images.valkey,
      command: startCommand([
        'requirepass $REDISCLI_AUTH',
        'masterauth $REDISCLI_AUTH',
        'cluster-announce-ip $POD_IP',
        `cluster-announce-hostname $POD_NAME.${peerDomain(self, self.name)}`,
        'cluster-announce-human-nodename $POD_NAME',
        'availability-zone $NODE_NAME',
      ]),
      env: {
        ...authentication(credential),
        POD_NAME: { fieldPath: 'metadata.name' },
        POD_IP: { fieldPath: 'status.podIP' },
        NODE_NAME: { fieldPath: 'spec.nodeName' },
        NODES: late(() => endpoint.members.join(' ')),
      },
      ports: { redis: 6379, bus: { port: 16379, offered: false } },
      peers: { ports: ['redis', 'bus'], why: 'replication, and votes on who is master' },
      replicas,
      // What one of three nodes holds: masters there hand over to replicas on the others.
      maxUnavailable: replicasPerShard > 0 ? Math.ceil(replicas / 3) : 1,
      parallel: true,
      mounts: {
        '/data': data,
        '/etc/valkey': new ConfigFiles(self, self.name, {
          'valkey.conf': nodeConf({ ...options, resources }, replicasPerShard),
        }),
      },
      init: dataVersion({ volume: data, ...valkeyVersion }),
      sidecars: options.metrics ? { exporter: exporter(credential) } : {},
      ...(options.metrics ? { metrics: { port: 'metrics', path: '/metrics' } } : {}),
      user: valkeyUser,
      probes: { ready: exec('sh', '-c', nodeReady), live: alive },
      postStart: ['sh', '-c', greetPeers],
      preStop: ['sh', '-c', handOver],
      terminationGraceSeconds: 60,
      resources,
    });
    // Any node: a client learns from it where the others are.
    const endpoint: Endpoint = nodes.endpoint('redis');
    join(self, endpoint, {
      ...authentication(credential),
      NODES: endpoint.members.join(' '),
      SHARDS: shards,
      REPLICAS: replicasPerShard,
    });
    return {
      valkeyCluster: { client: (why) => new Cache({ endpoint, credential, why, clientImage: images.valkey }) },
    };
  },
});

function nodeConf(options: Options & { readonly resources: Resources }, replicasPerShard: number): string {
  const further = {
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': options.nodeTimeout,
    // Clients reconnect by names that outlive the pods' addresses.
    'cluster-preferred-endpoint-type': 'hostname',
    // Keys of masters that live are served while others are not.
    'cluster-require-full-coverage': 'no',
    'cluster-allow-replica-migration': 'yes',
    'min-replicas-to-write': options.minReplicasToWrite ?? (replicasPerShard > 1 ? 1 : 0),
    'min-replicas-max-lag': 10,
  };
  return valkeyConf({ ...options, further });
}

/** Makes the cluster, and mends it from then on. */
function join(self: Component, endpoint: Endpoint, env: NonNullable<WorkloadProps['env']>): void {
  const script = new ConfigFiles(self, `${self.name}-join`, { 'join.sh': joinScript });
  const props = (patience: number): WorkloadProps => ({
    image: images.valkey,
    command: ['sh', '/etc/valkey-cluster/join.sh'],
    env: { ...env, PATIENCE: patience },
    mounts: { '/etc/valkey-cluster': script, '/tmp': temporary('tmp', '16Mi') },
    uses: [{ endpoint, why: 'makes and mends the cluster' }],
    user: valkeyUser,
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '64Mi' } },
  });
  new Job(self, `${self.name}-join`, props(300));
  new CronJob(self, `${self.name}-repair`, {
    ...props(15),
    schedule: '*/5 * * * *',
    retries: 0,
    restartPolicy: 'Never',
    deadlineSeconds: 15 * 60,
  });
}
