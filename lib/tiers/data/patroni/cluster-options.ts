import { z } from 'zod';
import type { Component } from '../../../core/component';
import { wholeNumber } from '../../../options';

/** What a platform file may say about a Patroni cluster. */

/** What a commit waits for. */
export const synchronous = z
  .union([z.boolean(), z.literal('strict')], { error: 'must be true, false or strict; write true' })
  .default(true)
  .describe(
    'true: a commit is answered once a second member has it, while there is a second one; strict: without a second one writes wait; false: a commit is answered at once',
  );

/** How many members it has. */
export function memberCount(component: Component, options: { readonly synchronous: boolean | 'strict' }): number {
  const { replicas } = component;
  if (replicas === 1 && options.synchronous === 'strict') {
    component.refuse(['synchronous'], 'strict needs a second member; write true, or replicas: 3');
  }
  return replicas;
}

/** What stands in front of the servers. */
export const router = z
  .strictObject({
    replicas: wholeNumber(2).optional().describe('Number of its pods; by default 1, or 2 where availability is high'),
  })
  .default({})
  .describe('HAProxy, which leads to whoever leads');

/** Of the parts, whose volumes and sizes are said as those of every program. */
export const elsewhere: Readonly<Record<string, string>> = {
  etcd: 'storage: { etcd: 2Gi } and resources: { etcd: … } beside it',
  'router.resources': 'resources: { haproxy: … } of the service',
};
