import { z } from 'zod';

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
      error:
        'must be letters, digits, underscores, dots and dashes, and begin with no digit; write for example LOG_LEVEL',
    }),
    z.union([plainText, secretKey], { error: 'must be a text, or { secret: name, key: key }' }),
  )
  .describe('Further environment variables of the main container; what hearth sets itself is refused');

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
};

/** One of these words. */
export type EveryServiceWord = keyof typeof everyService;
export const everyServiceWords = Object.keys(everyService) as EveryServiceWord[];
