import { join } from 'node:path';
import { MemoryCluster } from './memory-cluster';
import { catalogue, credentials, env } from './rotating-platform';
import { commandLine } from './command-line';
import { hearthFolder, temporaryFolder } from './world';

const id = 'home-tooling/backup';

test('values come from the environment, without the end of their last line', async () => {
  const memory = new MemoryCluster();
  const { code, out, err } = await credentials(memory, []);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`made ${id}: accessKeyId, secret.key`);
  expect(memory.secrets.text(id, 'accessKeyId')).toBe('access-of-backup');
  expect(memory.secrets.text(id, 'secret.key')).toBe('secret-of-backup');
  expect(out).not.toContain('of-backup');
});

test('those that exist are kept, and nobody is asked again', async () => {
  const memory = new MemoryCluster();
  memory.secrets.set(id, 'accessKeyId', 'mine');
  memory.secrets.set(id, 'secret.key', 'mine, too');
  expect((await credentials(memory, [], { env: {} })).code).toBe(0);
  expect((await credentials(memory, [])).code).toBe(0);
  expect(memory.secrets.text(id, 'accessKeyId')).toBe('mine');
});

test('what the environment lacks is asked for, without an echo', async () => {
  const memory = new MemoryCluster();
  const asked: string[] = [];
  const secret = async (message: string) => {
    asked.push(message);
    return 'typed\n';
  };
  const some = { HEARTH_BACKUP_ACCESSKEYID: env.HEARTH_BACKUP_ACCESSKEYID };
  const { code, out, err } = await credentials(memory, [], { env: some, answers: { secret } });
  expect(code).toBe(0);
  expect(asked).toEqual(['secret key of it (home-tooling/backup: secret.key):']);
  expect(memory.secrets.text(id, 'secret.key')).toBe('typed');
  expect(out + err).not.toContain('typed');
});

test('nobody is asked while something else is wrong', async () => {
  const memory = new MemoryCluster();
  memory.secrets.missingNamespaces.push('home-ai');
  const secret = () => Promise.reject(new Error('must not ask'));
  const { code, err } = await credentials(memory, [], { env: {}, answers: { secret } });
  expect(code).toBe(1);
  expect(err).toContain('home-ai');
});

test('an empty answer changes nothing', async () => {
  const memory = new MemoryCluster();
  const { code, err } = await credentials(memory, [], { env: {}, answers: { secret: async () => '\n' } });
  expect(code).toBe(1);
  expect(err).toContain('access key of the backup target (home-tooling/backup: accessKeyId) must not be empty');
  expect(memory.secrets.writes).toBe(0);
});

test('where nobody answers, every variable that is missing or empty is named, along with other problems', async () => {
  const memory = new MemoryCluster();
  memory.secrets.missingNamespaces.push('home-ai');
  const { code, err } = await credentials(memory, [], { env: { HEARTH_BACKUP_SECRET_KEY: '\n' } });
  expect(code).toBe(1);
  expect(err).toContain(
    'access key of the backup target (home-tooling/backup: accessKeyId) is missing: set HEARTH_BACKUP_ACCESSKEYID',
  );
  expect(err).toContain('$HEARTH_BACKUP_SECRET_KEY is empty');
  expect(err).toContain('home-ai');
  expect(err).toMatch(/Nothing was changed\.$/);
  expect(memory.secrets.writes).toBe(0);
});

test('a lost value can be given again beside the data', async () => {
  const memory = new MemoryCluster();
  await credentials(memory, []);
  memory.secrets.secrets.delete(id);
  memory.secrets.claims.push('home-tooling/data-server-0');
  expect((await credentials(memory, [])).code).toBe(0);
  expect(memory.secrets.text(id, 'accessKeyId')).toBe('access-of-backup');
});

test('--file wants them, too', async () => {
  const file = join(temporaryFolder(), 'secrets.yaml');
  const memory = new MemoryCluster();
  expect((await credentials(memory, ['--file', file], { env: {} })).err).toContain('set HEARTH_BACKUP_ACCESSKEYID');
  expect((await credentials(memory, ['--file', file])).code).toBe(0);
});

test('external secrets: they are named as what the operator has to bring', async () => {
  const { out } = await commandLine(['credentials', 'home'], { root: hearthFolder('secrets: external\n'), catalogue });
  expect(out).toMatch(/^ {2}accessKeyId +yours: access key of the backup target$/m);
});
