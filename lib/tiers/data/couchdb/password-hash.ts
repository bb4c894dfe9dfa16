import { pbkdf2Sync, randomBytes } from 'node:crypto';
import type { DerivedRule } from '../../../core/derived-rule';

/**
 * PBKDF2 (HMAC-SHA-256, 600000 rounds) of the password under key `of`, as CouchDB writes it: `-pbkdf2:sha256-hash,salt,rounds`.
 * https://docs.couchdb.org/en/stable/config/auth.html
 */
export const pbkdf2 = (of: string): DerivedRule => ({
  kind: 'pbkdf2',
  of,
  inWords: (quote) => `-pbkdf2:sha256-, then the PBKDF2 hash of ${quote(of)}, its salt and the rounds, with commas between`,
  make(password) {
    const [salt, rounds] = [randomBytes(16).toString('hex'), 600_000];
    return `-pbkdf2:sha256-${pbkdf2Sync(password, salt, rounds, 32, 'sha256').toString('hex')},${salt},${rounds}`;
  },
});
