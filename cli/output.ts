import Table from 'cli-table3';
import { Option } from 'commander';
import type { World } from './world';

/** `--output json` for programs, a table for people. */
export const outputOption = () => new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table');

export interface OutputOptions {
  readonly output: 'table' | 'json';
}

/** Prints JSON as it is, or what people read instead. */
export function print(world: World, { output }: OutputOptions, value: unknown, forPeople: () => readonly string[]): void {
  if (output === 'json') world.out(JSON.stringify(value, null, 2));
  else forPeople().forEach((line) => world.out(line));
}

/** A table without borders: columns side by side, as kubectl prints them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const nothing = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const grid = new Table({
    head: [...head],
    chars: nothing,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  grid.push(...rows.map((row) => [...row]));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** `90` → `90s`, `5400` → `90m`: whole units, two digits or more, as kubectl prints ages. */
export function duration(seconds: number): string {
  const units = [
    ['d', 86400],
    ['h', 3600],
    ['m', 60],
  ] as const;
  const [unit, size] = units.find(([, length]) => seconds >= 2 * length) ?? ['s', 1];
  return `${Math.max(0, Math.floor(seconds / size))}${unit}`;
}
