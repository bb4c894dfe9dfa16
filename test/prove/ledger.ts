import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const proof = z.strictObject({
  /** The day on which it passed, as 2026-11-29. */
  passed: z.iso.date(),
  /** How many of its tests passed, and how many were skipped. */
  tests: z.number().int().positive(),
  skipped: z.number().int().positive().optional(),
  /** How long it took. */
  seconds: z.number().int().nonnegative(),
  /** What it saw: fact → digest. */
  saw: z.record(z.string(), z.string()),
});
/** The last time that a suite passed. */
export type Proof = z.output<typeof proof>;

/** Suite, as path below the repository → its last proof. */
export type Ledger = Readonly<Record<string, Proof>>;

export const ledgerFile = 'test/ledger.json';

export function readLedger(path: string): Ledger {
  return existsSync(path) ? z.record(z.string(), proof).parse(JSON.parse(readFileSync(path, 'utf8'))) : {};
}

/** As it stands in the file: in order, each fact on a line of its own. */
export function ledgerText(ledger: Ledger): string {
  const sorted = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  const proofs = Object.entries(ledger).map(([suite, { saw, ...rest }]) => [suite, { ...rest, saw: sorted(saw) }] as const);
  return `${JSON.stringify(sorted(Object.fromEntries(proofs)), undefined, 2)}\n`;
}
