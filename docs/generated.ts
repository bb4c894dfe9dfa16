import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../lib/catalogue';
import { loadPlatforms } from '../lib/config/load';
import { buildPlatform } from '../lib/build-platform';
import { documentation } from '../lib/derived/documentation';
import { parseEvidence } from '../lib/derived/evidence';

/** What `npm run docs` writes: path below the project → content. */
export function generatedDocs(root: string): Map<string, string> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const written = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  return documentation({
    platforms: loadPlatforms(join(root, 'platforms')).map((config) => buildPlatform(config)),
    catalogue,
    evidence: parseEvidence(read('test/evidence.yaml')),
    pages: new Map(
      written
        .filter((path) => path.endsWith('.md') && path !== 'docs/exceptions.md')
        .map((path) => [path, read(path)] as const)
        .filter(([, text]) => text.includes('<!-- generated: ')),
    ),
  });
}
