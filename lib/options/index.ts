import { z } from 'zod';
import { backupPriorities } from '../core/backup';
import { accessModes, type AccessMode } from '../core/route';
import { quantityValue } from '../core/resources';
import { describe, whenMissing } from './wording';

/** Building blocks for the options of components, so that the same thing is said the same way everywhere. */

/** A Kubernetes quantity. */
export const quantity = (examples: string) =>
  z
    .union([z.string(), z.number()], {
      error: ({ input }) =>
        input === null
          ? `is empty; write for example ${examples}`
          : `must be a quantity, not ${describe(input)}; write for example ${examples}`,
    })
    .transform(String)
    .refine((text) => quantityValue(text) !== undefined, {
      error: (issue) => `"${String(issue.input)}" is no Kubernetes quantity; write for example ${examples}`,
    });

/** A quantity of bytes. Less than a mebibyte is a forgotten unit: `5` are five bytes, and `512m` is half of one. */
export const bytes = (examples: string) =>
  quantity(examples).refine((text) => (quantityValue(text) ?? Infinity) >= 2 ** 20, {
    error: (issue) => `"${String(issue.input)}" is too little, its unit is bytes; write for example ${examples}`,
  });

/** Names of objects of the cluster: RFC 1123 subdomains. */
export const objectName = (example: string) =>
  z
    .string({ error: whenMissing(`is missing; write for example ${example}`) })
    .regex(/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, {
      error: `must be lower-case letters, digits, dashes and dots; write for example ${example}`,
    });

/** Names of groups: a slash leads to a group inside another one. */
export const groupName = z
  .string({ error: 'must be the name of a group; write for example admins' })
  .regex(/^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/, {
    error: 'must be lower-case letters, digits, dots and dashes, and begin with no slash; write for example admins',
  });

/** One of these modes, or single sign-on for people in some groups. */
export const accessBy = <Mode extends AccessMode>(...modes: Mode[]) =>
  z.union(
    [
      z.enum(modes),
      z.strictObject({
        groups: z.array(groupName).min(1).describe('Groups of the identity provider; one of them is enough'),
      }),
    ],
    {
      error: ({ input }) => `${describe(input)} is not possible here; write ${modes.join(', ')} or { groups: [admins] }`,
    },
  );

/** Who may open the component's pages. */
export const access = (mode: AccessMode) =>
  accessBy(...accessModes)
    .default(mode)
    .describe(
      'public: everyone; sso: people signed in (without the auth tier the same as basic), by groups only those in one of them; basic: the gateway password',
    );

/** A whole number within bounds. @param of its unit, for example `hours` @param min by default 1 */
export function wholeNumber(example: number, { of, min = 1, max }: { of?: string; min?: number; max?: number } = {}) {
  const number = z
    .int({ error: `must be a whole number${of ? ` of ${of}` : ''}; write for example ${example}` })
    .min(min, { error: `must be at least ${min}; write ${min}` });
  return max === undefined ? number : number.max(max, { error: `must be at most ${max}; write ${max}` });
}

/** Whether an exporter runs beside the program. */
export const metrics = z
  .boolean({ error: 'must be true or false' })
  .default(true)
  .describe('Metrics for Prometheus; where the program has none itself, by an exporter beside it');

/** How much the loss of the data would hurt. */
export const backup = (priority: (typeof backupPriorities)[number]) =>
  z
    .enum([...backupPriorities, 'none'])
    .default(priority)
    .describe('Priority in the backup, the most critical first; none: not in the backup');
