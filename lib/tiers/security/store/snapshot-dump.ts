import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dumpFolder, type Dump } from '../../../core/backup';
import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import type { ContainerProps } from '../../../core/container';
import type { Credential } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import { images } from '../../../images';

export interface SnapshotDumpProps {
  readonly owner: Component;
  readonly endpoint: Endpoint;
  /** Addresses of all nodes: snapshots are made by the one that leads. */
  readonly nodes: readonly string[];
  /** Key `secretId` of the AppRole that may take and restore snapshots. */
  readonly key: Credential;
  /** The Secret that holds the keys of earlier storages too, so that a snapshot of such a one may be restored. */
  readonly earlierKeys?: string;
}

/** A snapshot of the storage by the program itself. It is encrypted, and useless without the keys of its time. */
export function snapshotDump({ owner, endpoint, nodes, key, earlierKeys }: SnapshotDumpProps): Dump {
  const script = (name: string) => readFileSync(join(__dirname, name), 'utf8');
  const files = new ConfigFiles(owner, `${owner.name}-snapshot`, {
    'snapshot.mjs': script('snapshot.mjs'),
    'client.mjs': script('client.mjs'),
  });
  const container = (action: 'save' | 'load'): ContainerProps => ({
    image: images.node,
    command: ['node', '/etc/store-snapshot/snapshot.mjs', action, dumpFolder, ...nodes],
    env: {
      CA_FILE: '/etc/store-tls/ca.crt',
      SECRET_ID: key.key('secretId'),
      ...(earlierKeys ? { EARLIER_KEYS: earlierKeys } : {}),
      HOME: '/tmp',
    },
    mounts: {
      '/etc/store-snapshot': files,
      ...endpoint.trustAt('/etc/store-tls'),
      '/tmp': temporary('tmp', '16Mi'),
    },
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '1', memory: '512Mi' } },
  });
  return { method: 'raft snapshot', endpoint, save: container('save'), load: container('load') };
}
