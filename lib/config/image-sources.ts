import { z } from 'zod';

/** Host with port and path, without a scheme and without a slash at its end. */
const place = (example: string) =>
  z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?(\/[a-z0-9._-]+)*$/, {
    error: `must be a host, with a port and a path if need be, and nothing before it; write for example ${example}`,
  });

/** What a platform file says of where images come from. */
export const imageSources = z
  .strictObject({
    registry: place('registry.my-company.org/hearth')
      .optional()
      .describe('Host and path in place of the registry of every image that no mirror names'),
    mirrors: z
      .record(place('docker.io'), place('registry.my-company.org/docker'))
      .default({})
      .describe('Registry, or the beginning of a name → what stands in its place; the longest one that fits'),
    pullSecrets: z
      .array(
        z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, {
          error: 'must be the name of a Secret; write for example registry',
        }),
      )
      .default([])
      .describe('Secrets of type kubernetes.io/dockerconfigjson, which you make in every namespace of the platform'),
  })
  .prefault({})
  .describe('Where images come from; hearth images lists them');
