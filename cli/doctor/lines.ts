import type { Finding } from './finding';

const levels: Readonly<Record<Finding['level'], string>> = { ok: 'ok', warning: 'warning', problem: 'PROBLEM' };

/** Findings for people: the level, what is, and below it what to do. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ level, what, mend }) => [
    `${levels[level].padEnd(8)} ${what}`,
    ...(mend === undefined ? [] : [`${' '.repeat(9)}→ ${mend}`]),
  ]);
