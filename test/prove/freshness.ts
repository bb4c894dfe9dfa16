import { leftOut } from './bed';
import { Digests } from './digests';
import type { Ledger, Proof } from './ledger';
import { commandFiles, onCluster, proofRunner, Sources, suiteFiles } from './sources';

/** How a suite stands: proven with what is there now, proven with something else, or not proven yet. */
export interface Standing {
  readonly suite: string;
  readonly proof?: Proof;
  /** Why what was proven is not what is there now; empty where it is. */
  readonly reasons: readonly string[];
}

/** The suites and what they saw, against what there is now. */
export class Freshness {
  private constructor(
    private readonly sources: Sources,
    private readonly digests: Digests,
  ) {}

  /**
   * Reads the sources; nothing of the suites is run.
   * @param facts that are looked at: they name sources that no suite imports
   * @param suites that are looked at
   * @param without services that the bed has no image of
   */
  static read(root: string, facts: readonly string[], without = leftOut, suites = suiteFiles(root)): Freshness {
    const named = facts.filter((fact) => fact.startsWith('code ')).map((fact) => fact.replace('code ', ''));
    const sources = Sources.read(root, [...new Set([...suites, proofRunner, ...commandFiles(root), ...named])]);
    return new Freshness(sources, new Digests(root, sources, without));
  }

  /** How every suite stands, in order of their paths. */
  static standings(root: string, ledger: Ledger): Standing[] {
    const freshness = Freshness.read(
      root,
      Object.values(ledger).flatMap(({ saw }) => Object.keys(saw)),
    );
    return suiteFiles(root).map((suite) => freshness.standing(suite, ledger[suite]));
  }

  standing(suite: string, proof: Proof | undefined): Standing {
    if (!proof) return { suite, reasons: ['never proven'] };
    const known = Object.entries(proof.saw);
    const changed = known.flatMap(([fact, before]) => {
      const now = this.digests.of(fact);
      return now === before ? [] : [`${fact} ${now === undefined ? 'is gone' : 'changed'}`];
    });
    const added = this.complete(suite, Object.keys(proof.saw)).filter((fact) => !(fact in proof.saw));
    return { suite, proof, reasons: [...changed, ...added.map((fact) => `${fact} is new`)] };
  }

  /** What a suite saw, with the digests of now. @param recorded what it recorded while it ran */
  saw(suite: string, recorded: readonly string[]): Record<string, string> {
    return Object.fromEntries(
      this.complete(suite, recorded).map((fact) => {
        const digest = this.digests.of(fact);
        if (digest === undefined) throw new Error(`${suite} saw what cannot be found again: ${fact}`);
        return [fact, digest];
      }),
    );
  }

  /** With what follows from its imports, and from what it recorded. */
  private complete(suite: string, recorded: readonly string[]): string[] {
    const own = this.sources.ownFiles(suite).map((path) => `file ${path}`);
    const uses = this.sources.directUses(suite).map((path) => `code ${path}`);
    const derived = onCluster(suite) ? this.digests.derived(recorded) : [];
    return [...new Set([...own, ...uses, ...recorded, ...derived])].sort();
  }
}
