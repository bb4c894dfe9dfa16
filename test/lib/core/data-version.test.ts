import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDataVersion, dataVersion, type DataVersionProps } from '../../../lib/core/data-version';
import { Volume } from '../../../lib/core/volume';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'data-version-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const volume = new Volume('data', { size: '1Gi', backup: 'none' });

/** Runs the check on the folder, as the container would on its volume. */
function check(props: Partial<DataVersionProps> = {}) {
  const container = dataVersion({ volume, program: 'Store', version: '9', ...props })[checkDataVersion];
  const [shell = '', ...args] = container?.command ?? [];
  const env = Object.fromEntries(
    Object.entries(container?.env ?? {}).map(([key, value]) => [key, String(value).replace('/volume', folder)]),
  );
  const { status, stderr } = spawnSync(shell, args, { env, encoding: 'utf8' });
  return { status, stderr };
}

test('an empty volume is marked, and is known the next time', () => {
  expect(check()).toEqual({ status: 0, stderr: '' });
  expect(readdirSync(folder)).toEqual(['.hearth-version']);
  expect(readFileSync(join(folder, '.hearth-version'), 'utf8')).toBe('9');
  expect(check().status).toBe(0);
});

test('data of another version is refused, newer or older, and the mark stays', () => {
  writeFileSync(join(folder, '.hearth-version'), '8');
  const { status, stderr } = check();
  expect(status).toBe(1);
  expect(stderr).toContain('The data is of Store 8, and Store 9 does not start on it. Nothing was changed.');
  expect(readFileSync(join(folder, '.hearth-version'), 'utf8')).toBe('8');
  writeFileSync(join(folder, '.hearth-version'), '10');
  expect(check({ upgradesFrom: ['8'] }).status).toBe(1);
});

test('an older version that the program itself brings up to date is let through, and marked anew', () => {
  writeFileSync(join(folder, '.hearth-version'), '8');
  expect(check({ upgradesFrom: ['7', '8'] }).status).toBe(0);
  expect(readFileSync(join(folder, '.hearth-version'), 'utf8')).toBe('9');
});

test('the mark of the program itself is read and never written', () => {
  expect(check({ file: 'VERSION' }).status).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(join(folder, 'VERSION'), '8\n');
  expect(check({ file: 'VERSION' }).status).toBe(1);
  writeFileSync(join(folder, 'VERSION'), '9\n');
  expect(check({ file: 'VERSION' }).status).toBe(0);
});

test('the script is one that every shell reads', () => {
  const script = dataVersion({ volume, program: 'Store', version: '9' })[checkDataVersion]?.command?.[2] ?? '';
  expect(() => execFileSync('sh', ['-n', '-c', script])).not.toThrow();
});
