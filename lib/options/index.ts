import { z } from 'zod';
import { backupPriorities } from '../core/backup';
import { accessModes, type AccessMode } from '../core/route';
import { quantityValue } from '../core/resources';
import { describe } from './wording';

/** Building blocks for the options of components, so that the same thing is said the same way everywhere. */

const quantity = (examples: string) =>
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

const quantities = z.strictObject({
  cpu: quantity('250m or 2').optional().describe('CPU, for example 250m or 2'),
  memory: bytes('512Mi or 2Gi').optional().describe('Memory, for example 512Mi or 2Gi'),
});

/** Overrides of the sizes that a component brings. */
export const resources = z
  .strictObject({
    requests: quantities.optional().describe('What every pod gets for sure'),
    limits: quantities.optional().describe('What every pod may use at most'),
  })
  .superRefine(({ requests = {}, limits = {} }, context) => {
    for (const key of ['cpu', 'memory'] as const) {
      const [request, limit] = [requests[key], limits[key]];
      if (request === undefined || limit === undefined) continue;
      if ((quantityValue(request) ?? 0) <= (quantityValue(limit) ?? 0)) continue;
      context.addIssue({
        code: 'custom',
        path: ['requests', key],
        message: `${request} is more than the limit of ${limit}; write at most ${limit}, or a higher limit`,
      });
    }
  })
  .prefault({})
  .describe('CPU and memory; what is not set keeps the default of the component, or follows where that cannot be');

/** Size of a volume. */
export const storage = (size: string) =>
  bytes('20Gi').prefault(size).describe('Size of the volume; local-path does not enforce it');

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
      error: ({ input }) =>
        `${describe(input)} is not possible here; write ${modes.join(', ')} or { groups: [admins] }`,
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

/** Number of pods. */
export const replicas = wholeNumber(2)
  .optional()
  .describe('Number of pods; by default 1, or 2 where availability is high');

/** Number of members of something that decides by majority. @param high how many where availability is high */
export const members = (high: number) =>
  z
    .int({ error: `must be a whole number; write 1 or ${high}` })
    .refine((count) => count === 1 || (count >= high && count % 2 === high % 2), {
      error: `must be 1, or ${high} and more in steps of two, so that a majority survives the loss of one; write ${high}`,
    })
    .optional()
    .describe(`Number of pods; by default 1, or ${high} where availability is high`);

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
