import { z } from 'zod';
import { backup, members, metrics, resources, storage } from '../../config/options';
import { dumped } from '../../core/backup';
import { Component } from '../../core/component';
import { ConfigFiles } from '../../core/config-files';
import type { ContainerProps } from '../../core/container';
import { Deployment, Job, peerHosts, StatefulSet } from '../../core/controllers';
import {
  Credential,
  htpasswd,
  literal,
  password,
  privateKey,
  selfSignedCertificate,
  SecretKey,
} from '../../core/credential';
import { dataVersion } from '../../core/data-version';
import { temporary, type MountSource } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { exec, http, tcp } from '../../core/probe';
import { quantityValue, sized } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import * as config from './opensearch/config';
import { startDashboards } from './opensearch/dashboards';
import { indicesDump } from './opensearch/dump';

export const openSearchOptions = z.strictObject({
  replicas: members(3),
  dashboards: z.boolean({ error: 'must be true or false' }).default(true).describe('OpenSearch Dashboards beside it'),
  plugins: z
    .array(
      z.string().regex(/^([a-z][a-z0-9-]*|https:\/\/\S+\.zip)$/, {
        error: 'must be the name of a plugin or the https address of its zip; write for example analysis-nori',
      }),
    )
    .default([])
    .describe('Plugins beyond those of the image, fetched from the internet at every start of a pod'),
  image: z
    .string()
    .default(images.opensearch)
    .describe('An image of OpenSearch 3, for example with plugins of your own'),
  mmap: z
    .boolean({ error: 'must be true or false' })
    .default(false)
    .describe('Memory-mapped indices, faster; every node then needs sysctl vm.max_map_count of 262144 or more'),
  settings: config.furtherSettings,
  metrics,
  backup: backup('high'),
  storage: storage('30Gi'),
  resources,
});

const user = { uid: 1000, gid: 1000 };
const small = { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } };

/**
 * OpenSearch, one node or a cluster of three, each with every role, and Dashboards.
 * https://docs.opensearch.org/latest/
 */
export class OpenSearch extends Component {
  private readonly nodes: StatefulSet;
  /** The platform itself, as a user that makes the other ones. */
  private readonly setup: Credential;
  private readonly data: Volume;
  private usersJob?: Job;

  constructor(
    platform: Platform,
    private readonly options: z.output<typeof openSearchOptions>,
  ) {
    super(platform, 'opensearch');
    this.data = new Volume('data', {
      size: options.storage,
      backup: dumped(options.backup, () => this.dump()),
    });
    this.setup = new Credential(this, 'opensearch-setup', {
      // Not to be rotated: it is by this one that the others are.
      keys: { username: literal('setup'), password: password(32), line: htpasswd('setup', 'password') },
      storedIn: this.data,
    });
    this.nodes = this.startNodes();
    const endpoint = this.nodes.endpoint('http');
    const admin = this.user('opensearch', 'admin');
    const env: Record<string, SecretKey> = { ADMIN_PASSWORD: admin.key('password') };
    if (options.dashboards) {
      const server = this.user('opensearch-dashboards', 'kibanaserver', { cookie: password(40) });
      startDashboards(this, endpoint, server);
      env.DASHBOARDS_PASSWORD = server.key('password');
    }
    if (options.metrics) env.EXPORTER_PASSWORD = this.startExporter().key('password');
    this.usersJob = new Job(this, 'opensearch-users', {
      image: images.curl,
      command: ['sh', '-c', config.usersScript],
      env: { URL: endpoint.url(), ...this.setupEnv, ...env },
      mounts: { '/tmp': temporary('tmp', '1Mi', 'memory') },
      uses: [{ endpoint, why: 'makes users' }],
      user,
      resources: small,
    });
    new HttpRoute(this, 'opensearch', {
      hosts: ['opensearch'],
      to: endpoint,
      // It asks for a name and a password itself.
      access: 'public',
      tile: { title: 'OpenSearch API', description: 'Search and analytics', icon: 'opensearch.png' },
    });
  }

  private get setupEnv() {
    return { SETUP_USER: this.setup.key('username'), SETUP_PASSWORD: this.setup.key('password') };
  }

  /** The user is made by the job, which also brings a new password to it. */
  private user(credential: string, name: string, keys = {}): Credential {
    return new Credential(this, credential, {
      keys: { username: literal(name), password: password(24), ...keys },
      storedIn: this.data,
      rotation: { by: 'job', job: () => this.users() },
    });
  }

  private startNodes(): StatefulSet {
    const { options, platform } = this;
    const replicas = options.replicas ?? platform.replicas(3);
    const seeds = peerHosts(this, 'opensearch', replicas);
    const certificate = new Credential(this, 'opensearch-transport', {
      keys: { 'tls.key': privateKey(), 'tls.crt': selfSignedCertificate([config.certificateHost], 'tls.key') },
    });
    const size = sized(
      { requests: { cpu: '250m', memory: '1536Mi' }, limits: { cpu: '2', memory: '2Gi' } },
      options.resources,
    );
    const heap = Math.floor((quantityValue(size.limits.memory) ?? 0) / 2 ** 21);
    const folder = temporary('config', '64Mi');
    const plugins: Record<string, MountSource> =
      options.plugins.length > 0 ? { [`${config.home}/plugins`]: temporary('plugins', '4Gi') } : {};
    return new StatefulSet(this, 'opensearch', {
      image: options.image,
      command: ['opensearch'],
      workingDir: config.home,
      env: {
        POD_NAME: { fieldPath: 'metadata.name' },
        // cgroup figures are those of the container.
        OPENSEARCH_JAVA_OPTS: `-Xms${heap}m -Xmx${heap}m -Dopensearch.cgroups.hierarchy.override=/`,
        ...this.setupEnv,
      },
      ports: { http: 9200, transport: { port: 9300, offered: false } },
      mounts: {
        [`${config.home}/data`]: this.data,
        [`${config.home}/config`]: folder,
        // Below the configuration, since OpenSearch reads files nowhere else.
        [`${config.home}/config/certs`]: certificate.files('tls.key', 'tls.crt'),
        [`${config.home}/logs`]: temporary('logs', '256Mi'),
        '/tmp': temporary('tmp', '1Gi'),
        ...plugins,
      },
      init: {
        ...dataVersion({ volume: this.data, program: 'OpenSearch', version: '3', upgradesFrom: ['2'] }),
        configure: {
          image: options.image,
          command: ['sh', '-c', config.configureScript],
          env: { SETUP_USER: this.setup.key('username'), SETUP_LINE: this.setup.key('line') },
          mounts: {
            '/config': folder,
            '/files': new ConfigFiles(this, 'opensearch', {
              'opensearch.yml': config.openSearchYml(platform.config.name, seeds, options),
            }),
            '/security': new ConfigFiles(this, 'opensearch-security', config.securityFiles),
          },
          resources: small,
        },
        ...this.installPlugins(folder),
      },
      ...(options.plugins.length > 0
        ? { internet: { why: 'OpenSearch fetches the plugins that it is told to.' } }
        : {}),
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

  private installPlugins(folder: MountSource): Record<string, ContainerProps> {
    const { plugins, image } = this.options;
    if (plugins.length === 0) return {};
    const space = temporary('plugins', '4Gi');
    const big = { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '2', memory: '512Mi' } };
    return {
      'copy-plugins': {
        image,
        command: ['sh', '-c', config.copyPluginsScript],
        mounts: { '/plugins': space },
        resources: small,
      },
      'install-plugins': {
        image,
        command: ['opensearch-plugin', 'install', '--batch', ...plugins],
        workingDir: config.home,
        mounts: {
          [`${config.home}/plugins`]: space,
          [`${config.home}/config`]: folder,
          '/tmp': temporary('tmp', '1Gi'),
        },
        resources: big,
      },
    };
  }

  /** https://github.com/prometheus-community/elasticsearch_exporter */
  private startExporter(): Credential {
    const endpoint = this.nodes.endpoint('http');
    const credential = this.user('opensearch-exporter', 'exporter');
    new Deployment(this, 'opensearch-exporter', {
      image: images.elasticsearchExporter,
      command: ['/bin/elasticsearch_exporter'],
      args: [`--es.uri=${endpoint.url()}`, '--es.all', '--es.indices', '--es.shards', '--web.listen-address=:9114'],
      env: { ES_USERNAME: credential.key('username'), ES_PASSWORD: credential.key('password') },
      ports: { metrics: 9114 },
      uses: [{ endpoint, why: 'metrics' }],
      user: { uid: 65534, gid: 65534 },
      probes: { ready: http('/healthz', 'metrics') },
      metrics: { port: 'metrics', path: '/metrics' },
      resources: small,
    });
    return credential;
  }

  private users(): Job {
    if (!this.usersJob) throw new Error('the job that makes users is made once all of them are declared');
    return this.usersJob;
  }

  private dump() {
    const endpoint = this.nodes.endpoint('http');
    return indicesDump({ owner: this, image: images.node, endpoint, setup: this.setup });
  }
}
