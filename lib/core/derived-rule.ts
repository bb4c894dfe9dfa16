/**
 * How a value is made of another one of the same credential, as a component brings it: a hash in the form that its program
 * reads, for example. A salted one is made once and kept, until the value that it is made of changes.
 */
export interface DerivedRule {
  /** Short and lower-case, for example `htpasswd`. What else the rule says as data beside it, such as rounds, belongs to it. */
  readonly kind: string;
  /** The key of the same credential that it is made of. */
  readonly of: string;
  /** What the value looks like, for people. @param quote marks what is to be read letter by letter */
  readonly inWords: (quote: (text: string) => string) => string;
  /** Makes the value; throws where the source has not the right form. */
  readonly make: (source: string) => string | Promise<string>;
  /** Why an existing value no longer fits the rule. @default it fits */
  readonly outdated?: (value: string) => string | undefined;
}

/** An htpasswd line `user:bcrypt` of the password under key `of`. */
export const htpasswd = (user: string, of: string): DerivedRule & { readonly user: string } => ({
  kind: 'htpasswd',
  user,
  of,
  inWords: (quote) => `htpasswd line: ${quote(user)}, a colon and the bcrypt hash of ${quote(of)}`,
  async make(source) {
    // Loaded only where values are made: a synth makes none.
    const bcrypt = require('bcryptjs') as typeof import('bcryptjs');
    return `${user}:${await bcrypt.hash(source, 10)}`;
  },
  outdated: (value) => (value.startsWith(`${user}:`) ? undefined : 'is for another user than the platform file says now'),
});
