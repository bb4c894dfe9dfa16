import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildPlatforms } from '../lib/build-platform';
import { distFiles } from '../lib/synth';

const root = join(__dirname, '..');

function synthesized(): Map<string, string> {
  const platforms = buildPlatforms(join(root, 'platforms'));
  return new Map(platforms.flatMap((platform) => [...distFiles(platform)]));
}

test('dist/ equals a fresh synth: run `npm run synth` and commit', () => {
  const dist = join(root, 'dist');
  const committed = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)));
  const fresh = synthesized();
  expect(committed.sort()).toEqual([...fresh.keys()].sort());
  for (const [path, content] of fresh) expect(readFileSync(join(dist, path), 'utf8')).toBe(content);
});

test('two synths give the same bytes', () => {
  expect([...synthesized()]).toEqual([...synthesized()]);
});
