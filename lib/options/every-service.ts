import { z } from 'zod';
import type { Need } from '../core/need';
import { replicas, resources, sizeWords, storage, type SizedComponent } from './sizes';

/** What every service can be told beside the options of its component; {@link Overrides} is what core makes of it. */

/** An image reference. https://pkg.go.dev/github.com/distribution/reference */
const image = z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/, {
  error: 'must be the name of an image; write for example registry.my-company.org/mlflow:3.17',
});

const secretKey = z.strictObject({
  secret: z.string().describe('Name of a Secret that is in the namespace of the service already'),
  key: z.string().describe('Which of its keys'),
});

/** Kubernetes takes texts only. */
const plainText = z
  .union([z.string(), z.number(), z.boolean()], { error: 'must be a text, or { secret: name, key: key }' })
  .transform(String);

const env = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, {
      error: 'must be letters, digits, underscores, dots and dashes, and begin with no digit; write for example LOG_LEVEL',
    }),
    z.union([plainText, secretKey], { error: 'must be a text, or { secret: name, key: key }' }),
  )
  .describe('Further environment variables of the main container; what hearth sets itself is refused');

/** `prefix/name`, or a name alone. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
const qualifiedName = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, {
    error: 'must be a name of Kubernetes; write for example my-company.org/team',
  });

const labels = z.record(
  qualifiedName,
  plainText.refine((text) => /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/.test(text), {
    error: 'must be at most 63 letters, digits, dashes, underscores and dots; write for example platform',
  }),
);

const marks = (of: string) =>
  z
    .strictObject({
      labels: labels.optional().describe(`Further labels of ${of}; those of hearth itself are refused`),
      annotations: z
        .record(qualifiedName, plainText)
        .optional()
        .describe(`Further annotations of ${of}; those of hearth itself are refused`),
    })
    .describe(`Labels and annotations of ${of}`);

const toleration = z
  .strictObject({
    key: qualifiedName.optional().describe('Key of the taint; by default every one, with operator Exists'),
    operator: z.enum(['Equal', 'Exists']).optional().describe('Equal: of this value; Exists: of any; by default Equal'),
    value: z.string().optional().describe('Value of the taint'),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .optional()
      .describe('Effect of the taint; by default every one'),
    tolerationSeconds: z.int().min(0).optional().describe('How long it bears NoExecute; by default for ever'),
  })
  .refine(({ key, operator }) => key !== undefined || operator === 'Exists', {
    error: 'needs a key; write for example { key: dedicated, value: data, effect: NoSchedule }, or operator: Exists',
  });

const placement = z
  .strictObject({
    nodeSelector: labels.optional().describe('Labels that a node must have'),
    tolerations: z.array(toleration).min(1).optional().describe('Taints of nodes that its pods bear'),
    zones: qualifiedName
      .optional()
      .describe('Label of nodes that says their zone (topology.kubernetes.io/zone): several pods spread over zones, too'),
  })
  .describe('Where all its pods run, those of its jobs included');

const hostNames = z
  .array(
    z.string().regex(/^(@|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$/, {
      error: 'must be one name below the domain, or @ for the domain itself; write for example models',
    }),
  )
  .min(1);

const hosts = z
  .union([hostNames, z.record(z.string(), hostNames)], {
    error: 'must be a list of names below the domain, or default name → list; write for example [models, mlflow]',
  })
  .describe('Other host names for its routes, in place of its own: a list, or own name → list where it has several');

const clientName = z.string().regex(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/, {
  error: 'must be 3 to 30 lower-case letters, digits and dashes, and begin with a letter; write for example shop',
});

const client = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: 'must be the name of a namespace; write for example shop' })
    .describe('Namespace of the pods, which is not one of the platform'),
  pods: labels.default({}).describe('Labels of the pods; by default every pod of the namespace'),
  ports: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Names of the ports that they reach; by default those of what they get, or where the routes lead'),
});

const clientsOf = (names: z.ZodString, wishes: z.ZodRawShape) =>
  z
    .record(names, client.extend(wishes))
    .optional()
    .describe('Pods outside the platform that may come in, by a name of theirs: who they are, and where');

/** The word `clients` of a service that gives something to them. @param needs what it provides */
export function clientsFor(needs: readonly Need<unknown>[]): z.ZodType | undefined {
  const given = needs.flatMap(({ client: forClients }) => forClients ?? []);
  const names = given.flatMap((one) => one.names ?? []);
  const wishes = Object.assign({}, ...given.map((one) => one.wishes ?? {})) as z.ZodRawShape;
  if (names.length === 0 && Object.keys(wishes).length === 0) return undefined;
  return clientsOf(names[0] ?? clientName, wishes);
}

/** By the words of the platform file. */
export const everyService = {
  image: image
    .optional()
    .describe('Another image for the main program, with the same programs in it and the same version of its data'),
  images: z
    .record(z.string(), image)
    .optional()
    .describe('Other images for its further programs: name without registry, path and tag (etcd) → image'),
  env: env.optional(),
  storage: storage.optional(),
  resources: resources.optional(),
  replicas: replicas.optional(),
  hosts: hosts.optional(),
  clients: clientsOf(clientName, {}),
  placement: placement.optional(),
  pods: marks('all its pods').optional(),
  publicServices: marks('the Services by which the world reaches it beside the routes').optional(),
};

/** The same for a service of that component, which may refuse some of them. */
export const wordsOf = (component: SizedComponent) => ({ ...everyService, ...sizeWords(component) });

/** One of these words. */
export type EveryServiceWord = keyof typeof everyService;
export const everyServiceWords = Object.keys(everyService) as EveryServiceWord[];
