import { InvalidArgumentError } from 'commander';

const units = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** `90s`, `10m`, `1h30m`, `3d` in seconds. */
export function seconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new InvalidArgumentError('Say for example 90s, 10m, 1h30m or 3d.');
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit as keyof typeof units], 0);
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}
