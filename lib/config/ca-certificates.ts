import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { CaCertificates } from '../core/ca-certificates';

/** A line of a text, from 0, and what is wrong there. */
interface WrongLine {
  readonly line: number;
  readonly message: string;
}

/** What is no certificate in PEM, section by section; https://www.rfc-editor.org/rfc/rfc7468 */
function wrongLines(pem: string): WrongLine[] {
  const begins = [...pem.matchAll(/^-----BEGIN (.*)-----\s*$/gm)];
  const line = (offset: number) => pem.slice(0, offset).split('\n').length - 1;
  const first = 'write the certificate with its lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----';
  if (begins.length === 0) return [{ line: 0, message: `is no certificate in PEM; ${first}` }];
  return begins.flatMap(({ index, 1: label = '' }, i) => {
    const text = pem.slice(index, begins[i + 1]?.index);
    const message = label.includes('PRIVATE KEY')
      ? 'begins a private key, which is a secret; remove it, and make another one where it was in Git'
      : label !== 'CERTIFICATE'
        ? `begins a ${label.toLowerCase()}, which is no certificate; remove it`
        : isCertificate(text)
          ? undefined
          : 'begins a certificate that cannot be read; write it anew, with all of its lines';
    return message === undefined ? [] : [{ line: line(index), message }];
  });
}

function isCertificate(pem: string): boolean {
  try {
    return pem.includes('-----END CERTIFICATE-----') && new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

const pem = z
  .string()
  .superRefine((text, context) => {
    for (const { line, message } of wrongLines(text)) context.addIssue({ code: 'custom', message, params: { line } });
  })
  .optional()
  .describe('The certificates themselves, in PEM, one after another');

const objectName = (kind: string) =>
  z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: `must be the name of a ${kind}; write for example company-ca` })
    .optional()
    .describe(`Name of a ${kind} with the certificates, which you make in every namespace of the platform`);

/** What a platform file says of authorities that pods trust when they go out. */
export const caCertificates = z
  .strictObject({
    pem,
    configMap: objectName('ConfigMap'),
    secret: objectName('Secret'),
    key: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/, { error: 'must be a key of that object; write for example ca.crt' })
      .default('ca.crt')
      .describe('Which of its keys'),
  })
  .transform(({ pem, configMap, secret, key }, context): CaCertificates => {
    const given: CaCertificates[] = [
      ...(pem === undefined ? [] : [{ pem }]),
      ...(configMap === undefined ? [] : [{ configMap, key }]),
      ...(secret === undefined ? [] : [{ secret, key }]),
    ];
    const [only] = given;
    if (only && given.length === 1) return only;
    const wrong = only ? 'names several places' : 'names no certificates';
    context.addIssue({ code: 'custom', message: `${wrong}; write one of pem, configMap and secret` });
    return z.NEVER;
  })
  .optional()
  .describe('Certificates of authorities of your own, which pods that go out trust besides the public ones');
