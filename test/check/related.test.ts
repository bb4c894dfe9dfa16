import { freshness, relatedTests } from './related';

const texts: Record<string, string> = {
  'test/lib/tiers/ai/mlflow.test.ts': "import { x } from '../../../support/platforms';",
  'test/lib/tiers/data/opensearch.test.ts': '',
  'test/lib/core/tier.test.ts': "import { tiers } from '../../../lib/core/tier';",
  'test/lib/core/graph.test.ts':
    "import { order } from '../../../lib/core/order';\nimport type { Tier } from '../../../lib/core/tier';",
  'test/dist.test.ts': '',
  'test/docs.test.ts': '',
};
const related = (...changed: string[]) => relatedTests(changed, Object.keys(texts), (path) => texts[path] ?? '');

test('a file: its mirror, whoever imports it, and what tells that dist/ and docs/ are stale', () => {
  expect(related('lib/tiers/ai/mlflow.ts')).toEqual([...freshness, 'test/lib/tiers/ai/mlflow.test.ts']);
  expect(related('lib/core/tier.ts')).toEqual([...freshness, 'test/lib/core/graph.test.ts', 'test/lib/core/tier.test.ts']);
});

test('a file in the folder of a component, whatever its language: the test of the component', () => {
  for (const path of ['lib/tiers/data/opensearch/dump.ts', 'lib/tiers/data/opensearch/indices.mjs'])
    expect(related(path)).toEqual([...freshness, 'test/lib/tiers/data/opensearch.test.ts']);
});

test('a test: itself; what all tests share: those that import it', () => {
  expect(related('test/lib/core/tier.test.ts')).toEqual(['test/lib/core/tier.test.ts']);
  expect(related('test/support/platforms.ts')).toEqual(['test/lib/tiers/ai/mlflow.test.ts']);
  expect(related('README.md', 'test/cluster/support/bed.ts')).toEqual([]);
});
