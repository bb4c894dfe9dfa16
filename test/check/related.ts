import { dirname, join } from 'node:path';

/** Reads a file of the repository, by its path below the root. */
type Read = (path: string) => string;

/**
 * The unit tests that are the first to fail after a change: those that changed themselves, the mirror of each file
 * (`lib/core/tier.ts`, `test/lib/core/tier.test.ts`; of a file in a component's own folder, that of the component) and those that
 * import it. Not those that it merely reaches: everything reaches the catalogue, and with it every test.
 * @param changed paths below the root
 * @param tests all unit tests
 */
export function relatedTests(changed: readonly string[], tests: readonly string[], read: Read): string[] {
  const nearest = changed.flatMap((path) => mirrors(path).find((mirror) => tests.includes(mirror)) ?? []);
  const modules = new Set(changed.map(withoutExtension));
  const importing = tests.filter((test) => imports(test, read(test)).some((path) => modules.has(path)));
  // Manifests and pages follow from everything else.
  const fresh = changed.some((path) => /^(lib|platforms|imports|crds|docs)\//.test(path)) ? freshness : [];
  return [...new Set([...changed.filter((path) => tests.includes(path)), ...nearest, ...importing, ...fresh])].sort();
}

/** What says that `dist/` or `docs/` is stale. */
export const freshness = ['test/dist.test.ts', 'test/docs.test.ts'];

const withoutExtension = (path: string): string => path.replace(/\.ts$/, '');

/** Where the test of a file may be, the nearest first. */
function mirrors(path: string): string[] {
  const above = dirname(path);
  const own = `test/${withoutExtension(path)}.test.ts`;
  return above === '.' ? [own] : [own, ...mirrors(above)];
}

/** What a file imports of the repository: paths below the root, without extension. */
function imports(from: string, text: string): string[] {
  const found = text.matchAll(/\bfrom '(\.{1,2}\/[^']+)'/g);
  return [...found].map(([, path = '']) => withoutExtension(join(dirname(from), path)));
}
