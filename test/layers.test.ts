import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './support/platforms';

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** What `npm run layers` reports of a copy of the sources to which these lines are added: `rule: from → to`, sorted. */
function reported(added: Readonly<Record<string, string>>): string[] {
  const copy = mkdtempSync(join(tmpdir(), 'layers-'));
  try {
    for (const part of ['lib', 'cli', 'imports', 'main.ts', 'tsconfig.json', 'test/support/slowdown.ts']) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [path, line] of Object.entries(added)) appendFileSync(join(copy, path), `\n${line}\n`);
    const config = join(root, '.dependency-cruiser.mjs');
    const { stdout, stderr } = spawnSync(
      join(root, 'node_modules/.bin/depcruise'),
      ['--config', config, '--output-type', 'json', 'lib', 'cli', 'main.ts'],
      { cwd: copy, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    if (stdout === '') throw new Error(stderr);
    const { summary } = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
    return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort();
  } finally {
    rmSync(copy, { recursive: true });
  }
}

test('every rule about imports reports what breaks it, and nothing else in the sources does', () => {
  const found = reported({
    // Up, by each form of an import.
    'lib/images.ts': "export type Planted = import('./config/section').Section;",
    'lib/core/planted.ts': "import type { SqlServer } from '../bindings/sql-database';\nexport type P = SqlServer;",
    'lib/options/planted.ts': "export type { SqlServer } from '../bindings/sql-database';",
    'lib/bindings/planted.ts': "export const planted: unknown = require('../tiers/data/postgres-options');",
    'lib/tiers/ai/planted.ts': "export * from '../../catalogue';",
    'lib/catalogue.ts': "export const planted = (): Promise<unknown> => import('./config/section');",
    'lib/config/planted.ts': "import { type Evidence } from '../derived/evidence';\nexport type P = Evidence;",
    'lib/derived/planted.ts': "export type P = typeof import('../build-platform');",
    'lib/build-platform.ts': "export { say } from '../cli/output';",
    'cli/planted.ts': "export * from '../test/support/slowdown';",
    // Beside.
    'lib/options/made-of-imports.ts': "import { IngressRoute } from '../../imports/traefik.io';\nexport { IngressRoute };",
    'lib/planted.ts': "export * from './images';",
    'lib/tiers/ai/other-tier.ts': "export * from '../data/postgres-options';",
    'lib/tiers/data/other-component.ts': "export * from './couchdb';",
    'lib/tiers/data/part-of-other.ts': "export * from './couchdb/server';",
    'lib/tiers/data/qdrant/other.ts': "export * from '../couchdb';",
    // A circle of types alone is reported once; those of core/ are fine.
    'lib/tiers/ai/one.ts': "import type { B } from './other';\nexport type A = B | 'a';",
    'lib/tiers/ai/other.ts': "import type { A } from './one';\nexport type B = A | 'b';",
    'lib/core/one.ts': "import type { B } from './other';\nexport type A = B | 'a';",
    'lib/core/other.ts': "import type { A } from './one';\nexport type B = A | 'b';",
    // Down, and what several share.
    'lib/tiers/data/fine.ts': "export * from './postgres-options';\nexport * from '../../bindings/sql-database';",
  });
  expect(found).toEqual([
    'bindings-looks-down: lib/bindings/planted.ts → lib/tiers/data/postgres-options.ts',
    'build-platform-looks-down: lib/build-platform.ts → cli/output.ts',
    'catalogue-looks-down: lib/catalogue.ts → lib/config/section.ts',
    'cli-looks-down: cli/planted.ts → test/support/slowdown.ts',
    'components-stand-alone: lib/tiers/data/other-component.ts → lib/tiers/data/couchdb.ts',
    'components-stand-alone: lib/tiers/data/part-of-other.ts → lib/tiers/data/couchdb/server.ts',
    'components-stand-alone: lib/tiers/data/qdrant/other.ts → lib/tiers/data/couchdb.ts',
    'config-looks-down: lib/config/planted.ts → lib/derived/evidence.ts',
    'core-looks-down: lib/core/planted.ts → lib/bindings/sql-database.ts',
    'derived-looks-down: lib/derived/planted.ts → lib/build-platform.ts',
    'every-file-in-a-layer: lib/planted.ts → lib/images.ts',
    'images-looks-down: lib/images.ts → lib/config/section.ts',
    'no-circle: lib/tiers/ai/one.ts → lib/tiers/ai/other.ts',
    'options-looks-down: lib/options/made-of-imports.ts → imports/traefik.io.ts',
    'options-looks-down: lib/options/planted.ts → lib/bindings/sql-database.ts',
    'tiers-looks-down: lib/tiers/ai/planted.ts → lib/catalogue.ts',
    'tiers-stand-alone: lib/tiers/ai/other-tier.ts → lib/tiers/data/postgres-options.ts',
  ]);
});
