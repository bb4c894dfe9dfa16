import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import type { Rule } from '../../lib/core/credential';

const day = 24 * 60 * 60 * 1000;

/** True where nobody can tell the value again once it is lost. */
export const isRandom = (rule: Rule): boolean => isOriginal(rule) && rule.kind !== 'supplied';

/** True where the value follows neither from the platform file nor from another value. */
export const isOriginal = (rule: Rule): boolean => rule.kind !== 'literal' && sourceOf(rule) === undefined;

/** The key of the same credential that a value is made of. @default none */
export const sourceOf = (rule: Rule): string | undefined => ('of' in rule ? rule.of : undefined);

/**
 * Makes the value of a rule.
 * @param source value of the key that the rule names under `of`; throws where that is not of the right form
 */
export async function makeValue(rule: Rule, source = ''): Promise<string> {
  if ('make' in rule) return rule.make(source);
  switch (rule.kind) {
    case 'literal':
      return rule.value;
    case 'supplied':
      throw new Error('is supplied by the operator');
    case 'password':
      return password(rule.length);
    case 'hexadecimal':
      return randomBytes(Math.ceil(rule.length / 2))
        .toString('hex')
        .slice(0, rule.length);
    case 'ed25519-private-key':
      return ed25519PrivateKey();
    case 'ed25519-public-key':
      return ed25519PublicKey(source);
    case 'private-key':
      return generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      }).privateKey;
    case 'self-signed-certificate':
      return certificate(rule.hosts, source);
  }
}

function password(length: number): string {
  let text = '';
  // A multiple of three bytes, so that every character of the base64 text is equally random.
  while (text.length < length)
    text += randomBytes(3 * length)
      .toString('base64')
      .replace(/[=+/]/g, '');
  return text.slice(0, length);
}

function ed25519PrivateKey(): string {
  for (;;) {
    const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const key = Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]).toString('base64');
    // RustDesk clients carry the public key in file names and in texts with colons.
    if (!/[/:]/.test(ed25519PublicKey(key))) return key;
  }
}

function ed25519PublicKey(privateKey: string): string {
  const bytes = Buffer.from(privateKey.trim(), 'base64');
  if (bytes.length !== 64) throw new Error('is no base64 text of 64 bytes');
  return bytes.subarray(32).toString('base64');
}

async function certificate(hosts: string[], privateKey: string): Promise<string> {
  const key = createPrivateKey(privateKey);
  const notBeforeDate = new Date();
  const [host = ''] = hosts;
  // An issuer needs some name, and clients look at the alternative names only.
  const subject = host.length <= 64 ? { name: 'commonName', value: host } : { name: 'organizationName', value: 'hearth' };
  const { cert } = await generate([subject], {
    algorithm: 'sha256',
    keyType: key.asymmetricKeyType === 'rsa' ? 'rsa' : 'ec',
    keyPair: { privateKey, publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString() },
    notBeforeDate,
    // What Apple's clients accept at most.
    notAfterDate: new Date(notBeforeDate.getTime() + 825 * day),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2, value })) },
    ],
  });
  return `${cert.trim()}\n`;
}

/** Why an existing value no longer fits its rule; it is kept all the same. @default it fits */
export function outdated(rule: Rule, value: string, now = new Date()): string | undefined {
  if ('make' in rule) return rule.outdated?.(value);
  if (rule.kind === 'literal') return value === rule.value ? undefined : 'differs from what the platform file says now';
  if (rule.kind === 'supplied') return value === '' ? 'is empty' : undefined;
  if (rule.kind !== 'self-signed-certificate') return undefined;
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(value);
  } catch {
    return 'is no certificate';
  }
  const missing = rule.hosts.filter((host) => !parsed.checkHost(host.replace('*', 'any')));
  if (missing.length > 0) return `does not cover ${missing.join(', ')}`;
  const daysLeft = Math.floor((new Date(parsed.validTo).getTime() - now.getTime()) / day);
  if (daysLeft < 0) return 'has expired';
  return daysLeft < 30 ? `expires in ${daysLeft} days` : undefined;
}
