import { z } from 'zod';
import { objectName, pathPart } from '../../../bindings/secret-store';
import { access, backup, metrics } from '../../../options';
import { describe, whenMissing } from '../../../options/wording';

const duration = (example: string) =>
  z.string().regex(/^[1-9]\d*[smhd]$/, {
    error: `must be a number of seconds, minutes, hours or days; write for example ${example}`,
  });

/** Seconds of a duration such as `24h`. */
export const seconds = (text: string): number => parseInt(text) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[text.slice(-1)] ?? 0);

const transitSeal = z.strictObject({
  transit: z
    .strictObject({
      address: z
        .string({ error: whenMissing('is missing; write the address of the other store') })
        .regex(/^https?:\/\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/, {
          error: 'must be a URL without a path; write for example https://vault.my-company.org:8200',
        })
        .describe('Address of the store whose transit engine keeps the key'),
      key: pathPart('the name of its key', 'unseal').describe('Name of the key there'),
      mount: z
        .string()
        .regex(/^[\w-]+(\/[\w-]+)*$/, { error: 'must be the path of the engine; write for example transit' })
        .default('transit')
        .describe('Path of the transit engine there'),
      certificateAuthority: z
        .string()
        .regex(/^-----BEGIN CERTIFICATE-----\s[^]+-----END CERTIFICATE-----\s*$/, {
          error: 'must be certificates in PEM; write "certificateAuthority: |" and the text below, indented',
        })
        .optional()
        .describe('Certificates in PEM, where no public authority signed that of the other store'),
    })
    .describe('Another store opens this one; its token is a value of yours'),
});

const unsealError = (self: string) => ({
  error: ({ input }: { readonly input?: unknown }) =>
    typeof input === 'object' && input !== null && 'transit' in input
      ? 'needs the address and the key of another store; write transit: { address: https://…, key: unseal }'
      : `${describe(input)} is not possible here; write ${self}, shamir, or { transit: { address, key } }`,
});
const unsealOthers = 'shamir: people, with three of five keys; transit: another store';

/** https://developer.hashicorp.com/vault/api-docs/secret/transit#type */
const keyTypes = ['aes128-gcm96', 'aes256-gcm96', 'chacha20-poly1305', 'ed25519', 'ecdsa-p256', 'rsa-2048', 'rsa-4096'] as const;

const databaseRole = z.strictObject({
  database: pathPart('the name of a database', 'shop')
    .regex(/^[^-]*$/, { error: 'must not hold a dash, as no database does; write for example shop' })
    .describe('Database of that server; it is made where it is missing'),
  rights: z
    .enum(['all', 'read'])
    .default('all')
    .describe('all: as the owner of the database; read: only reads tables of the schema public'),
  ttl: duration('1h').default('1h').describe('How long a user lives, unless its lease is renewed'),
  maxTtl: duration('24h').default('24h').describe('How long a user lives at most'),
});

const common = z.strictObject({
  audit: z
    .boolean({ error: 'must be true or false' })
    .default(true)
    .describe('Every request in the log of the pods, with secrets hashed'),
  transit: z
    .record(
      pathPart('the name of a key', 'orders'),
      z.enum(keyTypes, {
        error: ({ input }) => `${describe(input)} is no type of keys; write one of ${keyTypes.join(', ')}`,
      }),
    )
    .default({})
    .describe('Keys for encryption as a service: name and type, for example aes256-gcm96'),
  pki: z
    .strictObject({
      commonName: z.string().optional().describe('Name of the root certificate; by default that of the platform'),
      rootTtl: duration('3650d').default('3650d').describe('How long the root certificate is valid'),
      maxTtl: duration('30d').default('30d').describe('How long a certificate is valid at most'),
    })
    .optional()
    .describe('A certificate authority for names below the domain of the platform and of its namespaces'),
  database: z
    .strictObject({
      server: z.string().optional().describe('Service that runs PostgreSQL, for example mng-pg; by default the only one'),
      roles: z
        .record(pathPart('the name of a role', 'shop'), databaseRole)
        .describe('Role → how its users are made, each with a password of its own'),
    })
    .optional()
    .describe('Users of PostgreSQL that are made on demand, and removed again'),
  externalSecrets: z
    .strictObject({
      namespace: objectName('the namespace of the operator', 'external-secrets')
        .default('external-secrets')
        .describe('Namespace of External Secrets, from which it may connect'),
    })
    .or(z.literal(false))
    .prefault({})
    .describe('With secrets: external, this store is the one that External Secrets reads; false: another one'),
  access: access('public'),
  metrics,
  backup: backup('critical'),
});

/** Of both programs. */
export type StoreOptions = z.output<typeof common> & { readonly unseal: Unseal };
export type Unseal = 'static' | 'secret' | 'shamir' | z.output<typeof transitSeal>;

/** A user must not outlive its own longest life. */
function coherent({ database }: Pick<StoreOptions, 'database'>, context: z.RefinementCtx): void {
  for (const [role, { ttl, maxTtl }] of Object.entries(database?.roles ?? {})) {
    if (seconds(ttl) <= seconds(maxTtl)) continue;
    const message = `${ttl} is more than maxTtl, ${maxTtl}; write at most ${maxTtl}`;
    context.addIssue({ code: 'custom', path: ['database', 'roles', role, 'ttl'], message });
  }
}

export const openBaoOptions = common
  .extend({
    unseal: z
      .union([z.enum(['static', 'shamir']), transitSeal], unsealError('static'))
      .default('static')
      .describe(`Who opens the storage of a node after a start. static: itself, with a key in a Secret; ${unsealOthers}`),
  })
  .superRefine(coherent);

export const vaultOptions = common
  .extend({
    unseal: z
      .union([z.enum(['secret', 'shamir']), transitSeal], unsealError('secret'))
      .default('secret')
      .describe(
        `Who opens the storage of a node after a start. secret: a container beside it, with a key in a Secret; ${unsealOthers}`,
      ),
  })
  .superRefine(coherent);
