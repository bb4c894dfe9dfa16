import { z } from 'zod';
import type { Component } from '../../../core/component';
import { members, replicas, resources, storage } from '../../../options';

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
  component: Component,
  options: { readonly replicas?: number; readonly synchronous: boolean | 'strict' },
): number {
  const count = options.replicas ?? component.platform.replicas(3);
  if (count === 1 && options.synchronous === 'strict') {
    component.refuse(['synchronous'], 'strict needs a second member; write true, or replicas: 3');
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
