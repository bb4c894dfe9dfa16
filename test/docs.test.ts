import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as YAML from 'yaml';
import { z } from 'zod';
import { programOf } from '../cli/program';
import type { World } from '../cli/world';
import { generatedDocs } from '../docs/generated';
import { catalogue } from '../lib/catalogue';
import { fromEach, loadPlatform, parsePlatform } from '../lib/config/load';
import { buildPlatform } from '../lib/build-platform';
import { generatedFolders, platformSchemaFile } from '../lib/derived/documentation';
import { bytesText, cpuText, footprint } from '../lib/derived/footprint';
import { fillSections, table } from '../lib/derived/markdown';
import { platformPage } from '../lib/derived/platform-pages';
import type { SettingSchema } from '../lib/derived/settings-table';
import { topology } from '../lib/derived/topology';
import { images } from '../lib/images';

const root = join(__dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const filesBelow = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
const pages = ['README.md', 'crds/README.md', ...filesBelow('docs').filter((path) => path.endsWith('.md'))];
const fences = (path: string, language: string) =>
  [...read(path).matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text);

describe('generated files', () => {
  const fresh = generatedDocs(root);

  test.each([...fresh.keys()])('%s is fresh: run `npm run docs` and commit', (path) => {
    expect(existsSync(join(root, path)) && read(path)).toBe(fresh.get(path));
  });

  test('generated folders hold nothing else: run `npm run docs` and commit', () => {
    const expected = [...fresh.keys()].filter((path) => generatedFolders.includes(dirname(path)));
    expect(generatedFolders.flatMap(filesBelow).sort()).toEqual(expected.sort());
  });

  test('a section that nothing generates is an error', () => {
    expect(() => fillSections('<!-- generated: x --><!-- end -->', {})).toThrow('no generated section x');
  });

  test('a table keeps bars inside its cells', () => {
    expect(table(['a'], [['x|y']])).toBe('| a    |\n| ---- |\n| x\\|y |');
  });
});

describe('pages', () => {
  test.each(pages)('the links of %s lead somewhere', (path) => {
    const links = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [file = '', anchor] = target.split('#');
      const place = file === '' ? path : join(dirname(path), file);
      return !existsSync(join(root, place)) || (anchor !== undefined && !anchors(place).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test.each(pages)('the commands and options of hearth in %s exist', (path) => {
    const { commands } = programOf({} as World);
    const unknown = [...read(path).matchAll(/npx hearth ([a-z]+)([^`\n#;&|]*)/g)].flatMap(([line, name, rest = '']) => {
      const command = commands.find((candidate) => candidate.name() === name);
      const options = [...rest.matchAll(/(?<=\s)--[a-z-]+/g)].map(([option]) => option);
      const known = command?.options.map(({ long }) => long) ?? [];
      return command && options.every((option) => known.includes(option)) ? [] : [line];
    });
    expect(unknown).toEqual([]);
  });

  test.each(pages)('the npm scripts in %s exist', (path) => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const named = [...read(path).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });

  test('the README leads to every written page', () => {
    const written = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    expect(written.filter((name) => !read('README.md').includes(`(docs/${name}`))).toEqual([]);
  });

  test('the YAML in platform-file.md is right, and shows every setting', () => {
    const examples = fences('docs/platform-file.md', 'yaml').filter((text) => text.startsWith('name: '));
    const shown = examples.flatMap((text) => {
      const { name } = parsePlatform(text, `${/^name: (\S+)/.exec(text)?.[1]}.yaml`);
      expect(text).toContain(name);
      return Object.keys(YAML.parse(text));
    });
    expect([...new Set(shown)].sort()).toEqual(Object.keys(schema().properties ?? {}).sort());
  });

  test('the code in writing-a-component.md is that of the components it names', () => {
    const lines = (text: string) => text.split('\n').map((line) => line.trim());
    const sources = ['lib/tiers/ai/mlflow.ts', 'lib/tiers/messaging/mosquitto.ts', 'lib/catalogue.ts'];
    const source = new Set(sources.flatMap((file) => lines(read(file))));
    const excerpts = fences('docs/writing-a-component.md', 'ts');
    expect(excerpts.flatMap(lines).filter((line) => !source.has(line))).toEqual([]);
    expect(excerpts.length).toBeGreaterThan(3);
  });
});

/** The anchors that GitHub makes of headings. */
function anchors(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The schema of platform files, with what it refers to in its place. */
function schema(): SettingSchema {
  const { $defs, ...whole } = JSON.parse(platformSchemaFile(catalogue)) as SettingSchema & {
    $defs: Record<string, SettingSchema>;
  };
  const resolved = (_: string, value: { $ref?: string } | null): unknown => {
    if (value?.$ref === undefined) return value;
    const { $ref, ...beside } = value;
    return { ...JSON.parse(JSON.stringify($defs[$ref.replace('#/$defs/', '')]), resolved), ...beside } as unknown;
  };
  return JSON.parse(JSON.stringify(whole), resolved) as SettingSchema;
}

/** Paths of the settings without a description. */
function undescribed(node: SettingSchema, path = ''): string[] {
  const { properties = {}, additionalProperties, items, anyOf = [], oneOf = [] } = node;
  const inner = [additionalProperties, items, ...anyOf, ...oneOf].filter((other) => typeof other === 'object');
  return [
    ...Object.entries(properties).flatMap(([key, property]) => [
      ...(property.description ? [] : [`${path}${key}`]),
      ...undescribed(property, `${path}${key}.`),
    ]),
    ...inner.flatMap((other) => undescribed(other, path)),
  ];
}

describe('platforms/schema.json', () => {
  const validator = z.fromJSONSchema(JSON.parse(platformSchemaFile(catalogue)));
  const shipped = readdirSync(join(root, 'platforms')).filter((name) => name.endsWith('.yaml'));

  test.each(shipped)('accepts %s', (name) => {
    expect(validator.safeParse(YAML.parse(read(`platforms/${name}`))).error).toBeUndefined();
  });

  test.each([
    ['a setting', { availabilty: 'high' }],
    ['a service', { services: { traefik: {}, mlfow: {} } }],
    ['an option', { services: { traefik: {}, mlflow: { worker: 1 } } }],
    ['a value', { cluster: 'k3d' }],
  ])('rejects a typo in %s', (_, typo) => {
    const right = { name: 'a', domain: 'a.localhost', cluster: 'kind', services: { traefik: null } };
    expect(validator.safeParse(right).success).toBe(true);
    expect(validator.safeParse({ ...right, ...typo }).success).toBe(false);
  });

  test('says what it is, and explains the services', () => {
    expect(JSON.parse(platformSchemaFile(catalogue))).toMatchObject({
      $schema: expect.stringContaining('json-schema.org'),
      title: expect.any(String),
    });
    const services = Object.entries(schema().properties?.services?.properties ?? {});
    expect(services.map(([name]) => name).sort()).toEqual(Object.keys(catalogue).sort());
    expect(services.filter(([, { description }]) => !description)).toEqual([]);
  });

  test('has what every service can be told once, and every component refers to it', () => {
    const { $defs } = JSON.parse(read('platforms/schema.json')) as {
      $defs: Record<string, { anyOf?: { properties: object }[]; properties?: object }>;
    };
    for (const name of ['mlflow', 'backup']) {
      const { anyOf, properties = anyOf?.[0]?.properties } = $defs[name] ?? {};
      expect(properties).toMatchObject({ image: { $ref: '#/$defs/service.image' } });
    }
    expect($defs['service.image']).toMatchObject({ type: 'string' });
    const { postgis, mlflow } = $defs;
    expect(postgis?.anyOf?.[0]?.properties).toMatchObject({ storage: { $ref: '#/$defs/service.storage' } });
    expect(postgis?.anyOf?.[0]?.properties).not.toHaveProperty('replicas');
    expect(mlflow?.anyOf?.[0]?.properties).toMatchObject({ replicas: { $ref: '#/$defs/service.replicas' } });
    expect(mlflow?.anyOf?.[0]?.properties).not.toHaveProperty('storage');
  });

  test('says what every setting means', () => {
    expect(undescribed(schema())).toEqual([]);
  });

  test('shows the default size of volumes', () => {
    expect(schema().properties?.services?.properties?.postgis).toMatchObject({
      anyOf: expect.arrayContaining([
        expect.objectContaining({
          properties: expect.objectContaining({ storage: expect.objectContaining({ default: '20Gi' }) }),
        }),
      ]),
    });
  });

  test('every shipped platform file names it', () => {
    expect(shipped.filter((name) => !read(`platforms/${name}`).includes('$schema=./schema.json'))).toEqual([]);
  });
});

describe('pages of platforms', () => {
  const file = (extra: object) =>
    parsePlatform(
      YAML.stringify({
        name: 'p',
        domain: 'p.my-company.org',
        cluster: 'k3s',
        providers: { sql: 'mng-pg' },
        services: all,
        ...extra,
      }),
      'p.yaml',
    );
  const all = {
    ...Object.fromEntries(Object.keys(catalogue).map((name) => [name, null])),
    backup: { target: { endpoint: 'https://s3.my-company.org', bucket: 'backups' } },
    'tailscale-gate': { to: 'minio' },
  };
  const variants: [string, object][] = [
    ['with Let’s Encrypt', { tls: { mode: 'lets-encrypt', email: 'ops@my-company.org' } }],
    ['with the gateway of k3s', { gateway: 'k3s-bundled' }],
    ['on kind', { cluster: 'kind' }],
    ['highly available', { availability: 'high' }],
  ];

  test.each(variants)('%s: the diagram is valid', (_, extra) => {
    const lines = topology(buildPlatform(file(extra))).split('\n');
    const label = '"[^"]+"';
    const known = [
      /^flowchart LR$/,
      new RegExp(`^ {2}internet\\(\\[${label}\\]\\)$`),
      new RegExp(`^ {2}subgraph tier_\\w+\\[${label}\\]$`),
      new RegExp(`^ {4}component_\\w+\\[${label}\\]$`),
      /^ {2}end$/,
      new RegExp(`^ {2}\\w+ -->(\\|${label}\\|)? \\w+$`),
    ];
    expect(lines.filter((line) => !known.some((form) => form.test(line)))).toEqual([]);
    const nodes = new Set(lines.flatMap((line) => /^ +(\w+)[[(]/.exec(line)?.[1] ?? []));
    const ends = lines.flatMap((line) => /^ {2}(\w+) -->.*? (\w+)$/.exec(line)?.slice(1) ?? []);
    expect(ends.filter((end) => !nodes.has(end))).toEqual([]);
    expect(ends).toContain('component_traefik');
  });

  test.each(variants)('%s: tables have no empty first cell', (_, extra) => {
    expect(platformPage(buildPlatform(file(extra)))).not.toMatch(/^\| +\|/m);
  });

  test('Let’s Encrypt shows as a way to the internet, and as an exception', () => {
    const platform = buildPlatform(file({ tls: { mode: 'lets-encrypt', email: 'ops@my-company.org' } }));
    expect(topology(platform)).toContain('component_traefik -->|"443"| internet');
    expect(platformPage(platform)).toContain('egress to the internet');
  });

  test('every credential of the shipped platforms is on its page', () => {
    for (const config of fromEach(join(root, 'platforms'), loadPlatform)) {
      const platform = buildPlatform(config);
      const page = platformPage(platform);
      for (const { name } of platform.graph.credentials) expect(page).toContain(`\`${name}\``);
    }
  });

  test('the footprint adds up pods, and takes the larger of containers and init containers', () => {
    const { graph } = buildPlatform(file({ services: { ...all, mlflow: { replicas: 2 } } }));
    const mlflow = graph.workloads.filter(({ name }) => name === 'mlflow');
    expect(footprint(mlflow)).toEqual({
      pods: 2,
      requests: { cpu: 0.2, memory: 2 * 768 * 2 ** 20 },
      limits: { cpu: 4, memory: 4 * 2 ** 30 },
      storage: 0,
    });
    const hungry = {
      image: 'i',
      resources: { requests: { cpu: '3', memory: '1Mi' }, limits: { cpu: '3', memory: '1Mi' } },
    };
    for (const workload of mlflow) Object.assign(workload.props, { init: { hungry } });
    expect(footprint(mlflow).requests).toEqual({ cpu: 6, memory: 2 * 768 * 2 ** 20 });
    expect([cpuText(0.25), cpuText(2), bytesText(2 ** 29), bytesText(1.5 * 2 ** 30)]).toEqual(['250m', '2', '512 Mi', '1.5 Gi']);
  });
});

describe('renovate.json', () => {
  const renovate = z
    .object({
      customManagers: z.array(z.object({ managerFilePatterns: z.array(z.string()), matchStrings: z.array(z.string()) })),
      packageRules: z.array(z.object({ matchPackageNames: z.array(z.string()), versioning: z.string() })),
    })
    .parse(JSON.parse(read('renovate.json')));
  const [manager] = renovate.customManagers;
  const found = [...read('lib/images.ts').matchAll(new RegExp(manager?.matchStrings[0] ?? '', 'g'))].map(
    ({ groups = {} }) => groups,
  );

  test('finds every image of lib/images.ts', () => {
    const seen = found.map(({ depName, currentValue }) => `${depName}:${currentValue}`);
    expect(seen.sort()).toEqual(Object.values(images).sort());
    expect(found.every(({ datasource }) => datasource === 'docker')).toBe(true);
  });

  test('every versioning rule fits the tag it is for', () => {
    for (const { matchPackageNames, versioning } of renovate.packageRules) {
      for (const name of matchPackageNames) {
        const tag = found.find(({ depName }) => depName === name)?.currentValue;
        expect(tag).toMatch(new RegExp(versioning.replace(/^regex:/, '')));
      }
    }
  });
});
