import { secretStore } from '../../bindings/secret-store';
import { sql } from '../../bindings/sql-database';
import { defineComponent } from '../../core/definition';
import { gateway } from '../../core/gateway';
import { majority } from '../../core/replicas';
import { images } from '../../images';
import { openBaoOptions } from './store/options';
import type { Program } from './store/program';
import { RaftStore } from './store/raft-store';

const program: Program = {
  title: 'OpenBao',
  icon: 'openbao.png',
  image: images.openbao,
  command: 'bao',
  prefix: 'BAO',
  version: '2',
  unseal: 'static',
  settings: {},
  metricsListener: true,
  auditSettings: true,
};

/**
 * OpenBao: secrets, encryption as a service, certificates and short-lived users of databases, for whoever signs in. One
 * node, or three of which any two keep it going; each opens its storage by itself with a static key.
 * https://openbao.org/docs/
 */
export const openbao = defineComponent({
  title: 'OpenBao, secrets, keys and certificates',
  documentation: 'https://openbao.org/docs/',
  signIn: 'name and password for people, the token of a service account for pods; each reads what a policy says',
  keeps: 'all secrets, keys and policies, in a backup as a snapshot of its storage, which stays encrypted',
  tier: 'security',
  replicas: majority(3),
  volumes: { data: '5Gi' },
  options: openBaoOptions,
  needs: { gateway },
  optional: { sql },
  provides: { secretStore },
  sizes: {
    small: { storage: '1Gi' },
  },
  build(self, { options }) {
    return { secretStore: new RaftStore(self, program, options) };
  },
});
