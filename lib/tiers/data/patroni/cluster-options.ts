import { z } from 'zod';
import type { Platform } from '../../../core/platform';
import { members, replicas, resources, storage } from '../../../config/options';

/** What a platform file may say about a Patroni cluster. */

/** How many members, and what a commit waits for. */
export const clusterSize = {
  replicas: members(3),
  synchronous: z
    .union([z.boolean(), z.literal('strict')], { error: 'must be true, false or strict; write true' })
    .default(true)
    .describe(
      'true: a commit is answered once a second member has it, while there is a second one; strict: without a second one writes wait; false: a commit is answered at once',
    ),
};

/** How many members it has. */
export function memberCount(
  platform: Platform,
  component: string,
  options: { readonly replicas?: number; readonly synchronous: boolean | 'strict' },
): number {
  const count = options.replicas ?? platform.replicas(3);
  if (count === 1 && options.synchronous === 'strict') {
    throw new Error(`${component}: synchronous: strict needs a second member; write replicas: 3, or synchronous: true`);
  }
  return count;
}

/** Sizes of what stands around the servers. */
export const clusterParts = {
  etcd: z
    .strictObject({ storage: storage('2Gi'), resources })
    .prefault({})
    .describe('etcd, which decides who leads; of one or three members'),
  router: z.strictObject({ replicas, resources }).prefault({}).describe('HAProxy, which leads to whoever leads'),
};
