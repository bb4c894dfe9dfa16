import { z } from 'zod';
import type { Binding } from '../core/binding';
import { needFor } from '../core/need';
import { whenMissing } from '../options/wording';

/** Names of roles, keys and databases: parts of paths and of policies, where a character could mean more. */
export const pathPart = (what: string, example: string) =>
  z.string({ error: whenMissing(`is missing; write ${what}, for example ${example}`) }).regex(/^[a-z][a-z0-9_-]*$/, {
    error: `must be ${what}: lower-case letters, digits, dashes and underscores; write for example ${example}`,
  });

/** Names of objects of the cluster. */
export const objectName = (what: string, example: string) =>
  z
    .string({ error: whenMissing(`is missing; write ${what}, for example ${example}`) })
    .regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, {
      error: `must be ${what}: lower-case letters, digits, dots and dashes; write for example ${example}`,
    });

/** What a platform file says of a client besides who it is. */
const wishes = {
  serviceAccount: objectName('the service account of its pods', 'shop')
    .optional()
    .describe('Service account with whose token its pods sign in; without it, they only reach the ports'),
  secrets: z
    .array(
      z.string().regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*(\/\*)?$/, {
        error: 'must be a path below secret/, perhaps with /* at its end; write for example shop/*',
      }),
    )
    .default([])
    .describe('Paths below secret/ that it reads; /* stands for everything below'),
  database: z.array(z.string()).default([]).describe('Database roles that it gets users of'),
  transit: z.array(z.string()).default([]).describe('Keys that it encrypts, decrypts and signs with'),
  pki: z.boolean({ error: 'must be true or false' }).default(false).describe('Whether it gets certificates'),
};

/** What a client of the store may do there. */
export type StoreWishes = z.output<z.ZodObject<typeof wishes>>;

/** A component that keeps secrets, and gives them to whoever signs in and may read them. */
export interface SecretStore {
  /**
   * A client that signs in with the token of its service account.
   * @param role its name there, which is that of its policy, too
   * @param namespace of its pods
   */
  client(role: string, namespace: string, wishes: StoreWishes): Binding;
}

export const secretStore = needFor<SecretStore>('secretStore', 'a store of secrets', {
  client: {
    names: pathPart('the name of a role', 'shop'),
    wishes,
    sharesNothing: true,
    give: (store, client, said) => store.client(client, said.namespace, z.object(wishes).parse(said)),
  },
});
