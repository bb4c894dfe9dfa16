import { k8s } from 'cdk8s-plus-28';
import type { SecretStore, StoreWishes } from '../../../bindings/secret-store';
import { dumped } from '../../../core/backup';
import type { Binding } from '../../../core/binding';
import { Certificate } from '../../../core/certificate';
import type { Component } from '../../../core/component';
import type { StatefulSet } from '../../../core/controllers';
import { Credential, password } from '../../../core/credential';
import type { CredentialStore } from '../../../core/credential-store';
import { HttpRoute } from '../../../core/route';
import { Volume } from '../../../core/volume';
import type { Workload } from '../../../core/workload';
import { refuseClient, type StoreClient } from './clients';
import { DatabaseUsers } from './database-users';
import { administrator, desiredState } from './desired-state';
import { startNodes } from './nodes';
import type { StoreOptions } from './options';
import type { Program } from './program';
import { folders, ports } from './server-config';
import { setupJobs } from './setup-jobs';
import { snapshotDump } from './snapshot-dump';

/**
 * A store of secrets whose nodes keep their data among themselves (Raft): OpenBao or Vault. A job founds it and sets it
 * up; afterwards that job signs in with a key of its own, and there is no root token any more.
 */
export class RaftStore implements CredentialStore, SecretStore {
  readonly server: StatefulSet;
  readonly administrator = administrator;
  /** Name of the Secret that takes what only the first start tells: keys, and the root token until it has ended. */
  readonly keysSecret: string;
  readonly audience: string;
  readonly reader: string;
  private readonly users?: DatabaseUsers;
  /** Role → who signs in as it. */
  private readonly clients = new Map<string, StoreClient>();
  /** With it the job signs in. Another one would let nobody in who could change that. */
  private readonly setupKey: Credential;
  private readonly snapshotKey: Credential;

  constructor(
    readonly self: Component,
    private readonly program: Program,
    private readonly options: StoreOptions,
  ) {
    const { name, replicas } = self;
    this.keysSecret = `${name}-keys`;
    this.audience = name;
    this.reader = `${name}-reader`;
    const data = self.volume(
      'data',
      dumped(options.backup, () => this.dump()),
    );
    this.setupKey = this.appRoleKey(`${name}-setup`, data);
    this.snapshotKey = this.appRoleKey(`${name}-snapshot`, data);
    // The nodes trust it as it is.
    const tls = new Certificate(self, name, { bootstrap: true });
    if (options.database) this.users = new DatabaseUsers(self, options.database);
    const { keysSecret, users } = this;
    this.server = startNodes(self, { program, options, replicas, data, tls, keysSecret, users });
    this.declareKeys();
    if (this.feedsExternalSecrets) this.keepCredentials();
    new HttpRoute(self, name, {
      hosts: [name],
      to: this.server.endpoint('api'),
      // It asks for a token, or for a name and a password, itself.
      access: options.access,
      // It asks for nothing there: anybody could read how much goes on, or cancel what holders of keys have begun.
      hidden: ['metrics', 'generate-root', 'rekey', 'unseal'].map((path) => `/v1/sys/${path}`),
      tile: { title: program.title, description: 'Secrets, keys and certificates', icon: program.icon },
    });
    self.whenComplete(() => this.complete());
  }

  client(role: string, namespace: string, wishes: StoreWishes): Binding {
    refuseClient(this.self, role, wishes, this.options);
    const { serviceAccount } = wishes;
    if (serviceAccount !== undefined) this.clients.set(role, { ...wishes, namespace, serviceAccount });
    return { endpoint: this.server.endpoint('api'), why: `client ${role}` };
  }

  get name(): string {
    return this.self.name;
  }

  /** Whether the platform's own credentials come from here. */
  private get feedsExternalSecrets(): boolean {
    return this.self.platform.config.secrets === 'external' && this.options.externalSecrets !== false;
  }

  get foundation(): Workload[] {
    const { self, name } = this;
    return self.platform.graph.workloadsOf(self).filter((part) => [name, `${name}-setup`].includes(part.name));
  }

  get command(): string {
    return this.program.command;
  }

  get clientEnv(): string {
    const { prefix } = this.program;
    return `${prefix}_ADDR=https://localhost:${ports.api} ${prefix}_CACERT=${folders.tls}/ca.crt`;
  }

  get tokenVariable(): string {
    return `${this.program.prefix}_TOKEN`;
  }

  pathOf(tier: string): string {
    return `${this.self.platform.config.secretStore.path}/${tier}`;
  }

  /** Of all nodes, each by its own name. */
  private get addresses(): string[] {
    return this.server.endpoint('api').memberUrls();
  }

  /** Once all namespaces are known. */
  private complete(): void {
    const { self, reader, program, options, users, addresses, clients } = this;
    for (const { file } of self.platform.tiers) {
      new k8s.KubeServiceAccount(file, reader, {
        metadata: { name: reader, labels: { 'app.kubernetes.io/name': this.name } },
        automountServiceAccountToken: false,
      });
    }
    setupJobs(self, {
      title: program.title,
      endpoint: this.server.endpoint('api'),
      state: desiredState(this, { program, options, addresses, databases: users?.state, clients }),
      setupKey: this.setupKey,
      snapshotKey: this.snapshotKey,
      keysSecret: this.keysSecret,
      users,
    });
  }

  private appRoleKey(name: string, data: Volume): Credential {
    return new Credential(this.self, name, { keys: { secretId: password(40) }, storedIn: data, bootstrap: true });
  }

  /** The Secret without data, which the job may fill: it may make none. */
  private declareKeys(): void {
    new k8s.KubeSecret(this.self, this.keysSecret, {
      metadata: {
        name: this.keysSecret,
        labels: this.server.selector,
        annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' },
      },
    });
  }

  private keepCredentials(): void {
    const { graph } = this.self.platform;
    const other = graph.credentialStore?.name;
    if (other !== undefined) {
      this.self.refuse(['externalSecrets'], `${other} keeps the credentials of the platform; write false for one of the two`);
    }
    graph.credentialStore = this;
    // The operator, which reads it.
    const { externalSecrets } = this.options;
    if (!externalSecrets) return;
    const from = { namespace: externalSecrets.namespace, podLabels: {} };
    graph.admissions.push({ from, to: this.server.endpoint('api') });
  }

  private dump() {
    return snapshotDump({
      owner: this.self,
      endpoint: this.server.endpoint('api'),
      nodes: this.addresses,
      key: this.snapshotKey,
      // All keys that there ever were are where the sidecar finds them.
      earlierKeys: this.options.unseal === 'secret' ? this.keysSecret : undefined,
    });
  }
}
