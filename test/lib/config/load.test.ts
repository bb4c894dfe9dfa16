import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { catalogue } from '../../../lib/catalogue';
import { fromEach, loadPlatform, parsePlatform } from '../../../lib/config/load';
import { platformSchema } from '../../../lib/config/platform-config';
import { providersSchema, servicesSchema } from '../../../lib/config/services';
import { ConfigError } from '../../../lib/core/problem';

/** What a user reads, without the file name that starts every line. */
function complaints(text: string): string[] {
  try {
    parsePlatform(text, 'platforms/geoai.yaml');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => {
      expect(line).toMatch(/^platforms\/geoai\.yaml(:\d+)? {2}\S/);
      return line.replace(/^platforms\/geoai\.yaml(:\d+)? {2}/, (_, place: string | undefined) => `${place ?? ''} `);
    });
  }
  return [];
}

/** A good file with the given lines at its end, from line 4 on. */
const withLines = (...lines: string[]) =>
  ['name: geoai', 'domain: geoai.home.arpa', 'cluster: k3s', ...lines, ...services(lines)].join('\n');
const services = (lines: string[]) => (lines.some((line) => line.startsWith('services:')) ? [] : ['services: { traefik: {} }']);

test('the good file that the others differ from', () => expect(complaints(withLines())).toEqual([]));

test('the message of the error is all there is to read', () => {
  expect(() => parsePlatform('name: geoai\ndomain: [\n', 'platforms/geoai.yaml')).toThrow(
    'platforms/geoai.yaml:3  is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  );
});

const quantity = 'write for example 250m or 2';
const everyComponent = Object.keys(catalogue).sort().join(', ');
const schema = platformSchema({ services: servicesSchema([]), providers: providersSchema({}) });
const settingsOfFile = Object.keys(schema.shape)
  .filter((setting) => !['name', 'domain', 'cluster', 'services'].includes(setting))
  .sort()
  .join(', ');
const modes =
  'write mode: lets-encrypt (with email), mode: cert-manager (with issuer), mode: self-signed, or mode: secret (with secret)';

describe.each<[about: string, cases: [what: string, lines: string[], messages: string[]][]]>([
  [
    'services',
    [
      [
        'an unknown one, with the nearest name',
        ['services:', '  traefik: {}', '  mlfow: {}'],
        [':6 services.mlfow: there is no service "mlfow"; did you mean "mlflow"?'],
      ],
      [
        'an unknown one, near to nothing',
        ['services:', '  traefik: {}', '  wordpress: {}'],
        [`:6 services.wordpress: there is no service "wordpress"; write one of ${everyComponent}`],
      ],
      [
        'one with a capital letter',
        ['services: { Traefik: {} }'],
        [':4 services.Traefik: there is no service "Traefik"; did you mean "traefik"?'],
      ],
      [
        'one that every JavaScript object has',
        ['services: { traefik: {}, constructor: {} }'],
        [`:4 services.constructor: there is no service "constructor"; write one of ${everyComponent}`],
      ],
      [
        'missing providers',
        ['services:', '  mlflow: {}'],
        [
          ':5 services.mlflow: needs a gateway; add "traefik: {}" under services',
          ':5 services.mlflow: needs a database server; add "postgis: {}" or "mng-pg: {}" or "pg-cluster: {}" under services',
          ':5 services.mlflow: needs an object store; add "minio: {}" under services',
        ],
      ],
      [
        'several providers, and nobody says which',
        ['services: { traefik: {}, mlflow: {}, minio: {}, postgis: {}, mng-pg: {} }'],
        [' providers.sql: postgis and mng-pg are each a database server; write providers: { sql: postgis }'],
      ],
      [
        'several providers, and one of them named',
        ['services: { traefik: {}, mlflow: {}, minio: {}, postgis: {}, mng-pg: {} }', 'providers: { sql: mng-pg }'],
        [],
      ],
      ['several providers, and nobody asks', ['services: { traefik: {}, postgis: {}, mng-pg: {} }'], []],
      [
        'a provider that is not there, and one that is none',
        ['services: { traefik: {}, mlflow: {}, minio: {}, postgis: {} }', 'providers: { sql: mng-pg, cache: minio }'],
        [
          ':5 providers.sql: mng-pg is not among the services; add it, or remove this',
          ':5 providers.cache: "minio" gives none; write mng-valkey',
        ],
      ],
      ['nothing behind a name is the defaults', ['services:', '  traefik:', '  homepage:'], []],
      ['empty', ['services: {}'], [':4 services: is empty; write at least one service, for example "traefik: {}"']],
      [
        'nothing at all',
        ['services:'],
        [':4 services: is missing; write at least one service, for example "services: { traefik: {} }"'],
      ],
      [
        'a list',
        ['services: [traefik]'],
        [':4 services: must be a map of settings, not a list; write "key: value", or {} for the defaults'],
      ],
      [
        'a word for the options',
        ['services: { traefik: on }'],
        [':4 services.traefik: must be a map of settings, not "on"; write "key: value", or {} for the defaults'],
      ],
    ],
  ],
  [
    'unknown keys',
    [
      ['at the top', ['timezone: UTC'], [':4 timezone: is not known here; did you mean "timeZone"?']],
      ['at the top, near to nothing', ['x: 1'], [`:4 x: is not known here; write one of ${settingsOfFile}`]],
      ['a number', ['5: x'], [`:4 5: is not known here; write one of ${settingsOfFile}`]],
      [
        'in an option',
        ['services:', '  traefik:', '    loglevel: INFO'],
        [':6 services.traefik.loglevel: is not known here; did you mean "logLevel"?'],
      ],
      [
        'deep in an option',
        ['services:', '  traefik:', '    resources:', '      limits:', '        memroy: 1Gi'],
        [':8 services.traefik.resources.limits.memroy: is not known here; did you mean "memory"?'],
      ],
      [
        'in a map of names',
        ['services:', '  traefik: {}', '  postgis:', '    databases:', '      gis: { extension: [postgis] }'],
        [':8 services.postgis.databases.gis.extension: is not known here; did you mean "extensions"?'],
      ],
      [
        'of another TLS mode',
        ['tls: { mode: self-signed, email: ops@hearth.dev }'],
        [':4 tls.email: is not known here; remove it'],
      ],
      ['in storage', ['storage: { clas: fast }'], [':4 storage.clas: is not known here; did you mean "class"?']],
    ],
  ],
  [
    'wrong values',
    [
      [
        'a quantity',
        ['services: { traefik: { resources: { requests: { cpu: lots } } } }'],
        [`:4 services.traefik.resources.requests.cpu: "lots" is no Kubernetes quantity; ${quantity}`],
      ],
      [
        'a quantity that is a list',
        ['services: { traefik: { resources: { requests: { cpu: [1] } } } }'],
        [`:4 services.traefik.resources.requests.cpu: must be a quantity, not a list; ${quantity}`],
      ],
      [
        'an empty quantity',
        ['services: { traefik: { storage: } }'],
        [':4 services.traefik.storage: is empty; write for example 20Gi'],
      ],
      [
        'a size without its unit',
        ['services: { traefik: { storage: 5 } }'],
        [':4 services.traefik.storage: "5" is too little, its unit is bytes; write for example 20Gi'],
      ],
      [
        'memory in thousandths of a byte',
        ['services: { traefik: { resources: { limits: { memory: 512m } } } }'],
        [':4 services.traefik.resources.limits.memory: "512m" is too little, its unit is bytes; write for example 512Mi or 2Gi'],
      ],
      [
        'a request above its limit',
        ['services: { traefik: { resources: { requests: { memory: 2Gi }, limits: { memory: 1Gi } } } }'],
        [
          ':4 services.traefik.resources.requests.memory: 2Gi is more than the limit of 1Gi; write at most 1Gi, or a higher limit',
        ],
      ],
      ['CPU as a number', ['services: { traefik: { resources: { limits: { cpu: 2 } } } }'], []],
      ['a number where text is expected', ['namespacePrefix: 5'], [':4 namespacePrefix: must be text, not 5; put it in quotes']],
      ['a list where text is expected', ['timeZone: [UTC]'], [':4 timeZone: must be text, not a list; write a single value']],
      [
        'text where true or false is expected',
        ['services: { traefik: {}, rustdesk: { alwaysUseRelay: "yes" } }'],
        [':4 services.rustdesk.alwaysUseRelay: must be true or false, not "yes"; write it without quotes'],
      ],
      [
        'text where a number is expected',
        ['services: { traefik: { replicas: "2" } }'],
        [':4 services.traefik.replicas: must be a whole number; write for example 2'],
      ],
      ['no pods', ['services: { traefik: { replicas: 0 } }'], [':4 services.traefik.replicas: must be at least 1; write 1']],
      [
        'text where a list is expected',
        ['services: { traefik: {}, minio: { buckets: datasets } }'],
        [
          ':4 services.minio.buckets: must be a list of names, or names with settings; write for example [datasets], or datasets: {}',
        ],
      ],
      [
        'one of a list',
        ['services: { traefik: {}, minio: { buckets: [datasets, Models] } }'],
        [':4 services.minio.buckets.1: must be 3 to 63 lower-case letters, digits and dashes; write for example datasets'],
      ],
      [
        'none of the possible words',
        ['availability: always'],
        [':4 availability: "always" is not possible here; write one of high, single'],
      ],
      [
        'a possible word in other letters',
        ['services: { traefik: { logLevel: debug } }'],
        [':4 services.traefik.logLevel: "debug" is not possible here; did you mean "DEBUG"?'],
      ],
      [
        'root',
        ['services: { traefik: {}, homepage: { puid: 0 } }'],
        [':4 services.homepage.puid: must not be root; write for example 1000'],
      ],
      [
        'names of databases',
        ['services: { traefik: {}, postgis: { databases: { Bad-Name: {}, postgres: {} } } }'],
        [
          ':4 services.postgis.databases.Bad-Name: must be lower-case letters, digits and underscores; write for example gis',
          ':4 services.postgis.databases.postgres: is a name of PostgreSQL’s own; write another one, for example gis',
        ],
      ],
      [
        'a server parameter',
        ['services: { traefik: {}, postgis: { settings: { work_mem: [64MB], "shared-buffers": 1GB } } }'],
        [
          ':4 services.postgis.settings.work_mem: must be text, a number, true or false; write for example 64MB',
          ':4 services.postgis.settings.shared-buffers: must be lower-case letters, digits, underscores and dots; write for example work_mem',
        ],
      ],
      ['a time zone', ['timeZone: Berlin'], [':4 timeZone: "Berlin" is no time zone; write for example Europe/Berlin or UTC']],
      ['an empty section', ['storage:'], [':4 storage: is empty; it must be a map of settings, or be removed']],
      [
        'an address range',
        ['network: { apiServer: [10.0.0.1] }'],
        [':4 network.apiServer.0: must be an IPv4 range; write for example 10.0.0.0/8'],
      ],
      [
        'no address range',
        ['network: { apiServer: [] }'],
        [':4 network.apiServer: must have at least 1 entry; add one, or remove the setting'],
      ],
      [
        'no repository',
        ['argoCd: { revision: main }'],
        [':4 argoCd.repository: is missing; write the Git URL of the repository with dist/'],
      ],
      [
        'a storage class',
        ['storage: { class: Fast_Disk }'],
        [':4 storage.class: must be lower-case letters, digits, dashes and dots; write for example longhorn'],
      ],
    ],
  ],
  [
    'certificates',
    [
      ['no mode', ['tls: { email: ops@hearth.dev }'], [`:4 tls.mode: needs a mode; ${modes}`]],
      ['a wrong mode', ['tls: { mode: letsencrypt }'], [`:4 tls.mode: "letsencrypt" is no mode; ${modes}`]],
      ['nothing', ['tls:'], [`:4 tls: needs a mode; ${modes}`]],
      [
        'Let’s Encrypt for a private domain, without an address',
        ['tls: { mode: lets-encrypt }'],
        [
          ':4 tls.email: must be the e-mail address that Let’s Encrypt writes to; write for example ops@my-company.org',
          ':4 tls.mode: Let’s Encrypt issues nothing for geoai.home.arpa; write mode: self-signed, or a domain that is public',
        ],
      ],
      ['a Secret without its name', ['tls: { mode: secret }'], [':4 tls.secret: is missing; write for example geoai-tls']],
    ],
  ],
  [
    'settings that exclude each other',
    [
      [
        'options of a Traefik that is not ours',
        ['gateway: k3s-bundled', 'services: { traefik: { replicas: 2 } }'],
        [':5 services.traefik.replicas: has no effect on the Traefik that k3s brings; remove it, or write gateway: standalone'],
      ],
      [
        'a secret store that nobody reads',
        ['secretStore: { name: vault }'],
        [':4 secretStore: has no effect without External Secrets; write secrets: external, or remove it'],
      ],
      [
        'a secret store beside secrets of the cluster',
        ['secrets: cluster', 'secretStore: {}'],
        [':5 secretStore: has no effect without External Secrets; write secrets: external, or remove it'],
      ],
      ['a secret store that is read', ['secrets: external', 'secretStore: { name: vault }'], []],
      [
        'a secret store beside a typo',
        ['secrets: extern', 'secretStore: { name: vault }'],
        [':4 secrets: "extern" is not possible here; did you mean "external"?'],
      ],
      ['an empty secret store', ['secretStore:'], [':4 secretStore: is empty; it must be a map of settings, or be removed']],
      [
        'retain on a class of its own mind',
        ['storage:', '  class: longhorn', '  retain: true'],
        [':6 storage.retain: has no effect on the class longhorn, which decides itself; remove one of them'],
      ],
    ],
  ],
  [
    'who may open a route',
    [
      [
        'a group that the identity provider does not have',
        ['services:', '  traefik:', '    access:', '      groups: [admins, editor]', '  mng-pg:', '  keycloak:'],
        [
          ':7 services.traefik.access.groups.1: keycloak has no group "editor", see services.keycloak.groups; did you mean "editors"?',
        ],
      ],
      [
        'an unknown group beside another mistake of the identity provider',
        ['services:', '  traefik: { access: { groups: [admin] } }', '  mng-pg:', '  keycloak: { replicas: none }'],
        [
          ':5 services.traefik.access.groups.0: keycloak has no group "admin", see services.keycloak.groups; did you mean "admins"?',
          ':7 services.keycloak.replicas: must be a whole number; write for example 2',
        ],
      ],
      [
        'a group of one’s own',
        [
          'services:',
          '  traefik: { access: { groups: [staff/drivers, staff] } }',
          '  mng-pg:',
          '  keycloak: { groups: [staff/drivers] }',
        ],
        [],
      ],
      [
        'no group at all',
        ['services: { traefik: { access: { groups: [] } } }'],
        [':4 services.traefik.access.groups: must have at least 1 entry; add one, or remove the setting'],
      ],
      [
        'what is no name of a group',
        ['services: { traefik: { access: { groups: [/Admins] } } }'],
        [
          ':4 services.traefik.access.groups.0: must be lower-case letters, digits, dots and dashes, and begin with no slash; write for example admins',
        ],
      ],
      [
        'single sign-on without a place for accounts and sessions',
        ['services: { traefik: {}, oauth2-proxy: {} }'],
        [
          ':4 services.oauth2-proxy: needs a place where people have accounts; add "keycloak: {}" under services',
          ':4 services.oauth2-proxy: needs a cache; add "mng-valkey: {}" under services',
        ],
      ],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%s', (_what, lines, messages) => expect(complaints(withLines(...lines))).toEqual(messages));
});

const file = (settings: Record<string, string>) =>
  Object.entries({
    name: 'geoai',
    domain: 'geoai.hearth.dev',
    cluster: 'k3s',
    services: '{ traefik: {} }',
    ...settings,
  })
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n');

describe('name and domain', () => {
  test.each<[Record<string, string>, string[]]>([
    [{ name: 'geo' }, [':1 name: differs from the file name; write name: geoai, or rename the file to geo.yaml']],
    [{ name: 'kind' }, [':1 name: kind is the name of another folder in dist/; choose another name']],
    [{ name: '5' }, [':1 name: must be text, not 5; put it in quotes']],
    [{ name: '' }, [':1 name: is missing; write for example geoai']],
    [
      { name: 'Geo_AI' },
      [
        ':1 name: must be lower-case letters, digits and dashes, start with a letter, at most 40 characters; write for example geoai',
        ':1 name: differs from the file name; write name: geoai, or rename the file to Geo_AI.yaml',
      ],
    ],
    [{ domain: 'GeoAI.Hearth.dev' }, [':2 domain: must be in lower case; write geoai.hearth.dev']],
    [
      { domain: 'localhost' },
      [':2 domain: must be a host name of at least two parts, no address; write for example geoai.my-company.org'],
    ],
    [
      { domain: '192.168.1.10' },
      [':2 domain: must be a host name of at least two parts, no address; write for example geoai.my-company.org'],
    ],
    [{ domain: '192-168-1-10.nip.io' }, []],
    [{ domain: '127.0.0.1.nip.io' }, []],
    [{ domain: '' }, [':2 domain: is missing; write the domain of the platform, for example geoai.my-company.org']],
    ...['example.com', 'geoai.example.com', 'geoai.example.org', 'a.example'].map(
      (domain): [Record<string, string>, string[]] => [
        { domain },
        [`:2 domain: ${domain} is a placeholder; write the domain that you own, or one below localhost to try things out`],
      ],
    ),
    [{ domain: 'myexample.com' }, []],
    [
      { tls: '{ mode: lets-encrypt, email: admin@example.com }' },
      [':5 tls.email: admin@example.com is a placeholder; write the address that should hear of expiring certificates'],
    ],
    ...['geoai.localhost', 'geoai.home.arpa', 'geoai.local', 'geoai.internal'].map(
      (domain): [Record<string, string>, string[]] => [
        { domain, tls: '{ mode: lets-encrypt, email: ops@hearth.dev }' },
        [`:5 tls.mode: Let’s Encrypt issues nothing for ${domain}; write mode: self-signed, or a domain that is public`],
      ],
    ),
    [
      { tls: '{ mode: lets-encrypt, email: ops@hearth.dev }', services: '{ traefik: { replicas: 2 } }' },
      [
        ':4 services.traefik.replicas: must be 1 with mode: lets-encrypt, whose store belongs to one pod; write 1, or tls mode: secret or cert-manager',
      ],
    ],
    [
      { tls: '{ mode: lets-encrypt, email: ops@hearth.dev, server: staging }' },
      [
        ':5 tls.server: must be the directory URL of an ACME server; write for example https://acme-staging-v02.api.letsencrypt.org/directory',
      ],
    ],
    [
      { tls: '{ mode: lets-encrypt, email: ops@hearth.dev, server: "ca.lan:9000/directory" }' },
      [
        ':5 tls.server: must be the directory URL of an ACME server; write for example https://acme-staging-v02.api.letsencrypt.org/directory',
      ],
    ],
    [{ cluster: 'kind', gateway: 'k3s-bundled' }, [':5 gateway: k3s-bundled needs cluster: k3s; write gateway: standalone']],
    [{ cluster: 'K3s' }, [':3 cluster: "K3s" is not possible here; did you mean "k3s"?']],
    [{ cluster: '' }, [':3 cluster: is empty; write one of k3s, kind, kubernetes']],
    [
      { cluster: 'kubernetes', storage: '{ retain: true }' },
      [':5 storage.retain: needs cluster: k3s or kind; write class: with a StorageClass whose reclaim policy is Retain instead'],
    ],
  ])('%j', (settings, messages) => expect(complaints(file(settings))).toEqual(messages));
});

describe('whole files', () => {
  test.each<[what: string, text: string, messages: string[]]>([
    ['empty', '', [' is empty; write name, domain, cluster and services']],
    ['comments alone', '# nothing yet\n', [' is empty; write name, domain, cluster and services']],
    ['a list', '- geoai\n', [' must be a map of settings, not a list; write name, domain, cluster and services']],
    ['a word', 'geoai\n', [' must be a map of settings, not "geoai"; write name, domain, cluster and services']],
    [
      'nothing but a name',
      'name: geoai\n',
      [
        ' domain: is missing; write the domain of the platform, for example geoai.my-company.org',
        ' cluster: is missing; write one of k3s, kind, kubernetes',
        ' services: is missing; write at least one service, for example "services: { traefik: {} }"',
      ],
    ],
    [
      'a key that stands twice',
      'name: geoai\ncluster: k3s\ncluster: kind\n',
      [':3 is not valid YAML: the same key stands twice in one map; keep one of them'],
    ],
    ['tabs', 'name: geoai\nservices:\n\ttraefik:\n', [':3 is not valid YAML: tabs do not indent; write spaces']],
    [
      'two documents',
      'name: geoai\n---\nname: other\n',
      [':2 holds several YAML documents; keep one, a platform has a file of its own'],
    ],
    [
      'an alias of nothing',
      'name: geoai\ndomain: *.home.arpa\n',
      [':2 is not valid YAML: *.home.arpa refers to nothing; put it in quotes, or mark a value before it with &.home.arpa'],
    ],
  ])('%s', (_, text, messages) => expect(complaints(text)).toEqual(messages));

  test('everything that is wrong, by line', () => {
    const text = [
      'name: geo',
      'timezone: UTC',
      'services:',
      '  postgis: { storage: 20GB }',
      '  traefik:',
      '    access: all',
      '  mlflow:',
      '    replicas: many',
      'cluster: docker',
    ].join('\n');
    expect(complaints(text)).toEqual([
      ' domain: is missing; write the domain of the platform, for example geoai.my-company.org',
      ':1 name: differs from the file name; write name: geoai, or rename the file to geo.yaml',
      ':2 timezone: is not known here; did you mean "timeZone"?',
      ':4 services.postgis.storage: "20GB" is no Kubernetes quantity; write for example 20Gi',
      ':6 services.traefik.access: "all" is not possible here; write public, sso, basic or { groups: [admins] }',
      ':7 services.mlflow: needs an object store; add "minio: {}" under services',
      ':8 services.mlflow.replicas: must be a whole number; write for example 2',
      ':9 cluster: "docker" is not possible here; write one of k3s, kind, kubernetes',
    ]);
  });
});

describe('folders', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'hearth-platforms-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const good = (name: string) => file({ name });

  test('every platform file, by name; others are left alone', () => {
    write('b.yaml', good('b'));
    write('a.yaml', good('a'));
    write('schema.json', '{}');
    expect(fromEach(folder, loadPlatform).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(loadPlatform(join(folder, 'a.yaml')).name).toBe('a');
  });

  test('every wrong file at once', () => {
    write('a.yaml', good('x'));
    write('b.yaml', good('b'));
    write('c.yaml', '');
    write('d.yml', good('d'));
    expect(() => fromEach(folder, loadPlatform)).toThrow(
      [
        `${folder}/d.yml  is not read for its ending; rename it to d.yaml`,
        `${folder}/a.yaml:1  name: differs from the file name; write name: a, or rename the file to x.yaml`,
        `${folder}/c.yaml  is empty; write name, domain, cluster and services`,
      ].join('\n'),
    );
  });

  test('what the file system refuses, among what else is wrong', () => {
    mkdirSync(join(folder, 'a.yaml'));
    symlinkSync('nothing', join(folder, 'b.yaml'));
    write('c.yaml', '');
    expect(() => fromEach(folder, loadPlatform)).toThrow(
      [
        `${folder}/a.yaml  is a folder; a platform is one file, remove or rename the folder`,
        `${folder}/b.yaml  does not exist, or is a link to nothing; remove it, or mend the link`,
        `${folder}/c.yaml  is empty; write name, domain, cluster and services`,
      ].join('\n'),
    );
    expect(() => fromEach(join(folder, 'c.yaml'), loadPlatform)).toThrow(
      'is a file; it must be the folder of the platform files',
    );
  });

  test('a folder without platform files, or none', () => {
    const message = 'has no platform file; write one, for example geoai.yaml';
    expect(() => fromEach(folder, loadPlatform)).toThrow(`${folder}  ${message}`);
    expect(() => fromEach(join(folder, 'none'), loadPlatform)).toThrow(`${folder}/none  ${message}`);
  });
});

test('a schema reads once, so that nothing is compiled for it', () => {
  parsePlatform('name: a\ndomain: a.localhost\ncluster: kind\nservices: { traefik: {} }\n', 'a.yaml');
  expect(z.config().jitless).toBe(true);
});
