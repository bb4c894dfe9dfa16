import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dumpFolder, type Dump } from '../../../core/backup';
import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import type { ContainerProps } from '../../../core/container';
import type { Credential } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import { setupEnv } from './nodes';

export interface IndicesDumpProps {
  readonly owner: Component;
  /** An image with Node.js 20 or newer. */
  readonly image: string;
  readonly endpoint: Endpoint;
  /** Keys `username` and `password` of a user with every right. */
  readonly setup: Credential;
}

/**
 * Every index but those of OpenSearch itself: settings, mappings, aliases and documents; data streams, pipelines and
 * templates. Not the users, roles and policies of plugins, whose indices nobody may read.
 * https://docs.opensearch.org/latest/api-reference/
 */
export function indicesDump({ owner, image, endpoint, setup }: IndicesDumpProps): Dump {
  const script = readFileSync(join(__dirname, 'indices.mjs'), 'utf8');
  const files = new ConfigFiles(owner, `${owner.name}-backup`, { 'indices.mjs': script });
  const container = (action: 'save' | 'load'): ContainerProps => ({
    image,
    command: ['node', '/etc/opensearch-backup/indices.mjs', action, dumpFolder],
    env: {
      OPENSEARCH_URL: endpoint.url(),
      ...setupEnv(setup),
      HOME: '/tmp',
    },
    mounts: { '/etc/opensearch-backup': files, '/tmp': temporary('tmp', '64Mi') },
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '2', memory: '512Mi' } },
  });
  return { method: 'opensearch-documents', endpoint, save: container('save'), load: container('load') };
}
