import { literal, password, type Rule, selfSignedCertificate } from '../../../lib/core/credential';
import { htpasswd } from '../../../lib/core/derived-rule';
import { ruleInWords } from '../../../lib/core/rule-in-words';

const quoted = (text: string) => `<${text}>`;

test.each([
  [literal('postgres'), 'always postgres', 'always <postgres>'],
  [password(20), '20 random letters and digits', '20 random letters and digits'],
  [
    htpasswd('admin', 'password'),
    'htpasswd line: admin, a colon and the bcrypt hash of password',
    'htpasswd line: <admin>, a colon and the bcrypt hash of <password>',
  ],
  [
    selfSignedCertificate(['a.b', '*.a.b'], 'tls.key'),
    'certificate in PEM for a.b, *.a.b, signed by tls.key',
    'certificate in PEM for <a.b>, <*.a.b>, signed by <tls.key>',
  ],
  [
    { kind: 'doubled', of: 'password', inWords: (quote) => `${quote('password')} twice`, make: (text) => text + text },
    'password twice',
    '<password> twice',
  ],
] satisfies [Rule, string, string][])('%j', (rule, words, marked) =>
  expect([ruleInWords(rule), ruleInWords(rule, quoted)]).toEqual([words, marked]),
);
