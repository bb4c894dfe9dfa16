import { dumped } from '../../core/backup';
import { Deployment, Job } from '../../core/controllers';
import { Credential, literal, password, type Rule, type SecretKey } from '../../core/credential';
import { htpasswd } from '../../core/derived-rule';
import { defineComponent } from '../../core/definition';
import type { Endpoint } from '../../core/endpoint';
import { gateway } from '../../core/gateway';
import { temporary } from '../../core/mount';
import { http } from '../../core/probe';
import { majority } from '../../core/replicas';
import { HttpRoute } from '../../core/route';
import { Volume } from '../../core/volume';
import { images } from '../../images';
import { usersScript } from './opensearch/config';
import { startDashboards } from './opensearch/dashboards';
import { indicesDump } from './opensearch/dump';
import { setupEnv, startNodes, user } from './opensearch/nodes';
import { options, small } from './opensearch/options';

/**
 * OpenSearch, one node or a cluster of three, each with every role, and Dashboards.
 * https://docs.opensearch.org/latest/
 */
export const opensearch = defineComponent({
  title: 'OpenSearch with Dashboards',
  documentation: 'https://docs.opensearch.org/latest/',
  signIn: 'name and password, for the API and for Dashboards',
  keeps: 'all indices, in a backup as a dump of the running server',
  tier: 'data',
  replicas: majority(3),
  volumes: { data: '30Gi' },
  options,
  needs: { gateway },
  sizes: {
    small: { storage: '5Gi' },
    large: {
      storage: '200Gi',
      resources: { requests: { cpu: '1', memory: '4Gi' }, limits: { cpu: '4', memory: '8Gi' } },
    },
  },
  build(self, { options }) {
    const data: Volume = self.volume(
      'data',
      dumped(options.backup, () => indicesDump({ owner: self, image: images.node, endpoint, setup })),
    );
    // The platform itself, as a user that makes the other ones.
    const setup = new Credential(self, `${self.name}-setup`, {
      // Not to be rotated: it is by this one that the others are.
      keys: { username: literal('setup'), password: password(32), line: htpasswd('setup', 'password') },
      storedIn: data,
    });
    const endpoint = startNodes(self, { options, data, setup }).endpoint('http');
    /** The user is made by the job, which also brings a new password to it. */
    const madeUser = (credential: string, name: string, keys: Record<string, Rule> = {}) =>
      new Credential(self, credential, {
        keys: { username: literal(name), password: password(24), ...keys },
        storedIn: data,
        rotation: { by: 'job', job: () => users },
      });
    const passwords: Record<string, SecretKey> = { ADMIN_PASSWORD: madeUser(self.name, 'admin').key('password') };
    if (options.dashboards) {
      const server = madeUser(`${self.name}-dashboards`, 'kibanaserver', { cookie: password(40) });
      startDashboards(self, endpoint, server);
      passwords.DASHBOARDS_PASSWORD = server.key('password');
    }
    if (options.metrics) {
      const exporter = madeUser(`${self.name}-exporter`, 'exporter');
      startExporter(endpoint, exporter);
      passwords.EXPORTER_PASSWORD = exporter.key('password');
    }
    const users: Job = new Job(self, `${self.name}-users`, {
      image: images.curl,
      command: ['sh', '-c', usersScript],
      env: { URL: endpoint.url(), ...setupEnv(setup), ...passwords },
      mounts: { '/tmp': temporary('tmp', '1Mi', 'memory') },
      uses: [{ endpoint, why: 'makes users' }],
      user,
      resources: small,
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: endpoint,
      // It asks for a name and a password itself.
      access: 'public',
      tile: { title: 'OpenSearch API', description: 'Search and analytics', icon: 'opensearch.png' },
    });
  },
});

/** https://github.com/prometheus-community/elasticsearch_exporter */
function startExporter(endpoint: Endpoint, exporter: Credential): void {
  new Deployment(exporter.owner, exporter.name, {
    image: images.elasticsearchExporter,
    command: ['/bin/elasticsearch_exporter'],
    args: [`--es.uri=${endpoint.url()}`, '--es.all', '--es.indices', '--es.shards', '--web.listen-address=:9114'],
    env: { ES_USERNAME: exporter.key('username'), ES_PASSWORD: exporter.key('password') },
    ports: { metrics: 9114 },
    uses: [{ endpoint, why: 'metrics' }],
    user: { uid: 65534, gid: 65534 },
    probes: { ready: http('/healthz', 'metrics') },
    metrics: { port: 'metrics', path: '/metrics' },
    resources: small,
  });
}
