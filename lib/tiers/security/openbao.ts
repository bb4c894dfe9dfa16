import type { z } from 'zod';
import type { Platform } from '../../core/platform';
import { images } from '../../images';
import { openBaoOptions } from './store/options';
import { RaftStore } from './store/raft-store';

export { openBaoOptions };

/**
 * OpenBao: secrets, encryption as a service, certificates and short-lived users of databases, for whoever signs in. One
 * node, or three of which any two keep it going; each opens its storage by itself with a static key.
 * https://openbao.org/docs/
 */
export class OpenBao extends RaftStore {
  constructor(platform: Platform, options: z.output<typeof openBaoOptions>) {
    const program = {
      name: 'openbao',
      title: 'OpenBao',
      image: images.openbao,
      command: 'bao',
      prefix: 'BAO',
      version: '2',
      unseal: 'static',
      settings: {},
      metricsListener: true,
      auditSettings: true,
    } as const;
    super(platform, program, options);
  }
}
