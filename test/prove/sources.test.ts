import { root } from '../support/platforms';
import { proofRunner, Sources, suiteFiles } from './sources';

const suites = suiteFiles(root);
const sources = Sources.read(root, [...suites, proofRunner]);
const users = (file: string) => suites.filter((suite) => sources.ownFiles(suite).includes(`test/cluster/support/${file}.ts`));
const proofs = suites.filter((suite) => suite.startsWith('test/proofs/'));
const cluster = (...names: string[]) => names.map((name) => `test/cluster/${name}.test.ts`);

test.each<[file: string, suites: string[]]>([
  ['ladder', proofs],
  ['loss', proofs],
  ['chosen-proofs', proofs],
  ['fixture', [...cluster('geoai', 'instances', 'operator'), ...proofs]],
  ['client', [...cluster('geoai', 'instances', 'operator'), ...proofs]],
  ['edges', [...cluster('geoai', 'instances'), ...proofs]],
  ['reachability', [...cluster('geoai', 'instances', 'openbao', 'pg-cluster', 'sso', 'vault'), ...proofs]],
  ['ready', cluster('geoai', 'pg-cluster')],
  ['sql-client', cluster('pg-cluster', 'scale')],
])('%s of the cluster suites makes stale those that use it alone', (file, expected) => {
  expect(users(file)).toEqual(expected);
});

test('who looks at the edges of a platform does not take them from what writes the policies', () => {
  const uses = suites.filter((suite) => sources.directUses(suite).includes('lib/derived/network-policies.ts'));
  expect(uses.filter((suite) => !suite.startsWith('test/config/'))).toEqual([]);
});
