import { recordFor } from '../prove/record';
import { BackupTarget } from './support/backup-target';
import { chosenProofs } from './support/chosen-proofs';
import { clusterAtHand } from './support/cluster';
import { PlatformFixture } from './support/fixture';
import { Hearth } from './support/hearth';
import { eventually } from './support/kubectl';
import { Ladder } from './support/ladder';
import { clusterNetwork } from './support/network';
import type { Check } from './support/proof';
import type { ProofContext } from './support/proof-context';
import { backupNamespace, platformText, rungsOf } from './support/proof-platform';
import { suite } from './support/suite';
import { Workspace } from './support/workspace';

const proofs = chosenProofs().map((proof) => ({ ...proof, ...rungsOf(proof) }));
type Climbing = (typeof proofs)[number];

/**
 * The ladder that each proof of test/proofs climbs, all of them on one platform: brought up, used, its edges, pods deleted,
 * credentials rotated, backed up, restored. `HEARTH_TEST_PROOFS` chooses, see support/chosen-proofs.ts.
 */
suite(`proofs of ${proofs.map(({ component }) => component).join(', ')}`, () => {
  const fixture = new PlatformFixture(async () => {
    recordFor(proofs.map((proof) => proof.suite));
    const target = await BackupTarget.start(backupNamespace);
    const workspace = await Workspace.of(platformText(proofs));
    return { workspace, target, hearth: new Hearth(workspace.folder, target.env) };
  });

  const ladder = new Ladder<ProofContext>({
    get platform() {
      return fixture.workspace.platform;
    },
    get apiServer() {
      return fixture.workspace.apiServer;
    },
    get hearth() {
      return fixture.hearth;
    },
    cluster: clusterAtHand,
    network: clusterNetwork,
    contextOf: (service, other) => fixture.use(service, other),
  });

  /** A test of each proof, below its title. */
  const each = (title: string, of: readonly Climbing[], work: (proof: Climbing) => Promise<void>) =>
    of.forEach((proof) => {
      describe(proof.suite, () => {
        test(
          title,
          async () => {
            recordFor([proof.suite]);
            await fixture.watch.time(`${proof.component}: ${title}`, work(proof));
          },
          1_200_000,
        );
      });
    });

  /** A test of what is the same for these proofs. */
  const together = (title: string, of: readonly Climbing[], work: () => Promise<void>) => {
    if (of.length === 0) return;
    test(
      title,
      async () => {
        recordFor(of.map((proof) => proof.suite));
        await fixture.watch.time(title, work());
      },
      1_800_000,
    );
  };

  /** Its own statements, each a test. */
  const checks = (which: 'also' | 'afterDeletion') =>
    proofs.forEach((proof) => {
      const own: Readonly<Record<string, Check>> = proof[which] ?? {};
      for (const [title, check] of Object.entries(own)) {
        each(title, [proof], () => eventually(() => check(fixture.use(proof.component)), 120));
      }
    });

  together('one command brings everything up, and again it changes nothing', proofs, async () => {
    await ladder.bringUp();
    await fixture.welcome();
  });

  each('what is written is to be read', proofs, (proof) => ladder.use(proof));
  checks('also');

  together('every declared edge works, and no other one does', proofs, () => ladder.expectEdges());

  each('all its pods are deleted: what was written is still there', proofs, (proof) => ladder.losePods(proof));
  checks('afterDeletion');

  const rotating = proofs.filter(({ rotates }) => rotates);
  each('its credentials are rotated: what was written is still there, and more can be written', rotating, (proof) =>
    ladder.rotate(proof),
  );

  const backed = proofs.filter(({ backs }) => backs);
  together('a backup holds everything', backed, () => ladder.backup());
  each('more is written after the backup', backed, (proof) => ladder.writeLater(proof));
  together('the backup is restored', backed, () => ladder.restore());
  each('a restore brings back exactly what was backed up, and nothing that came later', backed, (proof) =>
    ladder.expectWritten(proof),
  );

  together('all volumes are lost, and the backup is restored', backed, async () => {
    await ladder.loseVolumes();
    await ladder.restore();
  });
  each(
    'with all volumes lost, a restore brings back exactly what was backed up, and more can be written',
    backed,
    async (proof) => {
      await ladder.expectWritten(proof);
      await ladder.writeMore(proof, 'again');
    },
  );
});
