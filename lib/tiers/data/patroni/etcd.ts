import type { Component } from '../../../core/component';
import { peerDomain, peerHosts, StatefulSet } from '../../../core/controllers';
import { dataVersion } from '../../../core/data-version';
import { http } from '../../../core/probe';
import { images } from '../../../images';
import { etcdMembers } from './etcd-members';

/**
 * etcd, which decides who leads: `client` on 2379 for those who ask it. It keeps nothing that Patroni could not make again,
 * so no backup holds it. https://etcd.io/docs/v3.6/op-guide/configuration/
 */
export function etcd(component: Component, name: string, members: number): StatefulSet {
  const data = component.volume('etcd', 'none', 'data');
  const hosts = peerHosts(component, name, members);
  const own = `$(POD_NAME).${peerDomain(component, name)}`;
  return new StatefulSet(component, name, {
    image: images.etcd,
    // The image has no shell: Kubernetes itself fills in the name of the pod.
    command: ['/usr/local/bin/etcd'],
    args: [
      '--name=$(POD_NAME)',
      '--data-dir=/var/lib/etcd/data',
      '--listen-client-urls=http://0.0.0.0:2379',
      // Clients learn addresses, so that a failover asks no DNS, which may have gone with the same node.
      '--advertise-client-urls=http://$(POD_IP):2379',
      '--listen-peer-urls=http://0.0.0.0:2380',
      `--initial-advertise-peer-urls=http://${own}:2380`,
      `--initial-cluster=${hosts.map((host, member) => `${name}-${member}=http://${host}:2380`).join()}`,
      `--initial-cluster-token=${component.tier.namespace}-${name}`,
      '--initial-cluster-state=new',
      // The client port answers only once a majority is there: how this member itself is, it says here.
      '--listen-metrics-urls=http://0.0.0.0:2381',
      // A slow disk shall not cost the leadership; a dead leader is replaced within two seconds.
      '--heartbeat-interval=200',
      '--election-timeout=1500',
      '--auto-compaction-mode=periodic',
      '--auto-compaction-retention=1h',
      '--quota-backend-bytes=536870912',
      '--logger=zap',
      '--log-level=warn',
    ],
    env: { POD_NAME: { fieldPath: 'metadata.name' }, POD_IP: { fieldPath: 'status.podIP' } },
    container: 'etcd',
    ports: { client: 2379, peer: { port: 2380, offered: false }, metrics: { port: 2381, offered: false } },
    peers: { ports: ['peer'], why: 'raft' },
    // A majority must be up before any of them is ready.
    parallel: true,
    replicas: members,
    mounts: { '/var/lib/etcd': data },
    init: {
      ...dataVersion({ volume: data, program: 'etcd', version: '3.6', upgradesFrom: ['3.5'] }),
      ...etcdMembers(data, members),
    },
    user: { uid: 1000, gid: 1000 },
    probes: { ready: http('/readyz', 'metrics'), live: http('/livez', 'metrics'), startupSeconds: 180 },
    metrics: { port: 'metrics', path: '/metrics' },
    resources: { requests: { cpu: '50m', memory: '96Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  });
}
