import type { Certificate } from '../../../core/certificate';
import type { Component } from '../../../core/component';
import { ConfigFiles, json } from '../../../core/config-files';
import { peerDomain, peerHosts, StatefulSet } from '../../../core/controllers';
import { dataVersion } from '../../../core/data-version';
import { temporary } from '../../../core/mount';
import { http } from '../../../core/probe';
import type { Volume } from '../../../core/volume';
import type { DatabaseUsers } from './database-users';
import type { StoreOptions } from './options';
import type { Program } from './program';
import { seal } from './seal';
import { folders, ports, serverConfig } from './server-config';

export interface NodesProps {
  readonly program: Program;
  readonly options: StoreOptions;
  readonly replicas: number;
  readonly data: Volume;
  readonly tls: Certificate;
  readonly keysSecret: string;
  /** Whose users they make. @default nobody's */
  readonly users?: DatabaseUsers;
}

/** The nodes of a store, each with its own copy of the storage. */
export function startNodes(owner: Component, props: NodesProps): StatefulSet {
  const { program, options, replicas, data, tls, users } = props;
  const { name, platform } = owner;
  const { unseal, metrics } = options;
  const config = serverConfig({
    program,
    cluster: platform.config.name,
    peers: peerHosts(owner, name, replicas),
    options,
  });
  const authority = typeof unseal === 'string' ? undefined : unseal.transit.certificateAuthority;
  const files = new ConfigFiles(owner, name, {
    'server.json': json(config),
    ...(authority ? { 'unseal-ca.crt': authority } : {}),
  });
  const opening = seal({ owner, unseal, ...props });
  const ownMetrics = metrics && program.metricsListener;
  const nodes = new StatefulSet(owner, name, {
    image: program.image,
    command: ['sh', '-c', startScript(program, peerDomain(owner, name))],
    replicas,
    // None is ready before another one has told it what is stored.
    parallel: true,
    peers: { ports: replicas > 1 ? ['api', 'cluster'] : [], why: 'the storage of all nodes, and who leads' },
    ...opening,
    env: { [`${program.prefix}_RAFT_NODE_ID`]: { fieldPath: 'metadata.name' }, HOME: '/tmp', ...opening.env },
    ports: {
      api: { port: ports.api, tls },
      cluster: { port: ports.cluster, offered: false },
      ...(ownMetrics ? { metrics: { port: ports.metrics, offered: false } } : {}),
    },
    init: dataVersion({ volume: data, program: program.title, version: program.version }),
    mounts: {
      [folders.data]: data,
      [folders.config]: files,
      [folders.tls]: tls.shown,
      '/tmp': temporary('tmp', '64Mi'),
      ...opening.mounts,
    },
    uses: users ? [{ endpoint: users.endpoint, why: 'makes and removes users of databases' }] : [],
    user: { uid: 100, gid: 1000 },
    probes: {
      ready: health('standbyok=true'),
      live: health('standbyok=true&sealedcode=204&uninitcode=204'),
      startupSeconds: 120,
    },
    // Whoever leads hands over first.
    terminationGraceSeconds: 60,
    ...(metrics ? { metrics: { port: ownMetrics ? 'metrics' : 'api', path: '/v1/sys/metrics' } } : {}),
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  });
  if (unseal === 'static' || unseal === 'secret') {
    platform.graph.exceptions.push({
      workload: nodes,
      what: 'key of its storage in a Secret',
      why: `A restart of ${program.title} needs nobody; but who reads the Secrets of its namespace and gets hold of its volume reads everything. With unseal: shamir or transit the key is elsewhere.`,
    });
  }
  return nodes;
}

/** A node tells the others its own name, which the configuration of all cannot say. */
const startScript = ({ command, prefix }: Program, domain: string) => {
  const address = `https://$${prefix}_RAFT_NODE_ID.${domain}`;
  return `export ${prefix}_API_ADDR="${address}:${ports.api}" ${prefix}_CLUSTER_ADDR="${address}:${ports.cluster}"
exec ${command} server -config=${folders.config}/server.json
`;
};

/** https://openbao.org/api-docs/system/health/ */
const health = (query: string) => http(`/v1/sys/health?${query}`, 'api');
