import { Credential, password, literal } from '../../../lib/core/credential';
import { renderEnv, secretText, type EnvValue } from '../../../lib/core/env';
import { testPlatform } from '../../support/platforms';

const platform = testPlatform({ app: {} });
const database = new Credential(platform.component('app'), 'app-database', {
  keys: { username: literal('app'), 'pass.word': password(20) },
});
const render = (env: Record<string, EnvValue>) => renderEnv(env, 'test-apps');
const fromSecret = (name: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: 'app-database', key } },
});

test('plain values become strings', () => {
  expect(render({ TEXT: 'a', NUMBER: 5432, YES: true, NO: false, EMPTY: '' })).toEqual([
    { name: 'TEXT', value: 'a' },
    { name: 'NUMBER', value: '5432' },
    { name: 'YES', value: 'true' },
    { name: 'NO', value: 'false' },
    { name: 'EMPTY', value: '' },
  ]);
});

test('a field of the pod', () => {
  expect(render({ POD_IP: { fieldPath: 'status.podIP' } })).toEqual([
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ]);
});

test('a secret key is a reference', () => {
  expect(render({ PGPASSWORD: database.key('pass.word') })).toEqual([fromSecret('PGPASSWORD', 'pass.word')]);
});

test('a text with secrets follows the variables that it refers to', () => {
  const url = secretText`postgresql://${database.key('username')}:${database.key('pass.word')}@db:${5432}/app`;
  expect(render({ BEFORE: 'x', URL: url, AFTER: 'y' })).toEqual([
    { name: 'BEFORE', value: 'x' },
    fromSecret('APP_DATABASE_USERNAME', 'username'),
    fromSecret('APP_DATABASE_PASS_WORD', 'pass.word'),
    { name: 'URL', value: 'postgresql://$(APP_DATABASE_USERNAME):$(APP_DATABASE_PASS_WORD)@db:5432/app' },
    { name: 'AFTER', value: 'y' },
  ]);
});

test('two texts with the same key share one helper variable', () => {
  const key = database.key('pass.word');
  const names = render({ A: secretText`a:${key}`, B: secretText`b:${key}:${key}` }).map(({ name }) => name);
  expect(names).toEqual(['APP_DATABASE_PASS_WORD', 'A', 'B']);
});

test('an empty secret text is an empty value', () => {
  expect(render({ A: secretText`` })).toEqual([{ name: 'A', value: '' }]);
});

// Kubernetes expands $(NAME) and turns $$ into $: whatever a value says must come out of that unchanged.
const expand = (value: string, variables: Record<string, string> = {}) =>
  value.replaceAll(/\$\$|\$\((\w+)\)/g, (match: string, name?: string) =>
    match === '$$' ? '$' : (variables[name ?? ''] ?? match),
  );

test('`$(` is escaped', () => {
  expect(render({ A: 'echo $(HOME)' })).toEqual([{ name: 'A', value: 'echo $$(HOME)' }]);
});

test.each(['$(HOME)', '$$(HOME)', '$$', 'a$b', '$', '$$$(HOME)', 'cost: 5$'])('%s reaches the program as it is', (text) => {
  const [variable] = render({ A: text });
  expect(expand(variable?.value ?? '', { HOME: '/root' })).toBe(text);
});

test('a dollar sign before a secret stays apart from it', () => {
  const variables = render({ A: secretText`5$${database.key('username')}$(X)` });
  expect(expand(variables[1]?.value ?? '', { APP_DATABASE_USERNAME: 'app', X: 'wrong' })).toBe('5$app$(X)');
});
