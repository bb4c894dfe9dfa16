import { closest, distance } from 'fastest-levenshtein';

/** Something wrong in a platform file, with its mend. */
export interface Problem {
  /** Where, for example `['services', 'mlflow', 'replicas']`. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what to write instead, in one sentence. */
  readonly message: string;
  /** Which line of the text that stands there, from 0. @default its first */
  readonly textLine?: number;
}

/** All problems of one platform file; its message is what a user reads. */
export class ConfigError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly (Problem & { readonly line?: number })[],
  ) {
    const lines = problems.map(({ path, line, message }) => {
      const place = line === undefined ? file : `${file}:${line}`;
      return `${place}  ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`;
    });
    super(lines.join('\n'));
    this.name = 'ConfigError';
  }
}

/** `did you mean "x"?` where one of the known words is near, otherwise the list of them, or that there is none. */
export function suggest(word: string, known: readonly string[]): string {
  const sameLetters = known.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
  if (sameLetters !== undefined) return `did you mean "${sameLetters}"?`;
  const nearest = known.length > 0 ? closest(word, known) : undefined;
  if (nearest !== undefined && distance(word, nearest) <= Math.max(2, Math.floor(nearest.length / 3))) {
    return `did you mean "${nearest}"?`;
  }
  return known.length === 0 ? 'there is none yet' : `write one of ${[...known].sort().join(', ')}`;
}
