import { z } from 'zod';
import { maySeveral, type Replicas } from '../core/replicas';
import { quantityValue } from '../core/resources';
import { bytes, objectName, quantity, wholeNumber } from '.';

/** The words for every service that say how large it is, and what is left of them for each component. */

/** A word that a service cannot have. @param error why, and what to write instead */
const refused = (error: string) => z.unknown().refine((value) => value === undefined, { error });

interface VolumeSettings {
  readonly size?: string;
  readonly class?: string;
}

const size = bytes('20Gi').optional().describe('Size; local-path does not enforce it');
const storageClass = objectName('longhorn').optional().describe('StorageClass, in place of that of the platform');

/** What is no map was meant as a size. */
const asSize = {
  error: ({ errors }: { readonly errors?: readonly (readonly { readonly message: string }[])[] }) => errors?.[0]?.[0]?.message,
};
const volume = z
  .union([bytes('20Gi'), z.strictObject({ size, class: storageClass })], asSize)
  .transform((value): VolumeSettings => (typeof value === 'string' ? { size: value } : value));

const storageText =
  'Its volumes: size, { size, class }, or name of a volume → either of them; without a name the main volume is meant';

/** Of any service, for people and editors. */
export const storage = z.union([bytes('20Gi'), z.object({ size, class: storageClass }).catchall(volume)]).describe(storageText);

/**
 * Volume → its size and class.
 * @param volumes those of the component with their usual sizes; the main one first
 */
function storageOf(volumes: Readonly<Record<string, string>> = {}): z.ZodType {
  const names = Object.keys(volumes);
  const [main] = names;
  if (main === undefined) return refused('has no effect, since this service has no volumes; remove it');
  const shape: Record<string, z.ZodType<string | VolumeSettings | undefined>> = { size, class: storageClass };
  for (const name of names) shape[name] = volume.optional();
  return z
    .union([bytes('20Gi'), z.strictObject(shape).superRefine(oneOrByName)], asSize)
    .transform((value): Record<string, VolumeSettings> => {
      if (typeof value === 'string') return { [main]: { size: value } };
      const given = Object.entries(value);
      const plain = given.filter(([, settings]) => typeof settings === 'string');
      const byName = given.flatMap(([name, settings]) => (typeof settings === 'object' ? [[name, settings] as const] : []));
      return { ...(plain.length > 0 ? { [main]: Object.fromEntries(plain) } : {}), ...Object.fromEntries(byName) };
    })
    .describe(storageText);
}

/** Beside the names of volumes nobody would know whose `size` and `class` are. */
function oneOrByName(value: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const plain = ['size', 'class'].filter((word) => value[word] !== undefined);
  const [named] = Object.keys(value).filter((word) => !['size', 'class'].includes(word));
  if (named === undefined) return;
  for (const word of plain) {
    const example = word === 'size' ? '20Gi' : 'fast';
    const message = `is of a single volume, and ${named} is named beside it; write for example ${named}: { ${word}: ${example} }`;
    context.addIssue({ code: 'custom', path: [word], message });
  }
}

const quantities = z.strictObject({
  cpu: quantity('250m or 2').optional().describe('CPU, for example 250m or 2'),
  memory: bytes('512Mi or 2Gi').optional().describe('Memory, for example 512Mi or 2Gi'),
});
const amounts = {
  requests: quantities.optional().describe('What every pod gets for sure'),
  limits: quantities.optional().describe('What every pod may use at most'),
};
type Amounts = z.output<z.ZodObject<typeof amounts>>;

function withinLimits({ requests = {}, limits = {} }: Amounts, context: z.RefinementCtx): void {
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
}

/** CPU and memory: of the main program, and by their names of further ones. */
export const resources = z
  .object(amounts)
  .catchall(z.strictObject(amounts).superRefine(withinLimits))
  .superRefine(withinLimits)
  .transform(({ requests, limits, ...programs }) => ({ main: { requests, limits }, programs }))
  .describe(
    'CPU and memory of the main program, and of further ones as images names them (etcd) → the same; what is not set keeps the default of the component, or follows where that cannot be',
  );

/** Number of pods. */
export const replicas = wholeNumber(2).describe(
  'Number of pods of the main program; by default 1, or more where availability is high',
);

/** Members of something that decides by majority. @param high how many where availability is high */
const members = (high: number) =>
  z
    .int({ error: `must be a whole number; write 1 or ${high}` })
    .refine((count) => count === 1 || (count >= high && count % 2 === high % 2), {
      error: `must be 1, or ${high} and more in steps of two, so that a majority survives the loss of one; write ${high}`,
    });

/** Of a component that says nothing. */
const oneByDefault = 'it is made for one pod';

function replicasOf(possible: Replicas | undefined): z.ZodType {
  if (maySeveral(possible)) return possible.byMajority ? members(possible.high) : replicas;
  const { why = oneByDefault, instead = 'remove it' } = possible ?? {};
  return refused(`is not possible: ${why}; ${instead}`);
}

export interface SizedComponent {
  readonly volumes?: Readonly<Record<string, string>>;
  readonly replicas?: Replicas;
}

/** What is left of these words for a component. */
export const sizeWords = ({ volumes, replicas }: SizedComponent) => ({
  storage: storageOf(volumes).optional(),
  resources: resources.optional(),
  replicas: replicasOf(replicas).optional(),
});

/** Whether a component can have one of these words at all. */
export const takes = ({ volumes = {}, replicas }: SizedComponent, word: string): boolean =>
  word === 'storage' ? Object.keys(volumes).length > 0 : word !== 'replicas' || maySeveral(replicas);
