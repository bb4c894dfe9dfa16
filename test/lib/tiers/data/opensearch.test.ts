import * as YAML from 'yaml';
import { buildPlatform } from '../../../../lib/build-platform';
import { parsePlatform } from '../../../../lib/config/load';
import type { Platform } from '../../../../lib/core/platform';
import { all, container, containersOf, envOf, find, findJob, objectsOf, podsOf } from '../../../support/objects';
import { manifestFile, problems } from '../../../support/platforms';

const platform = (options: object = {}, settings: object = {}): Platform => {
  const own = { name: 'home', domain: 'home.arpa', cluster: 'k3s', ...settings };
  return buildPlatform(parsePlatform(YAML.stringify({ ...own, services: { traefik: {}, opensearch: options } }), 'home.yaml'));
};
const high = { availability: 'high', cluster: 'kubernetes' };
const nodes = (of: Platform) => find(objectsOf(of), 'StatefulSet', 'opensearch');
const settings = (of: Platform) =>
  YAML.parse(find(objectsOf(of), 'ConfigMap', 'opensearch').data['opensearch.yml'] ?? '') as Record<string, unknown>;

test('the whole file, of one node', () => expect(manifestFile(platform(), 'opensearch')).toMatchSnapshot());

test('the whole file, where availability is high', () =>
  expect(manifestFile(platform({}, high), 'opensearch')).toMatchSnapshot());

test('one node founds its cluster alone; of three the first two do together', () => {
  expect(settings(platform())).toMatchObject({
    'cluster.initial_cluster_manager_nodes': ['opensearch-0'],
    'discovery.seed_hosts': [],
  });
  const three = platform({}, high);
  expect(nodes(three).spec).toMatchObject({ replicas: 3, podManagementPolicy: 'Parallel' });
  expect(settings(three)['cluster.initial_cluster_manager_nodes']).toEqual(['opensearch-0', 'opensearch-1']);
  expect(settings(three)['discovery.seed_hosts']).toHaveLength(3);
});

test('nodes speak TLS among themselves, and memory is mapped only where the nodes are prepared', () => {
  expect(settings(platform())).toMatchObject({
    'plugins.security.ssl.transport.pemtrustedcas_filepath': 'certs/tls.crt',
    'plugins.security.nodes_dn': ['CN=opensearch'],
    'plugins.security.ssl.http.enabled': false,
    'node.store.allow_mmap': false,
  });
  expect(settings(platform({ mmap: true }))['node.store.allow_mmap']).toBe(true);
});

test('the heap is half of the memory limit', () => {
  const heap = (options: object) => envOf(container(nodes(platform(options)).spec.template, 'opensearch')).OPENSEARCH_JAVA_OPTS;
  expect(heap({})).toContain('-Xms1024m -Xmx1024m');
  expect(heap({ resources: { limits: { memory: '6Gi' } } })).toContain('-Xms3072m -Xmx3072m');
  expect(heap({ resources: { limits: { memory: '1500M' } } })).toContain('-Xmx715m');
});

test('no hash and no password is in the manifests, and none on a command line', () => {
  const text = manifestFile(platform({}, high), 'opensearch');
  expect(text).not.toMatch(/\$2[aby]\$/);
  for (const { template } of podsOf(objectsOf(platform()))) {
    for (const { args = [] } of containersOf(template) as { args?: string[] }[]) {
      expect(args.join(' ')).not.toMatch(/PASSWORD/);
    }
  }
});

test('users other than its own get new passwords by the job that makes them', () => {
  const { credentials } = platform().graph;
  const rotation = (name: string) => credentials.find((credential) => credential.name === name)?.rotation;
  expect(rotation('opensearch-setup')).toBeUndefined();
  expect(rotation('opensearch-transport')).toEqual({ by: 'restart' });
  for (const name of ['opensearch', 'opensearch-dashboards', 'opensearch-exporter']) {
    const found = rotation(name);
    if (found?.by !== 'job') throw new Error(`${name} is rotated in another way`);
    expect(found.job().name).toBe('opensearch-users');
  }
  expect(envOf(container(findJob(objectsOf(platform()), 'opensearch-users').spec.template, 'opensearch'))).toMatchObject({
    ADMIN_PASSWORD: 'opensearch/password',
    DASHBOARDS_PASSWORD: 'opensearch-dashboards/password',
    EXPORTER_PASSWORD: 'opensearch-exporter/password',
    SETUP_PASSWORD: 'opensearch-setup/password',
  });
});

test('Dashboards and the exporter can be left out, with their users', () => {
  const alone = objectsOf(platform({ dashboards: false, metrics: false }));
  expect(all(alone, 'Deployment').map(({ metadata }) => metadata.name)).toEqual(['traefik']);
  const env = envOf(container(findJob(alone, 'opensearch-users').spec.template, 'opensearch'));
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['DASHBOARDS_PASSWORD']));
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['EXPORTER_PASSWORD']));
});

test('API and Dashboards have hosts of their own, and ask for names and passwords themselves', () => {
  const routes = all(objectsOf(platform()), 'IngressRoute').filter(({ metadata }) => metadata.namespace === 'home-data');
  expect(routes.map(({ spec }) => spec.routes[0])).toEqual([
    {
      kind: 'Rule',
      match: 'Host(`opensearch.home.arpa`)',
      middlewares: [{ name: 'edge' }, { name: 'upstream' }],
      services: [{ name: 'opensearch', port: 'http' }],
    },
    {
      kind: 'Rule',
      match: 'Host(`opensearch-dashboard.home.arpa`)',
      middlewares: [{ name: 'edge' }, { name: 'upstream' }],
      services: [{ name: 'opensearch-dashboards', port: 'http' }],
    },
  ]);
});

test('plugins are put beside those of the image, for which the pods may reach the internet', () => {
  const zip = 'https://plugins.hearth.test/prometheus-exporter-3.4.0.0.zip';
  const { template } = nodes(platform({ plugins: ['analysis-nori', zip] })).spec;
  expect(containersOf(template).map(({ name }) => name)).toEqual([
    'check-data-version',
    'configure',
    'copy-plugins',
    'install-plugins',
    'opensearch',
  ]);
  expect(container(template, 'install-plugins').command).toEqual([
    'opensearch-plugin',
    'install',
    '--batch',
    'analysis-nori',
    zip,
  ]);
  const policy = (options: object) => JSON.stringify(find(objectsOf(platform(options)), 'NetworkPolicy', 'opensearch').spec);
  expect(policy({ plugins: ['analysis-nori'] })).toContain('0.0.0.0/0');
  expect(policy({})).not.toContain('0.0.0.0/0');
  expect(() => platform({ plugins: ['Analysis Nori'] })).toThrow('write for example analysis-nori');
});

test('plugins are fetched by the proxy, and with the authorities, of the platform', () => {
  const behind = { proxy: { http: 'http://proxy.hearth.test:3128' }, caCertificates: { configMap: 'company-ca' } };
  const install = container(nodes(platform({ plugins: ['analysis-nori'] }, behind)).spec.template, 'install-plugins');
  expect(envOf(install).OPENSEARCH_JAVA_OPTS).toMatch(
    /-Dhttps\.proxyHost=proxy\.hearth\.test -Dhttps\.proxyPort=3128 .*-Djavax\.net\.ssl\.trustStore=\/tmp\/truststore$/,
  );
  expect(install.command.slice(0, 2)).toEqual(['sh', '-c']);
  expect(install.command.slice(3)).toEqual(['opensearch-plugin', 'install', '--batch', 'analysis-nori']);
  expect(install.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/etc/platform-ca');
});

test('further settings go into opensearch.yml; those that follow from the platform are refused', () => {
  const watermark = 'cluster.routing.allocation.disk.watermark.low';
  expect(settings(platform({ settings: { [watermark]: '20gb' } }))).toMatchObject({
    [watermark]: '20gb',
    'cluster.name': 'home',
  });
  const wrong = (of: object) => problems(() => platform({ settings: of }));
  expect(wrong({ 'network.host': '127.0.0.1' })).toContain(
    'services.opensearch.settings.network.host: follows from the rest of the platform; leave it out',
  );
  expect(wrong({ watermark: 1 })).toContain('must be the name of a setting with dots');
  expect(wrong({ [watermark]: {} })).toContain('must be text, a number, true, false or a list of texts');
});

test('two nodes are refused, since neither would be a majority', () => {
  expect(() => platform({ replicas: 2 })).toThrow('must be 1, or 3 and more in steps of two');
});

test('a second one is a cluster of its own name and nodes', () => {
  const services = { traefik: {}, opensearch: {}, search: { component: 'opensearch', replicas: 3 } };
  const text = YAML.stringify({ name: 'home', domain: 'home.arpa', cluster: 'k3s', services });
  const two = buildPlatform(parsePlatform(text, 'home.yaml'));
  expect(YAML.parse(find(objectsOf(two), 'ConfigMap', 'search').data['opensearch.yml'] ?? '')).toMatchObject({
    'cluster.name': 'search-home',
    'cluster.initial_cluster_manager_nodes': ['search-0', 'search-1'],
  });
  expect(two.graph.routes.flatMap(({ hosts }) => hosts)).toEqual(
    expect.arrayContaining(['opensearch-dashboard.home.arpa', 'search-dashboard.home.arpa']),
  );
  expect(manifestFile(two, 'search')).not.toMatch(/\b(name|secretName|serviceName): opensearch/);
});
