import { z } from 'zod';
import { access, bytes, wholeNumber } from '../../options';

/** What a platform file may say of Traefik. */
export const traefikOptions = z.strictObject({
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, { error: 'must be letters, digits, dots and dashes; write for example admin' })
    .default('admin')
    .describe('User of routes with access basic'),
  access: access('sso'),
  rateLimit: z
    .union([
      z.literal('none'),
      z.strictObject({
        average: wholeNumber(100).default(100).describe('Requests a second'),
        burst: wholeNumber(50).default(50).describe('Requests at once, beyond the average'),
      }),
    ])
    .prefault({})
    .describe('What one client may send to one route before it is told to wait (429); none: as much as it likes'),
  attempts: wholeNumber(2).default(2).describe('Tries for a request whose connection to the program fails; 1: no retry'),
  circuitBreaker: z
    .string({ error: 'must be an expression; write for example "NetworkErrorRatio() > 0.30", or none' })
    .default('NetworkErrorRatio() > 0.30')
    .describe('When a program gets a pause of five seconds (503) since it does not answer; none: never'),
  maxBody: bytes('100Mi')
    .optional()
    .describe('Largest body of a request, which is buffered then; by default no limit. Object stores take any size'),
  traces: z
    .strictObject({
      endpoint: z
        .url({
          protocol: /^https?$/,
          error: 'must be the URL of an OTLP receiver; write for example https://otlp.my-company.org:4318/v1/traces',
        })
        .describe('URL that takes OTLP over HTTP'),
      sampleRate: z
        .number({ error: 'must be a number from 0 to 1; write for example 0.1' })
        .min(0, { error: 'must be a number from 0 to 1; write 0' })
        .max(1, { error: 'must be a number from 0 to 1; write 1' })
        .default(1)
        .describe('Share of the requests that are traced'),
    })
    .optional()
    .describe('Where traces of requests go; by default nowhere'),
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO').describe('Least severity of what is logged'),
});
export type TraefikOptions = z.output<typeof traefikOptions>;
