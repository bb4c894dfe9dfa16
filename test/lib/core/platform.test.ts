import { objectStore } from '../../../lib/bindings/bucket';
import { sql, type SqlServer } from '../../../lib/bindings/sql-database';
import type { Component } from '../../../lib/core/component';
import { testPlatform, type TestEntry } from '../../support/platforms';

const asks =
  (...names: string[]): TestEntry['build'] =>
  (component: Component) =>
    names.forEach((name) => component.platform.component(name));
const notAsked = () => {
  throw new Error('not asked');
};
const noDatabases: SqlServer = {
  database: notAsked,
  roleMaker: notAsked,
  get writes() {
    return notAsked();
  },
};

test('components are built on demand, once, in whatever order the file names them', () => {
  const built: string[] = [];
  const note =
    (...needed: string[]): TestEntry['build'] =>
    (component) => {
      asks(...needed)?.(component);
      built.push(component.name);
    };
  const platform = testPlatform({
    page: { build: note('shop', 'wiki') },
    shop: { build: note('database') },
    wiki: { build: note('database') },
    database: { tier: 'data', build: note() },
  });
  expect(built).toEqual(['database', 'shop', 'wiki', 'page']);
  expect(platform.component('shop')).toBe(platform.component('shop'));
});

test('what waits for all components comes after every one is built', () => {
  const events: string[] = [];
  const entry: TestEntry = {
    build: ({ name }) => void events.push(`build ${name}`),
    complete: ({ name }) => void events.push(`complete ${name}`),
  };
  testPlatform({ a: entry, b: entry });
  expect(events).toEqual(['build a', 'build b', 'complete a', 'complete b']);
});

test('a circle is named', () => {
  expect(() =>
    testPlatform({
      start: { build: asks('a') },
      a: { build: asks('b') },
      b: { build: asks('c') },
      c: { build: asks('a') },
    }),
  ).toThrow('components need each other in a circle: a → b → c → a');
});

test('a component that the platform file does not name', () => {
  expect(() => testPlatform({ a: { build: asks('b') }, b: {} }, { services: { a: {}, gateway: {} } })).toThrow(
    'a needs b, which is not among its services',
  );
});

test('a need that the definition does not declare', () => {
  const entry: TestEntry = { build: (component) => void component.provider(sql) };
  expect(() => testPlatform({ app: entry })).toThrow('app asks for sql: its definition must say so under needs');
});

test('a need that nobody provides', () => {
  const entry: TestEntry = { needs: { objectStore }, build: (component) => void component.provider(objectStore) };
  expect(() => testPlatform({ app: entry })).toThrow('no service of test provides objectStore');
});

test('a provider that does not keep its definition’s word', () => {
  const app: TestEntry = { needs: { sql }, build: (component) => void component.provider(sql) };
  expect(() => testPlatform({ app, db: { provides: { sql } } })).toThrow('db does not provide sql');
});

test('a need finds its provider, whichever comes first', () => {
  const found: SqlServer[] = [];
  const app: TestEntry = { needs: { sql }, build: (component) => void found.push(component.provider(sql)) };
  const db: TestEntry = { provides: { sql }, build: () => ({ sql: noDatabases }) };
  testPlatform({ app, db, late: app });
  expect(found).toEqual([noDatabases, noDatabases]);
});

test('a name that the catalogue does not have', () => {
  expect(() => testPlatform({}, { services: { gateway: {}, nothing: {} } })).toThrow('the catalogue has no nothing');
});

test('replicas and storage class follow from the platform file', () => {
  expect(testPlatform({}).replicas(3)).toBe(1);
  expect(testPlatform({}, { availability: 'high' }).replicas(3)).toBe(3);
  expect(testPlatform({}, { storage: { retain: true } }).storageClass).toBe('test-retain');
  expect(testPlatform({}, { storage: { retain: true, class: 'fast' } }).storageClass).toBe('fast');
  expect(testPlatform({}, { storage: { retain: false } }).storageClass).toBeUndefined();
});
