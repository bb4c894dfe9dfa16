import * as YAML from 'yaml';
import { all, container, envOf, find, objectsOf } from '../../../support/objects';
import { geoai, manifestFile } from '../../../support/platforms';

const objects = (options: object = {}, settings: Record<string, unknown> = {}) =>
  objectsOf(geoai(settings, { homepage: options }));
const pod = (options: object = {}, settings: Record<string, unknown> = {}) =>
  find(objects(options, settings), 'Deployment', 'homepage').spec.template;
const file = (name: string, options: object = {}): unknown =>
  YAML.parse(find(objects(options), 'ConfigMap', 'homepage').data[name] ?? '');

test('the whole file', () => expect(manifestFile(geoai(), 'homepage')).toMatchSnapshot());

test('the domain itself and www', () => {
  expect(find(objects(), 'IngressRoute', 'homepage').spec.routes[0]).toEqual({
    kind: 'Rule',
    match: 'Host(`geoai.home.arpa`) || Host(`www.geoai.home.arpa`)',
    middlewares: [{ name: 'edge' }, { name: 'upstream' }],
    services: [{ name: 'homepage', port: 'http' }],
  });
});

test('every service in its group, in the order of tiers, and a layout for each group', () => {
  const groups = file('services.yaml') as Record<string, Record<string, object>[]>[];
  const titles = groups.map((group) =>
    Object.entries(group).map(([name, tiles]) => [name, tiles.map((tile) => Object.keys(tile)[0])]),
  );
  expect(titles.flat()).toEqual([
    ['Gateway', ['Traefik']],
    ['Data', ['PostgreSQL', 'MinIO', 'S3 API']],
    ['AI', ['MLflow']],
    ['Tooling', ['RustDesk']],
  ]);
  expect(file('settings.yaml')).toMatchObject({
    title: 'Tech Infrastructure Services',
    theme: 'dark',
    layout: { Gateway: {}, Data: {}, AI: {}, Tooling: {} },
  });
  expect(file('settings.yaml', { title: 'Our lab' })).toMatchObject({ title: 'Our lab' });
});

test('it sees the state of pods in the namespaces of the platform, and may do nothing else', () => {
  const roles = all(objects(), 'Role').filter(({ metadata }) => metadata.name === 'geoai-tooling-homepage');
  expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['geoai-ai', 'geoai-data', 'geoai-gateway', 'geoai-tooling']);
  for (const { verbs, resources } of roles.flatMap(({ rules }) => rules)) {
    expect([verbs, resources]).toEqual([['get', 'list'], ['pods']]);
  }
});

test('allowed hosts, user and group, time zone', () => {
  expect(envOf(container(pod(), 'homepage'))['HOMEPAGE_ALLOWED_HOSTS']).toBe('geoai.home.arpa,www.geoai.home.arpa');
  const template = pod({ allowedHosts: ['home.lan:8443'], puid: 1500, pgid: 1600 }, { timeZone: 'Europe/Berlin' });
  expect(envOf(container(template, 'homepage'))).toMatchObject({
    HOMEPAGE_ALLOWED_HOSTS: 'geoai.home.arpa,www.geoai.home.arpa,home.lan:8443',
    TZ: 'Europe/Berlin',
  });
  expect(template.spec.securityContext).toMatchObject({ runAsUser: 1500, runAsGroup: 1600, fsGroup: 1600 });
});

test('a changed tile rolls the pods', () => {
  const hash = (services: Record<string, unknown>) =>
    find(objectsOf(geoai({}, services)), 'Deployment', 'homepage').spec.template.metadata.annotations['hearth/config-homepage'];
  expect(hash({})).toBe(hash({ minio: { storage: '60Gi' } }));
  expect(hash({})).not.toBe(hash({ postgis: { reachable: false } }));
});

test('a second one is at its name, and answers there only', () => {
  const of = objectsOf(geoai({}, { start: { component: 'homepage', title: 'Our lab' } }));
  expect(find(of, 'IngressRoute', 'start').spec.routes[0]?.match).toBe('Host(`start.geoai.home.arpa`)');
  const { template } = find(of, 'Deployment', 'start').spec;
  expect(envOf(container(template, 'start'))['HOMEPAGE_ALLOWED_HOSTS']).toBe('start.geoai.home.arpa');
});
