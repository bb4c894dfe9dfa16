import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { leftOut } from './bed';
import { digest } from './digests';
import { Freshness, type Standing } from './freshness';
import { disagreement } from './judgement';
import { ledgerFile, ledgerText, readLedger, type Proof } from './ledger';
import type { Outcome } from './run-suite';

/**
 * Writes down what passed, at once, so that a night that ends early keeps what it proved. With `CI=true` the ledger stays as
 * it is, and a copy beside the results is written instead.
 */
export class Notes {
  /** What the ledger says otherwise, and what cannot be written down; for people. */
  readonly wrong: string[] = [];
  private readonly ledger: string;

  /** @param standings of before the run @param folder for the copy */
  constructor(
    private readonly root: string,
    private readonly standings: readonly Standing[],
    folder: string,
  ) {
    const committed = join(root, ledgerFile);
    this.ledger = process.env.CI === 'true' ? join(folder, 'ledger.json') : committed;
    writeFileSync(this.ledger, ledgerText(readLedger(committed)));
  }

  /** @param seen what {@link everything} was when the suite began */
  passed(suite: string, outcome: Outcome, seen: string): void {
    if (seen !== everything(this.root)) {
      console.log(`${suite} is not written down: files changed while it ran`);
      return;
    }
    try {
      const proof = this.proofOf(suite, outcome);
      const standing = this.standings.find((one) => one.suite === suite);
      // Somebody else may have written meanwhile.
      writeFileSync(this.ledger, ledgerText({ ...readLedger(this.ledger), [suite]: proof }));
      if (standing?.proof && standing.reasons.length === 0) {
        this.wrong.push(...disagreement(suite, standing.proof, proof).map((line) => `the ledger is wrong: ${line}`));
      }
    } catch (error) {
      this.wrong.push(`${suite} cannot be written down: ${String(error)}`);
    }
  }

  private proofOf(suite: string, { recorded, passed: tests, skipped, seconds }: Outcome): Proof {
    const passed = new Date().toISOString().slice(0, 10);
    const saw = Freshness.read(this.root, recorded, leftOut, [suite]).saw(suite, recorded);
    return { passed, tests, ...(skipped > 0 ? { skipped } : {}), seconds, saw };
  }
}

/** Digest of everything that suites may see, except the ledger itself. */
export function everything(root: string): string {
  const paths = ['lib', 'cli', 'test', 'platforms', 'imports', 'crds', '.ci', 'main.ts', 'package.json', `:!${ledgerFile}`];
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 30 });
  return digest([git('ls-files', '-s', '-o', '--exclude-standard', '--', ...paths), git('diff', 'HEAD', '--', ...paths)]);
}
