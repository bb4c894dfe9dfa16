import { besideProxy, javaProxyOptions, proxyEnv, proxyFor } from '../../../lib/core/proxy';
import { parsePlatform } from '../../../lib/config/load';
import { container, containersOf, envOf, find, objectsOf, podsOf } from '../../support/objects';
import { labWith, refusedWith } from '../../support/lab';

const url = 'http://proxy.hearth.dev:3128';
const settings = (proxy: string, ...further: string[]) =>
  parsePlatform(
    ['name: lab', 'domain: lab.home.arpa', 'cluster: k3s', `proxy: ${proxy}`, ...further, 'services: { traefik: {} }'].join('\n'),
    'lab.yaml',
  );
const backup = 'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }';
const services = ['traefik: {}', 'postgis: {}', backup];
/** The rules that let the pods of a workload out to addresses. */
const waysOut = (proxy: string[], name: string, ...of: string[]) =>
  find(objectsOf(labWith(proxy, ...of)), 'NetworkPolicy', name).spec.egress.flatMap((rule) =>
    JSON.stringify(rule).includes('ipBlock') ? [{ to: Reflect.get(rule, 'to'), ports: rule.ports?.map(({ port }) => port) }] : [],
  );

test('what lies inside the cluster is never reached by the proxy, nor what the file names', () => {
  const { NO_PROXY: no } = proxyEnv(
    settings(`{ http: "${url}", no: [s3.hearth.dev] }`, 'network: { apiServer: [203.0.113.0/28], clusterDomain: corp.internal }'),
  );
  for (const inside of [
    'localhost',
    '127.0.0.0/8',
    'svc',
    '.svc',
    'corp.internal',
    '.corp.internal',
    'lab.home.arpa',
    '.lab.home.arpa',
    '203.0.113.0/28',
    '10.0.0.0/8',
    '192.168.0.0/16',
    'fc00::/7',
    's3.hearth.dev',
  ])
    expect(no?.split(',')).toContain(inside);
});

test('the variables stand in capital and in small letters, and one proxy serves both schemes', () => {
  const env = proxyEnv(settings(`{ https: "${url}/" }`));
  expect(env).toMatchObject({
    HTTP_PROXY: url,
    http_proxy: url,
    HTTPS_PROXY: url,
    https_proxy: url,
    no_proxy: env.NO_PROXY,
  });
  expect(proxyEnv(settings(`{ http: "${url}", https: "https://other.hearth.dev:3129" }`))).toMatchObject({
    http_proxy: url,
    HTTPS_PROXY: 'https://other.hearth.dev:3129',
  });
});

test.each<[to: string, byProxy: boolean]>([
  ['https://s3.hearth.dev', true],
  ['https://s3.hearth.dev:9000/bucket', true],
  ['ldaps://directory.hearth.dev', false],
  ['https://a.intranet.dev', false],
  ['https://intranet.dev', false],
  ['https://notintranet.dev', true],
  ['https://minio.lab-data.svc:9000', false],
  ['https://keycloak.lab.home.arpa', false],
  ['https://10.20.30.40:9000', false],
  ['https://198.51.100.7', false],
  ['https://198.51.101.7', true],
  ['https://[2001:db8::7]:9000', false],
  ['https://[2001:db9::7]:9000', true],
])('%s is reached by the proxy: %s', (to, byProxy) => {
  const config = settings(`{ http: "${url}", no: [.intranet.dev, 198.51.100.0/24, "2001:db8::/32"] }`);
  expect(proxyFor(config, to)).toBe(byProxy ? url : undefined);
});

test('Java hears of it by its own options', () => {
  const options = javaProxyOptions(settings(`{ http: "${url}", no: [intranet.dev] }`));
  expect(options).toEqual([
    '-Dhttp.proxyHost=proxy.hearth.dev',
    '-Dhttp.proxyPort=3128',
    '-Dhttps.proxyHost=proxy.hearth.dev',
    '-Dhttps.proxyPort=3128',
    '-Dhttp.nonProxyHosts=127.*|localhost|svc|*.svc|cluster.local|*.cluster.local|lab.home.arpa|*.lab.home.arpa|intranet.dev',
  ]);
});

test('all containers of what goes out hear of it, and no others', () => {
  const platform = labWith([`proxy: { http: "${url}" }`], ...services);
  const told = podsOf(objectsOf(platform)).flatMap(({ owner, template }) =>
    containersOf(template).flatMap((one) => (envOf(one).HTTPS_PROXY === url ? [`${owner} ${one.name}`] : [])),
  );
  expect(told.sort()).toEqual([
    'CronJob lab-data/postgis-backup backup',
    'CronJob lab-data/postgis-backup reach-target',
    'CronJob lab-data/postgis-restore fetch',
    'CronJob lab-data/postgis-restore reach-target',
  ]);
});

test('who stays inside does not: a gate asks the program that it publishes by a wget that knows no NO_PROXY', () => {
  const platform = labWith([`proxy: { http: "${url}" }`], 'traefik: {}', 'couchdb: {}', 'tailscale-gate: { to: couchdb }');
  const { template } = find(objectsOf(platform), 'Deployment', 'tailscale-gate').spec;
  expect(envOf(container(template, 'tailscale')).https_proxy).toBe(url);
  expect(Object.keys(envOf(container(template, 'gate'))).filter((name) => /proxy/i.test(name))).toEqual([]);
});

test('who waits for another program does not, either', () => {
  const proxy = [`proxy: { http: "${url}" }`];
  const pod = find(
    objectsOf(labWith(proxy, 'traefik: {}', 'mng-pg: {}', 'keycloak: { brokers: [google] }')),
    'Deployment',
    'keycloak',
  ).spec.template;
  expect(envOf(container(pod, 'keycloak')).https_proxy).toBe(url);
  const wait = containersOf(pod).find(({ name }) => name.startsWith('wait-for-'));
  expect(wait && Object.keys(envOf(wait))).not.toContain('https_proxy');
});

test('the way to the proxy is open, and no other one out of the cluster', () => {
  expect(waysOut([`proxy: { http: "${url}", https: "http://proxy.hearth.dev:3129" }`], 'postgis-backup', ...services)).toEqual([
    { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [3128, 3129] },
  ]);
  expect(
    waysOut([`proxy: { http: "${url}", addresses: [192.0.2.10/32, 192.0.2.11/32] }`], 'postgis-backup', ...services),
  ).toEqual([{ to: [{ ipBlock: { cidr: '192.0.2.10/32' } }, { ipBlock: { cidr: '192.0.2.11/32' } }], ports: [3128] }]);
});

test('what lies beside it is reached directly', () => {
  const anywhere = [{ ipBlock: { cidr: '0.0.0.0/0' } }];
  const proxy = `proxy: { http: "${url}", no: [s3.hearth.dev] }`;
  expect(waysOut([proxy], 'postgis-backup', ...services)).toEqual([
    { to: anywhere, ports: [3128] },
    { to: anywhere, ports: [443] },
  ]);
  // Whoever does not say where it goes may go to what is named there.
  const gate = ['traefik: {}', 'couchdb: {}', 'tailscale-gate: { to: couchdb }'];
  expect(waysOut([proxy], 'tailscale-gate', ...gate).map(({ ports }) => ports)).toEqual([[3128], [443]]);
  expect(waysOut([`proxy: { http: "${url}" }`], 'tailscale-gate', ...gate).map(({ ports }) => ports)).toEqual([[3128]]);
  const ldap = 'keycloak: { federation: { ldap: { url: "ldaps://d.hearth.dev", bindDn: cn=k, usersDn: ou=p } } }';
  expect(waysOut([`proxy: { http: "${url}" }`], 'keycloak', 'traefik: {}', 'mng-pg: {}', ldap).map(({ ports }) => ports)).toEqual(
    [[3128], [636]],
  );
});

test('a backup first sees whether who takes it on answers: the proxy, or the target beside it', () => {
  const reach = (proxy: string) => {
    const job = find(objectsOf(labWith([proxy], ...services)), 'CronJob', 'postgis-backup');
    return container(job.spec.jobTemplate.spec.template, 'reach-target').command.at(-1);
  };
  expect(reach(`proxy: { http: "${url}" }`)).toContain('nc -w 10 proxy.hearth.dev 3128');
  expect(reach(`proxy: { http: "${url}" }`)).toContain('The proxy proxy.hearth.dev:3128 cannot be reached');
  expect(reach(`proxy: { http: "${url}", no: [hearth.dev] }`)).toContain('nc -w 10 s3.hearth.dev 443');
});

test('a variable of it is set by hearth itself', () => {
  expect(
    refusedWith(
      [`proxy: { http: "${url}" }`],
      'traefik: {}',
      'mng-pg: {}',
      'keycloak: { brokers: [google], env: { https_proxy: x } }',
    ),
  ).toEqual([
    'lab.yaml:8  services.keycloak.env.https_proxy: is set by hearth itself, as other settings of the platform file want it; remove it',
  ]);
});

test.each<[setting: string, message: string]>([
  ['{}', 'proxy: names no proxy; write for example { http: http://proxy.my-company.org:3128 }'],
  [
    '{ http: "http://me:secret@proxy.hearth.dev:3128" }',
    'proxy.http: holds a name and a password, which would stand in dist/ and in Git; write http://proxy.my-company.org:3128, of a proxy that knows the nodes by their addresses, or of one that signs in to yours',
  ],
  [
    '{ https: "https://proxy.hearth.dev" }',
    'proxy.https: must be scheme, host and port of a proxy; write for example http://proxy.my-company.org:3128',
  ],
  [
    '{ http: "socks5://proxy.hearth.dev:1080" }',
    'proxy.http: must be scheme, host and port of a proxy; write for example http://proxy.my-company.org:3128',
  ],
  [
    `{ http: "${url}", no: ["*.hearth.dev"] }`,
    'proxy.no.0: must be a name, an address or a range, without a port; write for example my-company.org or 192.0.2.0/24',
  ],
  [
    `{ http: "${url}", addresses: [proxy.hearth.dev] }`,
    'proxy.addresses.0: must be an IPv4 range; write for example 192.0.2.10/32',
  ],
])('proxy: %s is refused', (setting, message) => {
  expect(refusedWith([`proxy: ${setting}`], 'traefik: {}')).toEqual([`lab.yaml:4  ${message}`]);
});

test('without the word nothing is beside a proxy', () => {
  const { config } = labWith([], 'traefik: {}');
  expect(proxyEnv(config)).toEqual({});
  expect(besideProxy(config)).toContain('.svc');
  expect(proxyFor(config, 'https://s3.hearth.dev')).toBeUndefined();
});
