import type { PodTemplate } from '../../support/kubernetes';
import { authorities, below } from '../../support/authorities';
import { container, containersOf, envOf, find, objectsOf } from '../../support/objects';
import { labWith, refusedWith } from '../../support/lab';

const both = authorities.join('');
const inline = ['caCertificates:', '  pem: |', below(both, 4)];
const file = '/etc/platform-ca/ca.crt';
const backup = 'backup: { target: { endpoint: "https://s3.hearth.dev", bucket: lab } }';
const backupJob = (settings: string[], target = backup) =>
  find(objectsOf(labWith(settings, 'traefik: {}', 'postgis: {}', target)), 'CronJob', 'postgis-backup').spec.jobTemplate.spec
    .template;
const mountOf = (template: PodTemplate, name: string) =>
  container(template, name).volumeMounts?.find(({ mountPath }) => mountPath === '/etc/platform-ca');

test('they stand in every container that goes out, and no public authority loses its place', () => {
  const template = backupJob(inline);
  const outside = containersOf(template).filter(({ name }) => name !== 'save');
  expect(outside.map(({ name }) => name)).toEqual(['reach-target', 'backup']);
  for (const one of outside) {
    expect(one.volumeMounts).toContainEqual({
      name: 'postgis-ca-certificates',
      mountPath: '/etc/platform-ca',
      readOnly: true,
    });
    expect(envOf(one)).toMatchObject({
      SSL_CERT_DIR: '/etc/ssl/certs:/etc/pki/tls/certs:/etc/platform-ca',
      NODE_EXTRA_CA_CERTS: file,
    });
    for (const replaces of ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'AWS_CA_BUNDLE'])
      expect(envOf(one)).not.toHaveProperty(replaces);
  }
  expect(template.spec.volumes).toContainEqual({
    name: 'postgis-ca-certificates',
    configMap: { name: 'postgis-ca-certificates' },
  });
});

test('their text is one ConfigMap of the component, and pods roll with it', () => {
  const objects = objectsOf(labWith(inline, 'traefik: {}', 'postgis: {}', backup));
  expect(find(objects, 'ConfigMap', 'postgis-ca-certificates').data).toEqual({ 'ca.crt': both });
  const { metadata } = backupJob(inline);
  expect(metadata.annotations).toHaveProperty('hearth/config-postgis-ca-certificates');
});

test('what does not go out has none', () => {
  const template = find(objectsOf(labWith(inline, 'traefik: {}', 'postgis: {}')), 'StatefulSet', 'postgis').spec.template;
  expect(containersOf(template).filter((one) => 'SSL_CERT_DIR' in envOf(one))).toEqual([]);
});

test.each([
  ['{ configMap: company-ca }', { configMap: { name: 'company-ca', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }],
  ['{ secret: ca, key: root.pem }', { secret: { secretName: 'ca', items: [{ key: 'root.pem', path: 'ca.crt' }] } }],
])('they may be in every namespace already: %s', (setting, source) => {
  const template = backupJob([`caCertificates: ${setting}`]);
  expect(mountOf(template, 'backup')?.name).toBe('ca-certificates');
  expect(template.spec.volumes).toContainEqual({ name: 'ca-certificates', ...source });
});

test('restic trusts them also where it is told of another authority, which takes the place of all', () => {
  const own = ['backup:', '  target:', '    endpoint: https://s3.hearth.dev', '    bucket: lab', '    certificateAuthority: |'];
  const target = [...own.map((line, i) => (i === 0 ? line : `  ${line}`)), below(authorities[0], 8)].join('\n');
  expect(envOf(container(backupJob(inline, target), 'backup')).RESTIC_CACERT).toBe(`/etc/backup/ca.crt,${file}`);
  expect(envOf(container(backupJob([], target), 'backup')).RESTIC_CACERT).toBe('/etc/backup/ca.crt');
  expect(envOf(container(backupJob(inline), 'backup'))).not.toHaveProperty('RESTIC_CACERT');
});

test('Keycloak trusts them by its own option, beside that of a directory', () => {
  const paths = (keycloak: string) => {
    const objects = objectsOf(labWith(inline, 'traefik: {}', 'mng-pg: {}', `keycloak: ${keycloak}`));
    return envOf(container(find(objects, 'Deployment', 'keycloak').spec.template, 'keycloak')).KC_TRUSTSTORE_PATHS;
  };
  expect(paths('{ brokers: [google] }')).toBe(file);
  expect(paths('{}')).toBeUndefined();
  const ca = JSON.stringify(authorities[0]);
  const ldap = `{ url: "ldaps://d.hearth.dev", bindDn: cn=k, usersDn: ou=p, ca: ${ca} }`;
  expect(paths(`{ federation: { ldap: ${ldap} } }`)).toBe(`/etc/keycloak/truststore,${file}`);
});

test('the Traefik that k3s brings gets them in its own namespace, and the proxy', () => {
  const objects = objectsOf(
    labWith(
      ['gateway: k3s-bundled', 'proxy: { http: "http://proxy.hearth.dev:3128" }', ...inline],
      'traefik: { traces: { endpoint: "https://otlp.hearth.dev/v1/traces" } }',
    ),
  );
  const values = find(objects, 'HelmChartConfig', 'traefik').spec.valuesContent;
  expect(values).toContain('name: https_proxy\n    value: http://proxy.hearth.dev:3128');
  expect(values).toContain('- name: traefik-ca-certificates\n    type: configMap\n    mountPath: /etc/platform-ca');
  expect(find(objects, 'ConfigMap', 'traefik-ca-certificates', 'kube-system').data).toEqual({ 'ca.crt': both });
});

test('the one that goes nowhere gets none', () => {
  const objects = objectsOf(labWith(['gateway: k3s-bundled', ...inline], 'traefik: {}'));
  expect(find(objects, 'HelmChartConfig', 'traefik').spec.valuesContent).not.toContain('platform-ca');
});

test.each<[setting: string[], messages: string[]]>([
  [['caCertificates: {}'], ['lab.yaml:4  caCertificates: names no certificates; write one of pem, configMap and secret']],
  [
    ['caCertificates: { configMap: a, secret: b }'],
    ['lab.yaml:4  caCertificates: names several places; write one of pem, configMap and secret'],
  ],
  [
    ['caCertificates: { configMap: Company_CA }'],
    ['lab.yaml:4  caCertificates.configMap: must be the name of a ConfigMap; write for example company-ca'],
  ],
  [
    ['caCertificates:', '  pem: MIIB'],
    [
      'lab.yaml:5  caCertificates.pem: is no certificate in PEM; write the certificate with its lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----',
    ],
  ],
])('%j is refused', (setting, messages) => expect(refusedWith(setting, 'traefik: {}')).toEqual(messages));

test('wrong PEM is refused with its line', () => {
  const [first, second] = authorities;
  const cut = second.replace(/\n.*\n-----END/, '\n-----END');
  const key = '-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n';
  const request = '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n';
  const setting = ['caCertificates:', '  pem: |', below(`# Company\n${first}${cut}${key}${request}`, 4)];
  const at = (text: string) => setting.join('\n').split('\n').lastIndexOf(`    ${text}`) + 4;
  expect(refusedWith(setting, 'traefik: {}')).toEqual([
    `lab.yaml:${at('-----BEGIN CERTIFICATE-----')}  caCertificates.pem: begins a certificate that cannot be read; write it anew, with all of its lines`,
    `lab.yaml:${at('-----BEGIN EC PRIVATE KEY-----')}  caCertificates.pem: begins a private key, which is a secret; remove it, and make another one where it was in Git`,
    `lab.yaml:${at('-----BEGIN CERTIFICATE REQUEST-----')}  caCertificates.pem: begins a certificate request, which is no certificate; remove it`,
  ]);
});
