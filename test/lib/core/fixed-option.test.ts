import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedOption, type FixedOptionProps } from '../../../lib/core/fixed-option';
import { Volume } from '../../../lib/core/volume';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'fixed-option-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const volume = new Volume('data', { size: '1Gi', backup: 'none' });

/** Runs the check on the folder, as the container would on its volume. */
function start(value: string | number, props: Partial<FixedOptionProps> = {}) {
  const checks = fixedOption({ volume, program: 'Store', option: 'shard-count', value, ...props });
  const [[name, check] = ['']] = Object.entries(checks);
  const [shell = '', ...args] = check?.command.map((text) => text.replaceAll('/volume', folder)) ?? [];
  const env = Object.fromEntries(Object.entries(check?.env ?? {}).map(([key, text]) => [key, String(text)]));
  const { status, stderr } = spawnSync(shell, args, { env: { ...env, PATH: process.env.PATH }, encoding: 'utf8' });
  return { name, status, stderr };
}

test('the first start marks the volume, and the same value goes on', () => {
  expect(start(3)).toEqual({ name: 'check-shard-count', status: 0, stderr: '' });
  expect(readdirSync(folder)).toEqual(['.hearth-shard-count']);
  expect(readFileSync(join(folder, '.hearth-shard-count'), 'utf8')).toBe('3');
  expect(start(3).status).toBe(0);
});

test('another value is refused with what to write, and the mark stays', () => {
  start(3);
  const { status, stderr } = start(4);
  expect(status).toBe(1);
  expect(stderr).toBe(
    'The data belongs to a server with shard-count: 3, and Store cannot make it one with shard-count: 4. Nothing was changed. ' +
      'Write shard-count: 3, or bring the data over by a backup and a restore.\n',
  );
  expect(start(3).status).toBe(0);
});

test('several options of one program have marks of their own', () => {
  start(3);
  expect(start('C.UTF-8', { option: 'locale' })).toMatchObject({ name: 'check-locale', status: 0 });
  expect(readdirSync(folder)).toEqual(['.hearth-locale', '.hearth-shard-count']);
  expect(start('C', { option: 'locale' }).stderr).toContain('Write locale: C.UTF-8,');
});

test('where the data itself says it, that is read, and nothing is written', () => {
  const says = (text: string) => ({ found: `found=${text}\n`, subject: 'The drive belongs to a store' });
  expect(start(4, says('4')).status).toBe(0);
  expect(start(4, says('1')).stderr).toContain('The drive belongs to a store with shard-count: 1, and Store cannot');
  expect(start(4, { found: 'exit 0\n' }).status).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});
