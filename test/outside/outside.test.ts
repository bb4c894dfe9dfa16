import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlatform } from '../../lib/build-platform';
import { catalogue as own } from '../../lib/catalogue';
import { platformJsonSchema } from '../../lib/config/json-schema';
import { loadPlatform } from '../../lib/config/load';
import type { Catalogue } from '../../lib/core/definition';
import { manifests } from '../../lib/core/manifest-writer';
import { platformPage } from '../../lib/derived/platform-pages';
import { container, envOf, find } from '../support/objects';
import { problems } from '../support/platforms';
import { rules } from '../support/rules';
import { synthesis, type Synthesis } from '../support/synthesis';
import { chime } from './chime';
import { watchman } from './watchman';

const catalogue: Catalogue = { ...own, chime: () => chime, watchman: () => watchman };

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'outside-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A platform file of these services, the first of which stands in line 5. */
function settings(services: readonly string[], known = catalogue) {
  const file = join(folder, 'lab.yaml');
  const head = ['name: lab', 'domain: lab.home.arpa', 'cluster: k3s', 'services:'];
  writeFileSync(file, [...head, ...services.map((line) => `  ${line}`), ''].join('\n'));
  return loadPlatform(file, known);
}
const refused = (...services: string[]) =>
  problems(() => settings(services))
    ?.split('\n')
    .map((line) => line.replace(`${folder}/`, ''));

let made: Synthesis | undefined;
/** A platform with all of them, made once. */
const lab = () => (made ??= synthesis(settings(whole), catalogue));

const whole = ['traefik: {}', 'mng-pg: {}', 'chime: {}', 'watchman: { interval: 5 }'];

describe('components outside lib/', () => {
  test('become files of their own, beside those of hearth', () => {
    const files = manifests(buildPlatform(settings(whole), catalogue));
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'lab/04-data/mng-pg.k8s.yaml',
        'lab/10-communication/chime.k8s.yaml',
        'lab/11-apps/watchman.k8s.yaml',
      ]),
    );
  });

  test('their edges have all that follows from an edge', () => {
    const { objects } = lab();
    const pod = container(find(objects, 'Deployment', 'watchman').spec.template, 'watchman');
    expect(pod.command).toEqual(['watchman', '--interval=5']);
    expect(envOf(pod)).toMatchObject({
      BELL_URL: 'http://chime.lab-communication.svc:8080/watchman?token=$(CHIME_WATCHMAN_TOKEN)',
      CHIME_WATCHMAN_TOKEN: 'chime-watchman/token',
      MNG_PG_WATCHMAN_PASSWORD: 'mng-pg-watchman/password',
    });
    expect(find(objects, 'ConfigMap', 'chime').data['chime.yaml']).toBe('bells:\n  - watchman\n');
    expect(find(objects, 'ConfigMap', 'mng-pg-databases').data['databases.sql']).toContain('CREATE DATABASE "watchman"');
    const ways = find(objects, 'NetworkPolicy', 'watchman').spec.egress.flatMap(({ to }) =>
      (to ?? []).map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/instance']),
    );
    expect(ways).toEqual(expect.arrayContaining(['mng-pg', 'chime']));
  });

  // Which images there are, only those of hearth have a list of.
  const others = Object.entries(rules).filter(([name]) => name !== 'every image is pinned, in lib/images.ts');
  test.each(others)('%s', (_, rule) => expect(rule(lab())).toEqual([]));

  test('have their names, needs and options in what is said of wrong files', () => {
    expect(refused('traefik: {}', 'mng-pg: {}', 'chime: {}', 'watchmn: {}')).toEqual([
      'lab.yaml:8  services.watchmn: there is no service "watchmn"; did you mean "watchman"?',
    ]);
    expect(refused('traefik: {}', 'mng-pg: {}', 'watchman: {}')).toEqual([
      'lab.yaml:7  services.watchman: needs a doorbell; add "chime: {}" under services',
    ]);
    expect(refused('traefik: {}', 'mng-pg: {}', 'chime: {}', 'watchman:', '  intervall: 5')).toEqual([
      'lab.yaml:9  services.watchman.intervall: is not known here; did you mean "interval"?',
    ]);
    expect(refused('traefik: {}', 'mng-pg: {}', 'chime: {}', 'watchman: { interval: soon }')).toEqual([
      'lab.yaml:8  services.watchman.interval: must be a whole number of seconds; write for example 30',
    ]);
  });

  test('may be several, and say who serves whom', () => {
    const services = ['back-door: { component: chime }', 'watchman: { uses: { doorbell: back-door } }'];
    const all = ['traefik: {}', 'mng-pg: {}', 'chime: {}', ...services];
    const { objects } = synthesis(settings(all), catalogue);
    expect(envOf(container(find(objects, 'Deployment', 'watchman').spec.template, 'watchman')).BELL_URL).toMatch(
      /^http:\/\/back-door\.lab-communication\.svc:8080\//,
    );
    expect(refused('traefik: {}', 'mng-pg: {}', 'chime: {}', 'watchman: { uses: { doorbell: mng-pg } }')).toEqual([
      'lab.yaml:8  services.watchman.uses.doorbell: "mng-pg" gives none; write chime',
    ]);
  });

  test('are part of the JSON Schema that editors complete platform files with', () => {
    expect(platformJsonSchema(catalogue)).toMatchObject({
      properties: {
        services: { properties: { watchman: { $ref: '#/$defs/watchman' } } },
        providers: { properties: { doorbell: { description: 'The service that is a doorbell to the others' } } },
      },
      $defs: {
        watchman: {
          description: expect.stringContaining('Watchman, who rings when rows change') as unknown,
        },
      },
    });
    expect(JSON.stringify(platformJsonSchema(catalogue))).toContain('"description":"Seconds between looks"');
    expect(JSON.stringify(platformJsonSchema(own))).not.toMatch(/watchman|doorbell/);
  });

  test('are on the page of the platform, with what they sign in with', () => {
    const page = platformPage(buildPlatform(settings(whole), catalogue));
    expect(page).toMatch(
      /\| `watchman` *\| `chime\.lab-communication\.svc:8080` *\| rings watchman *\| Secret `chime-watchman`: `token` *\|/,
    );
  });
});

test('without them in the catalogue, hearth knows nothing of them', () => {
  const wrong = problems(() => settings(['traefik: {}', 'mng-pg: {}', 'watchman: {}'], own));
  expect(wrong).toContain('lab.yaml:7  services.watchman: there is no service "watchman"; ');
});
