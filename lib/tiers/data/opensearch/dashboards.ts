import { Started } from '../../../bindings/started';
import type { Component } from '../../../core/component';
import { ConfigFiles, yaml } from '../../../core/config-files';
import { Deployment } from '../../../core/controllers';
import type { Credential } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import { http, tcp } from '../../../core/probe';
import { HttpRoute } from '../../../core/route';
import { images } from '../../../images';

const home = '/usr/share/opensearch-dashboards';

/**
 * OpenSearch Dashboards, which asks for name and password itself.
 * https://docs.opensearch.org/latest/dashboards/
 * @param server the user by which it keeps what it shows: keys `password`, and `cookie` for the cookies of its sessions
 */
export function startDashboards(owner: Component, endpoint: Endpoint, server: Credential): void {
  const name = `${owner.name}-dashboards`;
  const dashboards = new Deployment(owner, name, {
    image: images.opensearchDashboards,
    // The image's own entrypoint would put the password onto the command line.
    command: ['opensearch-dashboards', '--config=/etc/opensearch-dashboards/opensearch_dashboards.yml'],
    workingDir: home,
    env: {
      DASHBOARDS_PASSWORD: server.key('password'),
      COOKIE_PASSWORD: server.key('cookie'),
      NODE_OPTIONS: '--max-old-space-size=768',
      HOME: '/tmp',
    },
    ports: { http: 5601 },
    mounts: {
      '/etc/opensearch-dashboards': new ConfigFiles(owner, name, {
        'opensearch_dashboards.yml': dashboardsYml(name, endpoint.url()),
      }),
      [`${home}/data`]: temporary('data', '64Mi'),
      '/tmp': temporary('tmp', '256Mi'),
    },
    uses: [new Started(endpoint, 'searches, and keeps dashboards')],
    user: { uid: 1000, gid: 1000 },
    replicas: owner.platform.replicas(2),
    // The page to sign in is there for everyone, once the plugins have started.
    probes: { ready: http('/app/login'), live: tcp('http'), startupSeconds: 300 },
    resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  });
  new HttpRoute(owner, name, {
    hosts: [`${owner.name}-dashboard`],
    to: dashboards.endpoint('http'),
    access: 'public',
    tile: { title: 'OpenSearch Dashboards', description: 'Search, charts and users', icon: 'opensearch.png' },
  });
}

/**
 * `opensearch_dashboards.yml`; it reads its secrets from the environment.
 * https://docs.opensearch.org/latest/install-and-configure/configuring-dashboards/
 */
function dashboardsYml(name: string, url: string): string {
  return yaml({
    'server.host': '0.0.0.0',
    'server.port': 5601,
    'server.name': name,
    'path.data': `${home}/data`,
    'opensearch.hosts': [url],
    'opensearch.username': 'kibanaserver',
    'opensearch.password': '${DASHBOARDS_PASSWORD}',
    'opensearch.requestHeadersAllowlist': ['authorization', 'securitytenant'],
    'opensearch_security.auth.type': 'basicauth',
    'opensearch_security.cookie.password': '${COOKIE_PASSWORD}',
    // Browsers come by the gateway, with TLS.
    'opensearch_security.cookie.secure': true,
    'opensearch_security.multitenancy.enabled': true,
    'opensearch_security.multitenancy.tenants.preferred': ['Global', 'Private'],
    'opensearch_security.readonly_mode.roles': ['kibana_read_only'],
  });
}
