import type { z } from 'zod';
import { suggest } from '../core/problem';

type RawIssue = z.core.$ZodRawIssue;

/** What a value must be, and how it is written. */
const forms: Readonly<Record<string, readonly [what: string, mend: string]>> = {
  string: ['text', 'put it in quotes'],
  number: ['a number', 'write it without quotes, for example 2'],
  int: ['a whole number', 'write it without quotes, for example 2'],
  boolean: ['true or false', 'write it without quotes'],
  array: ['a list', 'write it in brackets, for example [one, two]'],
  object: ['a map of settings', 'write "key: value", or {} for the defaults'],
  record: ['a map', 'write "key: value", or {} for none'],
};

/** The sentence for an issue whose schema says nothing of its own: what is wrong, and what to write instead. */
export function wording(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const [what, mend] = forms[issue.expected] ?? [`of type ${issue.expected}`, 'look at the documentation'];
      if (issue.input === undefined) return `is missing; it must be ${what}`;
      if (issue.input === null) return `is empty; it must be ${what}, or be removed`;
      const isText = issue.expected === 'string';
      const isWord = typeof issue.input !== 'object';
      return `must be ${what}, not ${describe(issue.input)}; ${isText && !isWord ? 'write a single value' : mend}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (issue.input === undefined) return `is missing; write one of ${values.join(', ')}`;
      if (issue.input === null) return `is empty; write one of ${values.join(', ')}`;
      return `${describe(issue.input)} is not possible here; ${suggest(String(issue.input), values)}`;
    }
    case 'too_small':
      return issue.origin === 'array'
        ? `must have at least ${issue.minimum} entry; add one, or remove the setting`
        : `must be at least ${issue.minimum}; write ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}; write ${issue.maximum}`;
    default:
      return undefined;
  }
}

/** A wrong value as its writer sees it. */
export function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : JSON.stringify(value);
}

/** What a schema itself says where its value is missing; {@link wording} has the rest. */
export const whenMissing =
  (message: string) =>
  ({ input }: { readonly input?: unknown }): string | undefined =>
    input === undefined || input === null ? message : undefined;
