import type { Rule } from './credential';

/**
 * What the value of a rule looks like, for people.
 * @param quote marks what is to be read letter by letter: values, host names, keys
 */
export function ruleInWords(rule: Rule, quote = (text: string): string => text): string {
  if ('inWords' in rule) return rule.inWords(quote);
  switch (rule.kind) {
    case 'literal':
      return `always ${quote(rule.value)}`;
    case 'supplied':
      return `yours: ${rule.what}`;
    case 'password':
      return `${rule.length} random letters and digits`;
    case 'hexadecimal':
      return `${rule.length} random hexadecimal digits`;
    case 'ed25519-private-key':
      return 'Ed25519 secret key: base64 of 64 bytes, the seed and the public key (without / in base64)';
    case 'ed25519-public-key':
      return `public half of ${quote(rule.of)}: base64 of 32 bytes`;
    case 'private-key':
      return 'P-256 private key in PEM (PKCS #8)';
    case 'self-signed-certificate':
      return `certificate in PEM for ${rule.hosts.map(quote).join(', ')}, signed by ${quote(rule.of)}`;
  }
}
