import type { Platform } from '../../../lib/core/platform';
import { expectUpChangesNothing } from './applied-state';
import type { Cluster } from './cluster';
import { expectDeclaredEdges } from './edges';
import type { Hearth } from './hearth';
import { eventually } from './kubectl';
import { deletePods, loseVolumes } from './loss';
import type { Network } from './network';
import type { Proof } from './proof';
import type { OtherValues } from './proof-context';
import { rotatable } from './rotatable';

/** Where the ladder stands: a platform, its cluster, the command line, and who uses it. */
export interface Ground<Context> {
  /** As its file says now. */
  readonly platform: Platform;
  /** `address:port` of an API server. */
  readonly apiServer: string;
  readonly hearth: Pick<Hearth, 'attempt' | 'succeed'>;
  readonly cluster: Cluster;
  readonly network: Network;
  /** For the proof of a service. @param other values in the place of those of today */
  contextOf(service: string, other?: OtherValues): Context;
}

/**
 * The rungs that each proof climbs, see docs/testing.md. Each resolves where what it says holds, and fails with a sentence that
 * says what is otherwise.
 */
export class Ladder<Context> {
  /** Service → what was to be read the last time: all that was written. */
  private readonly written = new Map<string, Record<string, string>>();

  constructor(
    private readonly ground: Ground<Context>,
    /** Factor of all times to wait. */
    private readonly patience = 1,
  ) {}

  private get name(): string {
    return this.ground.platform.config.name;
  }

  private eventually<T>(attempt: () => Promise<T>, seconds: number): Promise<T> {
    return eventually(attempt, seconds * this.patience);
  }

  /** One command brings everything up, and again it changes nothing. */
  async bringUp(): Promise<void> {
    const { hearth, cluster } = this.ground;
    await hearth.succeed('up', this.name);
    await expectUpChangesNothing(hearth, this.name, (platform) => cluster.versions(platform));
    await this.expectWell();
  }

  /** All runs, and nothing differs from the manifests. */
  async expectWell(): Promise<void> {
    await this.expectGood('status', this.name);
    await this.expectGood('diff', this.name, '--exit-code');
  }

  private async expectGood(...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await this.ground.hearth.attempt(...args);
    if (code !== 0) throw new Error(`hearth ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  }

  /** What is written is to be read; the same once more takes the place of what was there. */
  async use(proof: Proof<Context>): Promise<void> {
    await this.writeMore(proof, 'first');
    await this.writeMore(proof, 'second');
    await this.write(proof, 'second');
    await this.expectWritten(proof);
  }

  /** Services, policies and routes follow what happened by moments, so that writing and reading are tried again. */
  private write(proof: Proof<Context>, name: string): Promise<void> {
    return this.eventually(() => proof.write(this.ground.contextOf(proof.component), name), 240);
  }

  private read(proof: Proof<Context>): Promise<Record<string, string>> {
    return proof.read(this.ground.contextOf(proof.component));
  }

  private writtenBy({ component }: Proof<Context>): Record<string, string> {
    return this.written.get(component) ?? {};
  }

  /** What was written is to be read, letter by letter, and nothing else. */
  expectWritten(proof: Proof<Context>): Promise<void> {
    return this.eventually(async () => expectSame(proof.component, this.writtenBy(proof), await this.read(proof)), 240);
  }

  /** Writes one thing more, and sees that it is there besides what was there before. */
  async writeMore(proof: Proof<Context>, name: string): Promise<void> {
    const before = this.writtenBy(proof);
    await this.write(proof, name);
    await this.eventually(async () => {
      const now = await this.read(proof);
      expectSame(proof.component, { ...before, [name]: now[name] || 'anything' }, now);
      this.written.set(proof.component, now);
    }, 120);
  }

  /** Writes something that a restore of what was saved before must not bring back. */
  async writeLater(proof: Proof<Context>): Promise<void> {
    const saved = this.writtenBy(proof);
    await this.writeMore(proof, 'later');
    this.written.set(proof.component, saved);
  }

  /** See {@link expectDeclaredEdges}. */
  async expectEdges(): Promise<void> {
    await expectDeclaredEdges(this.ground, this.ground.network, 90 * this.patience);
  }

  /** All its pods are deleted: what was written is still there. */
  async losePods(proof: Proof<Context>): Promise<void> {
    const { cluster, platform } = this.ground;
    await deletePods(cluster, platform, proof.component, 600 * this.patience);
    await this.expectWritten(proof);
  }

  /** Its credentials are rotated, one after the other: what was written is still there, and more can be written. */
  async rotate(proof: Proof<Context>): Promise<void> {
    for (const name of rotatable(this.ground.platform.graph, proof.component)) await this.rotateOne(proof, name);
    await this.expectWritten(proof);
    await this.writeMore(proof, 'rotated');
    await this.expectGood('status', this.name);
  }

  private async rotateOne(proof: Proof<Context>, name: string): Promise<void> {
    const { platform, cluster, hearth } = this.ground;
    const credential = platform.graph.credentials.find((candidate) => candidate.name === name);
    if (!credential) throw new Error(`the platform has no credential ${name}`);
    const readers = platform.graph.workloads.filter(
      ({ replicas, credentials }) => replicas > 0 && credentials.includes(credential),
    );
    const podsOfReaders = async () => (await Promise.all(readers.map((reader) => cluster.pods(reader)))).flat();
    const [before, pods] = [await cluster.values(credential), await podsOfReaders()];
    const out = await hearth.succeed('credentials', this.name, '--rotate', name, '--yes');
    const after = await cluster.values(credential);
    const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
    if (changed.length === 0) throw new Error(`${name} was rotated, and all its values are those of before`);
    const shown = changed.filter((key) => out.includes(after[key] ?? ''));
    if (shown.length > 0) throw new Error(`the rotation of ${name} printed the new ${shown.join(', ')}`);
    await this.eventually(async () => {
      const old = (await podsOfReaders()).filter(({ uid }) => pods.some((pod) => pod.uid === uid));
      if (old.length === 0) return;
      throw new Error(`${name} was rotated, and these run as before: ${old.map((pod) => pod.name).join(', ')}`);
    }, 120);
    // That the new values are let in is seen first: then it is not for want of an answer that the old ones are not.
    await this.expectWritten(proof);
    await this.expectRefused(proof, name, before);
  }

  /** Nothing is to be read with these values of a credential, where reading asks for it at all. */
  private async expectRefused(
    proof: Proof<Context>,
    credential: string,
    values: Readonly<Record<string, string>>,
  ): Promise<void> {
    await this.eventually(async () => {
      const other: OtherValues = { credential, values, used: false };
      const context = this.ground.contextOf(proof.component, other);
      const letIn = await proof.read(context).then(
        () => true,
        () => false,
      );
      if (letIn && other.used) throw new Error(`${proof.component} still lets in the values that ${credential} had before`);
    }, 60);
  }

  /** A backup holds everything. */
  async backup(): Promise<void> {
    const { hearth, platform } = this.ground;
    const list = (...args: string[]) => hearth.succeed('backup', this.name, '--list', ...args);
    const none = await list();
    if (!none.includes('There is no backup yet')) throw new Error(`there is a backup before one was made:\n${none}`);
    await hearth.succeed('backup', this.name);
    const found = (JSON.parse(await list('--output', 'json')) as { name: string }[]).map(({ name }) => name).sort();
    const declared = platform.graph.backups.map(({ name }) => name).sort();
    if (found.join() !== declared.join()) {
      throw new Error(`the backup holds ${found.join(', ') || 'nothing'}, and should hold ${declared.join(', ')}`);
    }
  }

  /** The backup is restored, and all is well afterwards. */
  async restore(): Promise<void> {
    await this.ground.hearth.succeed('restore', this.name, '--yes');
    await this.expectWell();
  }

  /** The volumes of everything that is backed up are gone, with all that was on them. */
  async loseVolumes(): Promise<void> {
    const { cluster, platform } = this.ground;
    const services = [...new Set(platform.graph.backups.map(({ component }) => component.name))];
    await Promise.all(services.map((service) => loseVolumes(cluster, platform, service, 600 * this.patience)));
  }
}

/** Fails with what is gone, what reads otherwise, and what should not be there. */
function expectSame(service: string, before: Record<string, string>, now: Record<string, string>): void {
  const wrong = [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => {
    const [was, is] = [before[name], now[name]];
    if (is === undefined || is === '') return [`"${name}" was written and is gone`];
    if (was === undefined) return [`"${name}" is there and should not be`];
    return is === was ? [] : [`"${name}" reads otherwise than before: ${is}, not ${was}`];
  });
  if (wrong.length > 0) throw new Error(`${service}: ${wrong.join('; ')}`);
}
