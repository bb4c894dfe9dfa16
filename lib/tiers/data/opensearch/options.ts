import { z } from 'zod';
import { backup, metrics } from '../../../options';
import { furtherSettings } from './config';

export const options = z.strictObject({
  dashboards: z.boolean({ error: 'must be true or false' }).default(true).describe('OpenSearch Dashboards beside it'),
  plugins: z
    .array(
      z.string().regex(/^([a-z][a-z0-9-]*|https:\/\/\S+\.zip)$/, {
        error: 'must be the name of a plugin or the https address of its zip; write for example analysis-nori',
      }),
    )
    .default([])
    .describe('Plugins beyond those of the image, fetched from the internet at every start of a pod'),
  mmap: z
    .boolean({ error: 'must be true or false' })
    .default(false)
    .describe('Memory-mapped indices, faster; every node then needs sysctl vm.max_map_count of 262144 or more'),
  settings: furtherSettings,
  metrics,
  backup: backup('high'),
});

export type Options = z.output<typeof options>;

/** The size of whatever does little. */
export const small = { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '128Mi' } };
