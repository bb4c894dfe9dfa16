import { k8s } from 'cdk8s-plus-28';
import { dumped } from '../../../core/backup';
import type { Component } from '../../../core/component';
import { peerDomain, type StatefulSet } from '../../../core/controllers';
import { Credential, password, privateKey, selfSignedCertificate } from '../../../core/credential';
import type { CredentialStore } from '../../../core/credential-store';
import { HttpRoute } from '../../../core/route';
import { Volume } from '../../../core/volume';
import type { Workload } from '../../../core/workload';
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
export class RaftStore implements CredentialStore {
  readonly server: StatefulSet;
  readonly administrator = administrator;
  readonly tls: Credential;
  /** Name of the Secret that takes what only the first start tells: keys, and the root token until it has ended. */
  readonly keysSecret: string;
  readonly audience: string;
  readonly reader: string;
  private readonly users?: DatabaseUsers;
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
    this.tls = this.certificate();
    if (options.database) this.users = new DatabaseUsers(self, options.database);
    const { tls, keysSecret, users } = this;
    this.server = startNodes(self, { program, options, replicas, data, tls, keysSecret, users });
    this.declareKeys();
    this.letClientsIn();
    if (this.feedsExternalSecrets) this.keepCredentials();
    const api = this.server.endpoint('api');
    new HttpRoute(self, name, {
      hosts: [name],
      to: api,
      // It asks for a token, or for a name and a password, itself.
      access: options.access,
      // It asks for nothing there: anybody could read how much goes on, or cancel what holders of keys have begun.
      hidden: ['metrics', 'generate-root', 'rekey', 'unseal'].map((path) => `/v1/sys/${path}`),
      tls: { serverName: api.host, ca: tls },
      tile: { title: program.title, description: 'Secrets, keys and certificates', icon: program.icon },
    });
    self.whenComplete(() => this.complete());
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
    return this.server.endpoint('api').members.map((member) => `https://${member}`);
  }

  /** Once all namespaces are known. */
  private complete(): void {
    const { self, reader, program, options, users, addresses } = this;
    for (const { file } of self.platform.tiers) {
      new k8s.KubeServiceAccount(file, reader, {
        metadata: { name: reader, labels: { 'app.kubernetes.io/name': this.name } },
        automountServiceAccountToken: false,
      });
    }
    setupJobs(self, {
      title: program.title,
      endpoint: this.server.endpoint('api'),
      state: desiredState(this, { program, options, addresses, databases: users?.state }),
      tls: this.tls,
      setupKey: this.setupKey,
      snapshotKey: this.snapshotKey,
      keysSecret: this.keysSecret,
      users,
    });
  }

  /** The nodes trust it as it is: it is its own authority. */
  private certificate(): Credential {
    const inside = `${this.name}.${this.self.tier.namespace}.svc`;
    const peers = `*.${peerDomain(this.self, this.name)}`;
    const names = [inside, `${inside}.${this.self.platform.config.network.clusterDomain}`, peers, 'localhost'];
    return new Credential(this.self, `${this.name}-tls`, {
      keys: { 'tls.key': privateKey(), 'ca.crt': selfSignedCertificate(names, 'tls.key') },
      bootstrap: true,
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
      this.self.refuse(
        ['externalSecrets'],
        `${other} keeps the credentials of the platform; write false for one of the two`,
      );
    }
    graph.credentialStore = this;
  }

  /** Pods outside the platform, and the operator where it reads this store. */
  private letClientsIn(): void {
    const { clients, externalSecrets } = this.options;
    const peers = Object.values(clients).map(({ namespace, pods }) => ({ namespace, pods }));
    if (this.feedsExternalSecrets && externalSecrets) peers.push({ namespace: externalSecrets.namespace, pods: {} });
    if (peers.length === 0) return;
    const { selector } = this.server;
    const name = `${this.name}-clients`;
    new k8s.KubeNetworkPolicy(this.self, name, {
      metadata: { name, labels: selector },
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: peers.map(({ namespace, pods }) => ({
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
              ...(Object.keys(pods).length > 0 ? { podSelector: { matchLabels: pods } } : {}),
            })),
            ports: [{ port: k8s.IntOrString.fromNumber(ports.api), protocol: 'TCP' }],
          },
        ],
      },
    });
  }

  private dump() {
    return snapshotDump({
      owner: this.self,
      endpoint: this.server.endpoint('api'),
      nodes: this.addresses,
      tls: this.tls,
      key: this.snapshotKey,
      // All keys that there ever were are where the sidecar finds them.
      earlierKeys: this.options.unseal === 'secret' ? this.keysSecret : undefined,
    });
  }
}
