import type { Component } from '../../../core/component';
import { ConfigFiles } from '../../../core/config-files';
import type { ContainerProps } from '../../../core/container';
import { peerHosts, StatefulSet } from '../../../core/controllers';
import { Credential, privateKey, selfSignedCertificate } from '../../../core/credential';
import { dataVersion } from '../../../core/data-version';
import { temporary, type MountSource } from '../../../core/mount';
import { exec, tcp } from '../../../core/probe';
import { quantityValue } from '../../../core/resources';
import type { Volume } from '../../../core/volume';
import { images } from '../../../images';
import * as config from './config';
import { small, type Options } from './options';
import { installPlugins } from './plugins';

export interface NodesProps {
  readonly options: Options;
  readonly data: Volume;
  /** Keys `username`, `password` and `line` of the user that is there from the start. */
  readonly setup: Credential;
}

/** Of the nodes, and of the job that makes users. */
export const user = { uid: 1000, gid: 1000 };

/** What scripts sign in with as the user that is there from the start. */
export const setupEnv = (setup: Credential) => ({
  SETUP_USER: setup.key('username'),
  SETUP_PASSWORD: setup.key('password'),
});

/** The nodes of the cluster, or the only one. */
export function startNodes(self: Component, { options, data, setup }: NodesProps): StatefulSet {
  const { name, replicas } = self;
  const certificate = new Credential(self, `${name}-transport`, {
    keys: { 'tls.key': privateKey(), 'tls.crt': selfSignedCertificate([config.certificateHost], 'tls.key') },
  });
  const size = self.resources({
    requests: { cpu: '250m', memory: '1536Mi' },
    limits: { cpu: '2', memory: '2Gi' },
  });
  const heap = Math.floor((quantityValue(size.limits.memory) ?? 0) / 2 ** 21);
  const folder = temporary('config', '64Mi');
  const plugins: Record<string, MountSource> =
    options.plugins.length > 0 ? { [`${config.home}/plugins`]: temporary('plugins', '4Gi') } : {};
  return new StatefulSet(self, name, {
    image: images.opensearch,
    command: ['opensearch'],
    workingDir: config.home,
    env: {
      POD_NAME: { fieldPath: 'metadata.name' },
      // cgroup figures are those of the container.
      OPENSEARCH_JAVA_OPTS: `-Xms${heap}m -Xmx${heap}m -Dopensearch.cgroups.hierarchy.override=/`,
      ...setupEnv(setup),
    },
    ports: { http: 9200, transport: { port: 9300, offered: false } },
    mounts: {
      [`${config.home}/data`]: data,
      [`${config.home}/config`]: folder,
      // Below the configuration, since OpenSearch reads files nowhere else.
      [`${config.home}/config/certs`]: certificate.files('tls.key', 'tls.crt'),
      [`${config.home}/logs`]: temporary('logs', '256Mi'),
      '/tmp': temporary('tmp', '1Gi'),
      ...plugins,
    },
    init: {
      ...dataVersion({ volume: data, program: 'OpenSearch', version: '3', upgradesFrom: ['2'] }),
      configure: configure(self, { folder, setup, yml: openSearchYml(self, replicas, options) }),
      ...installPlugins(self, options, folder),
    },
    ...(options.plugins.length > 0 ? { internet: { why: 'OpenSearch fetches the plugins that it is told to.' } } : {}),
    user,
    replicas,
    parallel: true,
    ...(replicas > 1 ? { peers: { ports: ['transport'], why: 'shards and elections' } } : {}),
    // Clients hear of the stop before it begins.
    preStop: ['sleep', '5'],
    terminationGraceSeconds: 120,
    probes: { ready: exec('sh', '-c', config.readyScript), live: tcp('transport'), startupSeconds: 600 },
    resources: size,
  });
}

/** Each service is a cluster of its own name, by which metrics tell it from another one of the same platform. */
function openSearchYml(self: Component, replicas: number, options: Options): string {
  const clusterName = self.named(self.platform.config.name);
  return config.openSearchYml(clusterName, peerHosts(self, self.name, replicas), options);
}

interface ConfigureProps extends Pick<NodesProps, 'setup'> {
  /** Where the configuration goes. */
  readonly folder: MountSource;
  /** `opensearch.yml`. */
  readonly yml: string;
}

function configure(self: Component, { folder, setup, yml }: ConfigureProps): ContainerProps {
  return {
    image: images.opensearch,
    command: ['sh', '-c', config.configureScript],
    env: { SETUP_USER: setup.key('username'), SETUP_LINE: setup.key('line') },
    mounts: {
      '/config': folder,
      '/files': new ConfigFiles(self, self.name, { 'opensearch.yml': yml }),
      '/security': new ConfigFiles(self, `${self.name}-security`, config.securityFiles),
    },
    resources: small,
  };
}
