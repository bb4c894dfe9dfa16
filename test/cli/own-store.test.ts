import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlatform } from '../../lib/config/load';
import { buildPlatform } from '../../lib/build-platform';
import type { KubernetesObject } from '../../cli/cluster/cluster';
import { all, objectsOf } from '../support/objects';
import { commandLine } from './command-line';
import { LivingCluster } from './living-cluster';
import { MemoryCluster } from './memory-cluster';
import { hearthFolder, temporaryFolder } from './world';

const root = hearthFolder('  openbao:\nsecrets: external\n');
const platform = buildPlatform(loadPlatform(join(root, 'platforms/home.yaml')));

/** What the scripts use of the program: signing in, and entries with versions, one file each below `entries`. */
const program = `#!/bin/sh
case "$1 $*" in
  *userpass*) [ "$(cat)" = "$(cat "$HERE/password")" ] && echo "$TOKEN_OF_TEST" || exit 2 ;;
  read*)
    file=$HERE/entries/$(printf %s "$3" | tr / _)
    [ "$BAO_TOKEN" = "$TOKEN_OF_TEST" ] || { echo 'permission denied' >&2; exit 1; }
    [ -e "$file" ] || exit 2
    printf '{\\n  "data": {\\n "data": %s,\\n "metadata": { "version": 3 } } }\\n' "$(sed 's/.*"data":\\({[^}]*}\\).*/\\1/' "$file")" ;;
  write*)
    file=$HERE/entries/$(printf %s "$2" | tr / _)
    body=$(cat)
    case $body in *'"cas":0'*) [ ! -e "$file" ] ;; *'"cas":3'*) [ -e "$file" ] ;; *) false ;; esac ||
      { echo 'check-and-set parameter did not match the current version' >&2; exit 2; }
    printf %s "$body" > "$file" ;;
esac
`;

/** A cluster in memory whose OpenBao keeps entries in a folder. */
function clusterWithStore({ ready = true, memory = new MemoryCluster() } = {}) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'entries'));
  writeFileSync(join(folder, 'bao'), program);
  chmodSync(join(folder, 'bao'), 0o755);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'openbao-0',
      namespace: 'home-security',
      labels: { 'app.kubernetes.io/name': 'openbao', 'app.kubernetes.io/instance': 'openbao' },
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
  memory.put(pod as KubernetesObject);
  const commands: string[] = [];
  memory.answer = ({ pod: name, container }, command, input = '') => {
    commands.push(command.join(' '));
    expect([name, container]).toEqual(['openbao-0', 'openbao']);
    writeFileSync(join(folder, 'password'), memory.secrets.text('home-security/openbao', 'password'));
    const env = { PATH: `${folder}:${process.env.PATH}`, HERE: folder, TOKEN_OF_TEST: 'token-of-the-administrator' };
    const { status, stdout, stderr } = spawnSync(command[0] ?? '', command.slice(1), { input, env, encoding: 'utf8' });
    return { code: status ?? 1, stdout, stderr };
  };
  const entries = () => readdirSync(join(folder, 'entries')).sort();
  const entry = (name: string) =>
    (JSON.parse(readFileSync(join(folder, 'entries', `secret_data_home_${name}`), 'utf8')) as { data: object }).data;
  return { memory, folder, entries, entry, commands };
}

const credentials = (memory: MemoryCluster, ...args: string[]) => commandLine(['credentials', 'home', ...args], { root, memory });

test('what the store needs itself goes into the cluster, all the rest into the store, each entry where it is read', async () => {
  const { memory, entries, entry } = clusterWithStore();
  const { code, out, err } = await credentials(memory);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect([...memory.secrets.secrets.keys()].filter((id) => !id.includes('openbao'))).toEqual([]);
  const wanted = all(objectsOf(platform), 'ExternalSecret').flatMap(({ spec }) =>
    spec.data.map(({ remoteRef }) => [remoteRef.key, remoteRef.property] as const),
  );
  expect(entries()).toEqual([...new Set(wanted.map(([key]) => `secret/data/${key}`.replaceAll('/', '_')))].sort());
  for (const [key, property] of wanted) {
    expect(Object.keys(entry(key.replace(/^home\//, '').replaceAll('/', '_')))).toContain(property);
  }
  expect(entry('ai_postgis-mlflow')).toEqual({ password: expect.stringMatching(/^\w{20}$/) as unknown });
  expect(entry('data_postgis-mlflow')).toMatchObject({ ...entry('ai_postgis-mlflow'), username: 'mlflow' });
  expect(out).toContain('made home-data/postgis: username, password');
});

test('again nothing is written; what is missing is added, and nothing else changes', async () => {
  const { memory, folder, entry } = clusterWithStore();
  await credentials(memory);
  const before = entry('data_postgis');
  expect((await credentials(memory)).out).toContain('nothing was missing');
  const file = join(folder, 'entries/secret_data_home_data_postgis-mlflow');
  writeFileSync(file, JSON.stringify({ data: { username: 'mlflow' }, options: { cas: 0 } }));
  expect((await credentials(memory)).out).toContain('completed home-data/postgis-mlflow: password');
  expect(entry('data_postgis-mlflow')).toEqual({ username: 'mlflow', ...entry('ai_postgis-mlflow') });
  expect(entry('data_postgis')).toEqual(before);
});

test('up fills the store once it is set up, before it waits for what reads from it', async () => {
  const { memory, entries } = clusterWithStore({ memory: new LivingCluster() });
  const { code, out } = await commandLine(['up', 'home'], { root, memory });
  expect(code).toBe(0);
  const order = ['made home-security/openbao:', 'openbao: ready', 'made home-data/postgis:', 'mlflow: ready'];
  const at = order.map((text) => out.indexOf(text));
  expect(at).not.toContain(-1);
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(entries().length).toBeGreaterThan(5);
  const early = clusterWithStore({ memory: new LivingCluster() });
  expect((await commandLine(['up', 'home', '--no-wait'], { root, memory: early.memory })).code).toBe(0);
  expect(early.entries()).toEqual([]);
});

test('what the cluster held before moves into the store, with its values', async () => {
  const { memory, entry } = clusterWithStore();
  // As a platform whose Secrets the cluster held, with the data that remembers them.
  memory.secrets.set('home-data/postgis', 'username', 'postgres');
  memory.secrets.set('home-data/postgis', 'password', 'password-of-before');
  memory.secrets.claims.push('home-data/data-postgis-0');
  expect((await credentials(memory)).code).toBe(0);
  expect(entry('data_postgis')).toEqual({ username: 'postgres', password: 'password-of-before' });
  expect((await credentials(memory)).out).toContain('nothing was missing');
});

test('no value and no token is on a command line or printed', async () => {
  const { memory, commands, entry } = clusterWithStore();
  const { out, err } = await credentials(memory);
  const secrets = [
    'token-of-the-administrator',
    memory.secrets.text('home-security/openbao', 'password'),
    ...Object.values(entry('ai_postgis-mlflow')).map(String),
  ];
  for (const secret of secrets) expect([...commands, out, err].join('\n')).not.toContain(secret);
});

test('before the store runs, or is set up, nothing is lost: it says how to go on', async () => {
  const closed = clusterWithStore({ ready: false });
  const first = await credentials(closed.memory);
  expect(first.code).not.toBe(0);
  expect(first.err).toContain('openbao is not ready to take the values: npx hearth up home starts it');
  expect([...closed.memory.secrets.secrets.keys()]).toContain('home-security/openbao-unseal');
  const early = clusterWithStore();
  const { answer } = early.memory;
  early.memory.answer = (inside, command, input = '') => answer(inside, command, input.replace(/^.*\n/, 'wrong\n'));
  expect((await credentials(early.memory)).err).toContain('openbao is not ready to take the values');
  expect(early.entries()).toEqual([]);
});

test('a value that somebody wrote in the meantime is not overwritten', async () => {
  const { memory, folder, entries } = clusterWithStore();
  const { answer } = memory;
  const file = join(folder, 'entries/secret_data_home_ai_postgis-mlflow');
  memory.answer = (inside, command, input) => {
    if (command.join(' ').includes('write "$path"') && !existsSync(file)) writeFileSync(file, '{"data":{"password":"theirs"}}');
    return answer(inside, command, input);
  };
  const { code, err } = await credentials(memory);
  expect(code).not.toBe(0);
  expect(err).toContain('check-and-set');
  expect(readFileSync(file, 'utf8')).toContain('theirs');
  expect(entries().length).toBeGreaterThan(0);
});

test('the store’s own values can be rotated in the cluster; of the others it says where they are', async () => {
  const { memory } = clusterWithStore();
  await credentials(memory);
  const { err } = await credentials(memory, '--rotate', 'postgis-mlflow', '--yes');
  expect(err).toContain('come from openbao: change home/data/postgis-mlflow, home/ai/postgis-mlflow there');
});
