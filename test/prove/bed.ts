import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { isProof } from './sources';

/** Services that the bed of .ci/bed.sh has no stand-in image of; a part of a service counts as one. */
export const leftOut: readonly string[] = ['homepage', 'rustdesk', 'redisinsight', 'couchdb', 'qdrant', 'opensearch-dashboards'];

/** Suites that are content with one node; all others get three. */
const onOneNode: readonly string[] = [
  'test/cluster/archive.test.ts',
  'test/cluster/geoai.test.ts',
  'test/cluster/instances.test.ts',
  'test/cluster/operator.test.ts',
];

export const nodesFor = (suite: string): number => (isProof(suite) || onOneNode.includes(suite) ? 1 : 3);

/** Where the programs of the bed are; what is not there yet is looked for when a suite starts. */
const programs = join(process.env.BED ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bed'), 'bin');

/** What every suite is told. A program that is missing makes it fail: what was skipped is not proven. */
export const environment = (root: string): NodeJS.ProcessEnv => ({
  ...process.env,
  CI: 'true',
  PATH: [programs, join(dirname(programs), 'tailscale'), '/usr/lib/postgresql/17/bin', process.env.PATH].join(delimiter),
  ...(existsSync(programs) ? { KUBEBUILDER_ASSETS: programs } : {}),
  HEARTH_TEST_PLATFORM: 'geoai-dev',
  HEARTH_TEST_WITHOUT: leftOut.join(),
  HEARTH_TEST_NODES: join(root, '.ci/node.sh'),
});
