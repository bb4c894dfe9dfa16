import { platformOf } from '../api/support/platforms';
import { Ladder } from '../cluster/support/ladder';
import { platformText } from '../cluster/support/proof-platform';
import { proof as postgis } from '../proofs/postgis';
import { SmallWorld, type Fault } from './small-world';

const platform = platformOf(platformText([postgis]), 'proofs.yaml');

/** All rungs, as test/cluster/proofs.test.ts has them; without patience, since nothing here takes time. */
async function climb(fault?: Fault): Promise<string> {
  const world = new SmallWorld(platform, fault);
  const ladder = new Ladder(world, 0);
  const { proof } = world;
  const rungs: Readonly<Record<string, () => Promise<void>>> = {
    up: () => ladder.bringUp(),
    use: () => ladder.use(proof),
    edges: () => ladder.expectEdges(),
    'lose pods': () => ladder.losePods(proof),
    rotate: () => ladder.rotate(proof),
    backup: () => ladder.backup(),
    'write later': () => ladder.writeLater(proof),
    restore: () => ladder.restore(),
    restored: () => ladder.expectWritten(proof),
    'lose volumes': () => ladder.loseVolumes(),
    'restore again': () => ladder.restore(),
    'restored again': () => ladder.expectWritten(proof),
    'write again': () => ladder.writeMore(proof, 'again'),
  };
  for (const [rung, run] of Object.entries(rungs)) {
    try {
      await run();
    } catch (error) {
      return `${rung}: ${(error as Error).message}`;
    }
  }
  return 'the top';
}

test('where all is as it should be, the ladder leads to the top', async () => {
  expect(await climb()).toBe('the top');
});

test.each<[Fault, string]>([
  ['up says that it changes something again', 'up: the second up says: 3 made or changed'],
  ['up writes again, and does not say so', 'up: the second up wrote ConfigMap proofs-data/postgis'],
  ['something differs after up', 'up: hearth diff proofs --exit-code ended with 1:\nConfigMap postgis differs'],
  ['a write is lost', 'use: postgis: "first" was written and is gone'],
  ['a write takes the place of another one', 'use: postgis: "first" was written and is gone'],
  ['no pod is deleted', 'lose pods: still the pod of before, which was to be deleted: postgis-0'],
  ['no pod comes back', 'lose pods: postgis has 0 ready pods after the deletion, not 1 as before'],
  ['data is in memory only', 'lose pods: postgis: "first" was written and is gone; "second" was written and is gone'],
  ['no value is rotated', 'rotate: postgis was rotated, and all its values are those of before'],
  ['new values are printed', 'rotate: the rotation of postgis printed the new username, password'],
  ['new values are refused', 'rotate: password authentication failed for user "gis"'],
  ['old values are let in', 'rotate: postgis still lets in the values that postgis-gis had before'],
  ['a backup leaves one out', 'backup: the backup holds nothing, and should hold postgis'],
  ['a restore restores nothing', 'restored: postgis: "later" is there and should not be'],
  [
    'a restore changes what it restores',
    'restored: postgis: "first" reads otherwise than before: another text, not text of first',
  ],
  ['no volume is lost', 'lose volumes: still the volume of before, which was to be lost: data-postgis-0'],
  ['no volume comes again', 'lose volumes: no new volume: data-postgis-0'],
  [
    'a restore onto new volumes restores nothing',
    'restored again: postgis: "first" was written and is gone; "second" was written and is gone; "rotated" was written and is gone',
  ],
])('%s: the ladder ends there, and says why', async (fault, said) => {
  expect(await climb(fault)).toBe(said);
});

test('a program that runs on with the values of before a rotation', async () => {
  expect(await climb('nobody is restarted for new values')).toMatch(/^rotate: .* was rotated, and these run as before: /);
});
