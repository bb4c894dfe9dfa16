import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { isOriginal, isRandom, makeValue, outdated, sourceOf } from '../../cli/credentials/values';
import {
  ed25519PrivateKey,
  ed25519PublicKey,
  hexadecimal,
  literal,
  password,
  privateKey,
  selfSignedCertificate,
  supplied,
} from '../../lib/core/credential';
import { htpasswd, type DerivedRule } from '../../lib/core/derived-rule';

jest.unmock('bcryptjs');

test.each([1, 16, 20, 65])('password of %d letters and digits', async (length) => {
  expect(await makeValue(password(length))).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`));
});

test.each([1, 20, 40, 41])('%d hexadecimal digits', async (length) => {
  expect(await makeValue(hexadecimal(length))).toMatch(new RegExp(`^[0-9a-f]{${length}}$`));
});

test('random values differ', async () => {
  for (const rule of [password(20), hexadecimal(20), ed25519PrivateKey(), privateKey()]) {
    expect(await makeValue(rule)).not.toBe(await makeValue(rule));
    expect(isRandom(rule)).toBe(true);
  }
  expect(isRandom(literal('postgres'))).toBe(false);
  expect(isRandom(htpasswd('admin', 'password'))).toBe(false);
});

test('a literal is itself', async () => {
  expect(await makeValue(literal('postgres'))).toBe('postgres');
});

test('a supplied value is never made up, and can be given again', async () => {
  const rule = supplied('key of the backup target');
  await expect(makeValue(rule)).rejects.toThrow('supplied by the operator');
  expect(isRandom(rule)).toBe(false);
  expect([rule, password(20)].map(isOriginal)).toEqual([true, true]);
  expect([literal('postgres'), htpasswd('admin', 'password')].map(isOriginal)).toEqual([false, false]);
  expect([outdated(rule, 'whatever'), outdated(rule, '')]).toEqual([undefined, 'is empty']);
});

test('htpasswd: user and a bcrypt hash of cost 10 that fits the password alone', async () => {
  const [user, hash = ''] = (await makeValue(htpasswd('admin', 'password'), 'secret')).split(':');
  expect(user).toBe('admin');
  expect(bcrypt.getRounds(hash)).toBe(10);
  expect(await bcrypt.compare('secret', hash)).toBe(true);
  expect(await bcrypt.compare('Secret', hash)).toBe(false);
});

test('ed25519: libsodium form, and the public key verifies what the private one signs', async () => {
  for (let i = 0; i < 20; i++) {
    const secret = await makeValue(ed25519PrivateKey());
    const publicText = await makeValue(ed25519PublicKey('id'), secret);
    expect(publicText).not.toMatch(/[/:]/);
    const bytes = Buffer.from(secret, 'base64');
    const publicBytes = Buffer.from(publicText, 'base64');
    expect([bytes.length, publicBytes.length]).toEqual([64, 32]);
    const seed = createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes.subarray(0, 32)]),
      format: 'der',
      type: 'pkcs8',
    });
    const known = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: publicBytes.toString('base64url') },
      format: 'jwk',
    });
    const message = Buffer.from('hearth');
    expect(verify(null, message, known, sign(null, message, seed))).toBe(true);
  }
});

test('ed25519: a source of another form is refused', async () => {
  await expect(makeValue(ed25519PublicKey('id'), 'c2hvcnQ=')).rejects.toThrow('64 bytes');
});

describe('certificate', () => {
  const hosts = ['home.arpa', '*.home.arpa'];
  const rule = selfSignedCertificate(hosts, 'tls.key');
  const made = (async () => {
    const key = await makeValue(privateKey());
    const text = await makeValue(rule, key);
    return { key, text, certificate: new X509Certificate(text) };
  })();

  test('the private key is P-256 in PKCS #8 and fits', async () => {
    const { key, certificate } = await made;
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(createPrivateKey(key).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  test('it covers its hosts only, and serves servers only', async () => {
    const { certificate } = await made;
    expect(certificate.subject).toBe('CN=home.arpa');
    expect(certificate.checkHost('home.arpa')).toBeDefined();
    expect(certificate.checkHost('mlflow.home.arpa')).toBeDefined();
    expect(certificate.checkHost('a.b.home.arpa')).toBeUndefined();
    expect(certificate.checkHost('other.arpa')).toBeUndefined();
    // Critical basic constraints that say nothing, which means CA:FALSE; `ca` looks at the key usage too.
    expect(certificate.raw.includes(Buffer.from('0603551d130101ff04023000', 'hex'))).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  test('it is signed with SHA-256 and lasts 825 days', async () => {
    const { certificate } = await made;
    // ecdsa-with-SHA256
    expect(certificate.raw.includes(Buffer.from('06082a8648ce3d040302', 'hex'))).toBe(true);
    const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
    expect(days).toBe(825);
  });

  test('a host that is too long for a common name is an alternative name only', async () => {
    const host = `${'a'.repeat(49)}.${'b'.repeat(45)}.arpa`;
    expect(host).toHaveLength(100);
    const long = selfSignedCertificate([host, `*.${host}`], 'tls.key');
    const text = await makeValue(long, await makeValue(privateKey()));
    const certificate = new X509Certificate(text);
    expect(certificate.subject).toBe('O=hearth');
    expect([certificate.checkHost(host), certificate.checkHost(`mlflow.${host}`)]).not.toContain(undefined);
    expect(outdated(long, text)).toBeUndefined();
    const longest = 'a'.repeat(59);
    const fitting = selfSignedCertificate([`${longest}.arpa`], 'tls.key');
    const other = new X509Certificate(await makeValue(fitting, await makeValue(privateKey())));
    expect(other.subject).toBe(`CN=${longest}.arpa`);
  });

  test('notes when it no longer fits', async () => {
    const { text } = await made;
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
    expect(outdated(rule, text)).toBeUndefined();
    expect(outdated(selfSignedCertificate(['new.arpa', '*.home.arpa'], 'tls.key'), text)).toBe('does not cover new.arpa');
    expect(outdated(rule, text, inDays(800))).toMatch(/^expires in 2[45] days$/);
    expect(outdated(rule, text, inDays(826))).toBe('has expired');
    expect(outdated(rule, 'nonsense')).toBe('is no certificate');
  });
});

test('notes a literal or a user that the platform file has changed since', () => {
  expect(outdated(literal('admin'), 'admin')).toBeUndefined();
  expect(outdated(literal('admin'), 'root')).toMatch('differs');
  expect(outdated(htpasswd('admin', 'password'), 'admin:$2b$')).toBeUndefined();
  expect(outdated(htpasswd('admin', 'password'), 'root:$2b$')).toMatch('another user');
  expect(outdated(password(20), 'shorter')).toBeUndefined();
});

test('a component brings a rule of its own: made of its source, not random by itself, and checked by itself', async () => {
  const rule: DerivedRule = {
    kind: 'length',
    of: 'password',
    inWords: (quote) => `length of ${quote('password')}`,
    make: async (source) => String(source.length),
    outdated: (value) => (/^\d+$/.test(value) ? undefined : 'is no number'),
  };
  expect(await makeValue(rule, 'secret')).toBe('6');
  expect([isOriginal(rule), isRandom(rule), sourceOf(rule)]).toEqual([false, false, 'password']);
  expect([outdated(rule, '6'), outdated(rule, 'six')]).toEqual([undefined, 'is no number']);
});
