import { z } from 'zod';
import { accessModes } from '../core/route';
import { quantityValue } from '../core/resources';

/** Building blocks for the options of components, so that the same thing is said the same way everywhere. */

const quantity = (examples: string) =>
  z
    .union([z.string(), z.number()], {
      error: (issue) => `${JSON.stringify(issue.input)} is no quantity; write for example ${examples}`,
    })
    .transform(String)
    .refine((text) => quantityValue(text) !== undefined, {
      error: (issue) => `"${String(issue.input)}" is no Kubernetes quantity; write for example ${examples}`,
    });

const quantities = z.strictObject({
  cpu: quantity('250m or 2').optional().describe('CPU, for example 250m or 2'),
  memory: quantity('512Mi or 2Gi').optional().describe('Memory, for example 512Mi or 2Gi'),
});

/** Overrides of the sizes that a component brings. */
export const resources = z
  .strictObject({ requests: quantities.optional(), limits: quantities.optional() })
  .default({})
  .describe('CPU and memory; what is not set keeps the default of the component');

/** Size of a volume. */
export const storage = (size: string) =>
  quantity('20Gi').default(size).describe('Size of the volume; local-path does not enforce it');

/** Who may open the component's pages. */
export const access = (mode: (typeof accessModes)[number]) =>
  z
    .enum(accessModes)
    .default(mode)
    .describe(
      'public: everyone; sso: people signed in (without the auth tier the same as basic); basic: the gateway password',
    );

/** Number of pods. */
export const replicas = z
  .int({ error: 'must be a whole number; write for example 2' })
  .min(1, { error: 'must be at least 1' })
  .optional()
  .describe('Number of pods; by default 1, or 2 where availability is high');
