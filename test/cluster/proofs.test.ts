import { recordFor } from '../prove/record';
import { resourceVersions } from './support/applied-state';
import { BackupTarget } from './support/backup-target';
import { Client } from './support/client';
import { expectDeclaredEdges } from './support/edges';
import { Hearth } from './support/hearth';
import { eventually } from './support/kubectl';
import { deletePods, loseVolumes } from './support/loss';
import { chosenProofs, type Check, type LoadedProof } from './support/proof';
import { ProofContext } from './support/proof-context';
import { backupNamespace, platformName, platformText, rotatable, rungsOf } from './support/proof-platform';
import { Stopwatch, suite } from './support/suite';
import { Workspace } from './support/workspace';

const proofs = chosenProofs().map((proof) => ({ ...proof, ...rungsOf(proof) }));
type Climbing = (typeof proofs)[number];

/**
 * The ladder that each proof of test/proofs climbs, all of them on one platform: brought up, used, its edges, pods deleted,
 * credentials rotated, backed up, restored. `HEARTH_TEST_PROOFS` chooses, see support/proof.ts.
 */
suite(`proofs of ${proofs.map(({ component }) => component).join(', ')}`, () => {
  let target: BackupTarget;
  let workspace: Workspace;
  let hearth: Hearth;
  let client: Client;
  const watch = new Stopwatch();
  /** Proof → what was to be read the last time: all that was written. */
  const written = new Map<LoadedProof, Record<string, string>>();

  beforeAll(async () => {
    recordFor(proofs.map((proof) => proof.suite));
    target = await BackupTarget.start(backupNamespace);
    workspace = await Workspace.of(platformText(proofs));
    hearth = new Hearth(workspace.folder, target.env);
  }, 240_000);

  afterAll(async () => {
    console.log(`${watch}`);
    if (process.env.HEARTH_TEST_KEEP) return;
    await client?.stop();
    await workspace?.remove();
    await target?.stop();
  }, 600_000);

  const contextOf = (proof: LoadedProof) => new ProofContext(workspace, client, proof.component);

  /** A test of each proof, below its title. */
  const each = (title: string, of: readonly Climbing[], work: (proof: Climbing) => Promise<void>) =>
    of.forEach((proof) => {
      describe(proof.suite, () => {
        test(
          title,
          async () => {
            recordFor([proof.suite]);
            await watch.time(`${proof.component}: ${title}`, work(proof));
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
        await watch.time(title, work());
      },
      1_800_000,
    );
  };

  /** Its own statements, each a test. */
  const checks = (which: 'also' | 'afterDeletion') =>
    proofs.forEach((proof) => {
      const own: Readonly<Record<string, Check>> = proof[which] ?? {};
      for (const [title, check] of Object.entries(own)) {
        each(title, [proof], () => eventually(() => check(contextOf(proof)), 120));
      }
    });

  /** Services, policies and routes follow what happened by moments: both try again. */
  const write = (proof: LoadedProof, name: string) => eventually(() => proof.write(contextOf(proof), name), 240);
  const expectWritten = (proof: LoadedProof) =>
    eventually(async () => expect(await proof.read(contextOf(proof))).toEqual(written.get(proof)), 240);

  /** Writes one thing more, and sees that it is there besides what was there before. */
  async function writeMore(proof: LoadedProof, name: string): Promise<void> {
    const before = written.get(proof);
    await write(proof, name);
    await eventually(async () => {
      const now = await proof.read(contextOf(proof));
      expect(now).toEqual({ ...before, [name]: expect.stringMatching(/./) as unknown });
      written.set(proof, now);
    }, 120);
  }

  const expectWell = async () => {
    expect(await hearth.attempt('status', platformName)).toMatchObject({ code: 0 });
    expect(await hearth.attempt('diff', platformName, '--exit-code')).toMatchObject({ code: 0 });
  };

  together('one command brings everything up, and again it changes nothing', proofs, async () => {
    await hearth.succeed('up', platformName);
    const before = await resourceVersions(platformName);
    const out = await hearth.succeed('up', platformName);
    expect(out.match(/\d+ made or changed/g)?.filter((line) => !line.startsWith('0 '))).toEqual([]);
    expect(await resourceVersions(platformName)).toEqual(before);
    expect(Object.keys(before).length).toBeGreaterThan(0);
    await expectWell();
    client = await Client.start(workspace);
  });

  each('what is written is to be read', proofs, async (proof) => {
    await writeMore(proof, 'first');
    await writeMore(proof, 'second');
    // The same once more takes the place of what was there.
    await write(proof, 'second');
    await expectWritten(proof);
  });
  checks('also');

  together('every declared edge works, and no other one does', proofs, async () => {
    await expectDeclaredEdges(workspace);
  });

  each('all its pods are deleted: what was written is still there', proofs, async (proof) => {
    await deletePods(workspace.platform, proof.component, 600);
    await expectWritten(proof);
  });
  checks('afterDeletion');

  each('its credentials are rotated: what was written is still there, and more can be written', proofs.filter(({ rotates }) => rotates), async (proof) => {
    for (const name of rotatable(workspace.platform.graph, proof.component)) {
      const before = await secretValues(name);
      const out = await hearth.succeed('credentials', platformName, '--rotate', name, '--yes');
      const after = await secretValues(name);
      const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
      expect([name, changed.length]).not.toEqual([name, 0]);
      for (const key of changed) expect(out).not.toContain(after[key]);
    }
    await expectWritten(proof);
    await writeMore(proof, 'rotated');
    expect(await hearth.attempt('status', platformName)).toMatchObject({ code: 0 });
  }); // prettier-ignore

  const backed = proofs.filter(({ backs }) => backs);

  together('a backup holds everything', backed, async () => {
    expect(await hearth.succeed('backup', platformName, '--list')).toContain('There is no backup yet');
    await hearth.succeed('backup', platformName);
    const list = JSON.parse(await hearth.succeed('backup', platformName, '--list', '--output', 'json')) as {
      name: string;
    }[];
    const { backups } = workspace.platform.graph;
    expect(list.map(({ name }) => name).sort()).toEqual(backups.map(({ name }) => name).sort());
  });

  each('more is written after the backup', backed, async (proof) => {
    const saved = written.get(proof) ?? {};
    await writeMore(proof, 'later');
    written.set(proof, saved);
  });

  together('the backup is restored', backed, async () => {
    await hearth.succeed('restore', platformName, '--yes');
    await expectWell();
  });
  each('a restore brings back exactly what was backed up, and nothing that came later', backed, expectWritten);

  together('all volumes are lost, and the backup is restored', backed, async () => {
    const { platform } = workspace;
    const services = [...new Set(platform.graph.backups.map(({ component }) => component.name))];
    const lost = await Promise.all(services.map((service) => loseVolumes(platform, service, 600)));
    expect(lost.flat().length).toBeGreaterThanOrEqual(services.length);
    await hearth.succeed('restore', platformName, '--yes');
    await expectWell();
  });
  each(
    'with all volumes lost, a restore brings back exactly what was backed up, and more can be written',
    backed,
    async (proof) => {
      await expectWritten(proof);
      await writeMore(proof, 'again');
    },
  );

  /** Of a credential as the cluster has it: key → value. */
  async function secretValues(name: string): Promise<Record<string, string>> {
    const found = workspace.platform.graph.credentials.find((credential) => credential.name === name);
    if (!found) throw new Error(`the platform has no credential ${name}`);
    const { namespace } = found.owner.tier;
    const keys = Object.keys(found.keys);
    return Object.fromEntries(
      await Promise.all(keys.map(async (key) => [key, await workspace.secret(namespace, name, key)] as const)),
    );
  }
});
