import { secretStore } from '../../bindings/secret-store';
import { sql } from '../../bindings/sql-database';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { majority } from '../../core/replicas';
import { images } from '../../images';
import { vaultOptions } from './store/options';
import type { Program } from './store/program';
import { RaftStore } from './store/raft-store';

const program: Program = {
  title: 'Vault',
  icon: 'vault.png',
  image: images.vault,
  command: 'vault',
  prefix: 'VAULT',
  version: '1',
  unseal: 'secret',
  // Raft keeps its pages in memory-mapped files, which must not be locked; and locking needs a capability.
  settings: { disable_mlock: true },
  metricsListener: false,
  auditSettings: false,
};

/**
 * HashiCorp Vault, from which OpenBao has grown, under HashiCorp's own licence: the same as OpenBao here, but that a
 * container beside each node opens its storage. https://developer.hashicorp.com/vault/docs
 */
export const vault = defineComponent({
  title: 'Vault, secrets, keys and certificates',
  documentation: 'https://developer.hashicorp.com/vault/docs',
  signIn: 'name and password for people, the token of a service account for pods; each reads what a policy says',
  keeps: 'all secrets, keys and policies, in a backup as a snapshot of its storage, which stays encrypted',
  tier: 'security',
  replicas: majority(3),
  volumes: { data: '5Gi' },
  options: vaultOptions,
  needs: { gateway },
  optional: { sql },
  provides: { secretStore },
  build(self, { options }) {
    return { secretStore: new RaftStore(self, program, options) };
  },
});
