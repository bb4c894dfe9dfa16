import type { z } from 'zod';
import type { Platform } from '../../core/platform';
import { images } from '../../images';
import { vaultOptions } from './store/options';
import { RaftStore } from './store/raft-store';

export { vaultOptions };

/**
 * HashiCorp Vault, from which OpenBao has grown, under HashiCorp's own licence: the same as OpenBao here, but that a
 * container beside each node opens its storage. https://developer.hashicorp.com/vault/docs
 */
export class Vault extends RaftStore {
  constructor(platform: Platform, options: z.output<typeof vaultOptions>) {
    const program = {
      name: 'vault',
      title: 'Vault',
      image: images.vault,
      command: 'vault',
      prefix: 'VAULT',
      version: '1',
      unseal: 'secret',
      // Raft keeps its pages in memory-mapped files, which must not be locked; and locking needs a capability.
      settings: { disable_mlock: true },
      metricsListener: false,
      auditSettings: false,
    } as const;
    super(platform, program, options);
  }
}
