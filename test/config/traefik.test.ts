import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as YAML from 'yaml';
import { build, objectsOf, platformFiles, platformNamed } from '../api/support/platforms';
import { findProgram, suiteWith } from '../api/support/programs';
import { Traefik, type StaticConfig } from '../api/support/traefik';
import { all, find } from '../support/objects';

const suite = suiteWith('test/config/traefik', { 'traefik on PATH': findProgram('traefik') });

/** Traefik's static configuration of every platform, in the real program. There is no cluster that it could read. */
suite.each(platformFiles().map((source) => [source.name, source] as const))('the Traefik of %s', (_name, source) => {
  const platform = build(source);
  const objects = objectsOf(platform);
  const { domain, tls } = platform.config;
  const host = `mlflow.${domain}`;
  let traefik: Traefik;

  beforeAll(async () => {
    const [bundled] = all(objects, 'HelmChartConfig');
    traefik = bundled
      ? await Traefik.bundled(YAML.parse(bundled.spec.valuesContent) as Parameters<typeof Traefik.bundled>[0])
      : await Traefik.standalone(objects);
  });
  afterAll(() => traefik?.stop());

  test('it runs, and answers probes and metrics', async () => {
    expect(await traefik.get('traefik', 'localhost', '/ping')).toMatchObject({ status: 200, body: 'OK' });
    expect((await traefik.get('traefik', 'localhost', '/metrics')).body).toContain('traefik_config_reloads_total');
  });

  test('HTTP is redirected to HTTPS under the same host, without a port', async () => {
    const { status, headers } = await traefik.get('web', host, '/a?b=c');
    expect([301, 308]).toContain(status);
    expect(headers.location).toBe(`https://${host}/a?b=c`);
  });

  test('HTTPS is served on the entry point of the routes', async () => {
    expect(await traefik.get('websecure', host, '/', { tls: {} })).toMatchObject({ status: 404 });
  });

  test('the entry points of routes beyond HTTP listen', async () => {
    const names = platform.graph.routes.flatMap((route) => route.entryPoint?.name ?? []);
    expect(Object.keys(traefik.ports).sort()).toEqual(['traefik', 'web', 'websecure', ...names].sort());
    for (const name of names) await traefik.connect(name);
  });

  test('certificates are stored for Traefik’s eyes only, where it asks for any', () => {
    const store = statSync(join(traefik.folder, 'acme.json'), { throwIfNoEntry: false });
    expect(store && store.mode & 0o777).toBe(tls.mode === 'lets-encrypt' ? 0o600 : undefined);
  });

  test('its log names no error but the missing cluster', () => {
    expect(traefik.errors.filter((line) => !line.includes('endpoint missing for external cluster client'))).toEqual([]);
    expect(traefik.running).toBe(true);
  });
});

/** https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/ */
const topLevelKeys = [
  ...['accessLog', 'api', 'certificatesResolvers', 'core', 'entryPoints', 'experimental', 'global', 'hostResolver', 'log'],
  ...['metrics', 'ocsp', 'ping', 'providers', 'serversTransport', 'spiffe', 'tcpServersTransport', 'tracing'],
];

suite('Traefik', () => {
  const configOf = (name: string) =>
    YAML.parse(find(objectsOf(platformNamed(name)), 'ConfigMap', 'traefik').data['traefik.yaml'] ?? '') as StaticConfig;

  test('is given top-level keys that it knows; others it would ignore', () => {
    for (const name of ['geoai', 'geoai-acme']) {
      expect(topLevelKeys).toEqual(expect.arrayContaining(Object.keys(configOf(name))));
    }
  });

  test('refuses any other key that it does not know, so that the checks above mean something', async () => {
    const { code, stdout, stderr } = await Traefik.refused({
      ...configOf('geoai'),
      api: { dashbord: true },
    });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('field not found');
  });
});
