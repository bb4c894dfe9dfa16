import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import { Deployment, type StatefulSet } from '../../../core/controllers';
import { http } from '../../../core/probe';
import { images } from '../../../images';
import { haproxyConfig } from './haproxy-config';

export interface HaproxyProps {
  /** Ports `postgres` and `rest`. */
  readonly server: StatefulSet;
  /** Whether it has a page that shows the members. */
  readonly page: boolean;
  readonly replicas: number;
}

/** HAProxy in front of the members: `write` leads to the leader, `read` to the replicas. https://docs.haproxy.org/3.2/ */
export function haproxy(component: Component, name: string, props: HaproxyProps): Deployment {
  const { server, page, replicas } = props;
  const folder = '/usr/local/etc/haproxy';
  const config = new ConfigFiles(component, `${name}-haproxy`, {
    'haproxy.cfg': haproxyConfig({ members: server.peerHosts, page }),
  });
  return new Deployment(component, name, {
    image: images.haproxy,
    container: 'haproxy',
    // The image says SIGUSR1 for its stop: connections may end by themselves.
    command: ['haproxy', '-W', '-db', '-f', `${folder}/haproxy.cfg`],
    ports: {
      write: { port: 5432, aliases: [5000] },
      read: 5433,
      ...(page ? { page: 7000 } : {}),
      metrics: { port: 8404, offered: false },
    },
    mounts: { [folder]: config },
    uses: [
      { endpoint: server.endpoint('postgres'), why: 'SQL' },
      { endpoint: server.endpoint('rest'), why: 'who leads' },
    ],
    user: { uid: 99, gid: 99 },
    replicas,
    probes: { ready: http('/ready', 'metrics'), live: http('/live', 'metrics') },
    // Until no Service leads here any more.
    preStop: ['sleep', '5'],
    metrics: { port: 'metrics', path: '/metrics' },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
  });
}
