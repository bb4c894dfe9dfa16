import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { factsOf } from './record';

const folder = mkdtempSync(join(tmpdir(), 'hearth-record-'));
const file = join(folder, 'facts');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Support = typeof import('../api/support/platforms') & typeof import('../support/objects') & typeof import('./record');

/** What is recorded while `use` runs. */
function recordedBy(use: (support: Support) => void): string[] {
  rmSync(file, { force: true });
  process.env.HEARTH_TEST_RECORD = file;
  jest.isolateModules(() => {
    const objects = jest.requireActual<typeof import('../support/objects')>('../support/objects');
    const record = jest.requireActual<typeof import('./record')>('./record');
    use({
      ...record,
      ...objects,
      ...jest.requireActual<typeof import('../api/support/platforms')>('../api/support/platforms'),
    });
  });
  delete process.env.HEARTH_TEST_RECORD;
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

test('who asks for some objects saw those alone', () => {
  expect(
    recordedBy(({ objectsOf, platformNamed, find, findJob, all }) => {
      const objects = objectsOf(platformNamed('pg'));
      find(objects, 'StatefulSet', 'mng-pg');
      find(objects, 'Service', 'mng-pg', 'pg-data');
      all(objects, 'Deployment');
      expect(() => findJob(objects, 'nobody')).toThrow('no job nobody');
    }),
  ).toEqual([
    'find StatefulSet mng-pg of test/platforms/pg.yaml',
    'find Service mng-pg in pg-data of test/platforms/pg.yaml',
    'all Deployment of test/platforms/pg.yaml',
    'job nobody of test/platforms/pg.yaml',
  ]);
});

test('who goes through the list, or looks into the platform, saw all of it', () => {
  const all = ['manifests of test/platforms/pg.yaml'];
  expect(recordedBy(({ objectsOf, platformNamed }) => void objectsOf(platformNamed('pg')).length)).toEqual(all);
  expect(recordedBy(({ objectsOf, platformNamed }) => void [...objectsOf(platformNamed('pg'))])).toEqual(all);
  expect(recordedBy(({ platformNamed }) => void platformNamed('pg').graph.routes)).toEqual(all);
  expect(recordedBy(({ platformNamed }) => void platformNamed('pg').tiers)).toEqual(all);
});

test('who looks at settings or credentials saw those alone', () => {
  expect(recordedBy(({ platformNamed }) => void platformNamed('pg').config.domain)).toEqual([
    'settings of test/platforms/pg.yaml',
  ]);
  expect(recordedBy(({ platformNamed }) => void platformNamed('pg').graph.credentials)).toEqual([
    'credentials of test/platforms/pg.yaml',
  ]);
});

test('a list of other objects is nobody’s', () => {
  expect(recordedBy(({ all, saw }) => void [all([], 'Job'), saw('the end')])).toEqual(['the end']);
});

test('who lists the platforms saw their names', () => {
  expect(recordedBy(({ platformFiles }) => void platformFiles())).toEqual(['names of platforms']);
});

test('of several suites that run as one, each has what it saw itself, and all have what was there before', () => {
  const lines = recordedBy(({ saw, recordFor, sawPlatformsOf, platformNamed }) => {
    saw('image minio');
    recordFor(['a', 'b']);
    saw('command up');
    saw('command up');
    // The platform that they share is not what each of them is about.
    sawPlatformsOf(join(__dirname, '../..'));
    recordFor(['b']);
    saw('command up');
    void platformNamed('pg').config.domain;
  });
  expect(factsOf('a', lines)).toEqual(['image minio', 'command up']);
  expect(factsOf('b', lines)).toEqual(['image minio', 'command up', 'settings of test/platforms/pg.yaml']);
});
