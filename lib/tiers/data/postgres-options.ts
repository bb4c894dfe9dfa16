import { z } from 'zod';

/** What PostgreSQL servers have in common in a platform file. */

const name = (example: string) =>
  z.string().regex(/^[a-z][a-z0-9_]*$/, {
    error: `must be lower-case letters, digits and underscores; write for example ${example}`,
  });

/** PostgreSQL has databases and roles of its own; the superuser's password must stay its own, too. */
const databaseName = (example: string, reserved: readonly string[]) =>
  name(example).refine((text) => !/^(postgres|template[01]|pg_.*)$/.test(text) && !reserved.includes(text), {
    error: `is a name of PostgreSQL’s own; write another one, for example ${example}`,
  });

/** @param example name of a database, for messages @param reserved names of roles that the server needs itself */
export const databases = (example: string, reserved: readonly string[] = []) =>
  z
    .record(
      databaseName(example, reserved),
      z
        .strictObject({
          extensions: z.array(name(example)).optional().describe('Extensions of this database, instead of those below'),
        })
        .nullable(),
    )
    .describe('Databases for people, each with a role of the same name that owns it');

/** @param example name of a database, for messages */
export const extensions = (example: string) =>
  z.array(name(example)).describe('Extensions of those databases that name none themselves');

export const settings = z
  .record(
    z.string().regex(/^[a-z][a-z0-9_.]*$/, {
      error: 'must be lower-case letters, digits, underscores and dots; write for example work_mem',
    }),
    z.union([z.string(), z.number(), z.boolean()], {
      error: 'must be text, a number, true or false; write for example 64MB',
    }),
  )
  .describe('Server parameters, as in postgresql.conf');
