import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OidcClient, type IdentityProvider, type OidcClientProps } from '../../../bindings/oidc-client';
import type { Component } from '../../../core/component';
import { ConfigFiles, json } from '../../../core/config-files';
import { Job } from '../../../core/controllers';
import { Credential, literal, password, supplied, type SecretKey } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import { Registry } from '../../../core/registry';
import { images } from '../../../images';
import { brokerTitle, identityProvider } from './brokers';
import { ldapFederation } from './federation';
import { groupPaths } from './groups';
import { ownNames, type KeycloakOptions } from './options';
import * as realm from './realm';
import type { RealmFile } from './representation';

export interface AccountsProps {
  readonly options: KeycloakOptions;
  /** Public address. */
  readonly url: string;
  /** The server. */
  readonly endpoint: Endpoint;
  /** The job itself, as a client that was there from the first start. */
  readonly setup: Credential;
}

/** The realm with the accounts of people, and the programs that it signs them in for. */
export class Accounts implements IdentityProvider {
  readonly url: string;
  private readonly options: KeycloakOptions;
  private readonly endpoint: Endpoint;
  private readonly setup: Credential;
  private readonly realm: string;
  private readonly clients: Registry<OidcClient, OidcClientProps>;
  private realmJob?: Job;

  constructor(
    private readonly self: Component,
    { options, url, endpoint, setup }: AccountsProps,
  ) {
    this.options = options;
    this.url = url;
    this.endpoint = endpoint;
    this.setup = setup;
    this.realm = options.realm ?? self.platform.config.name;
    this.clients = new Registry<OidcClient, OidcClientProps>(self, {
      what: 'client',
      agree: { title: 'same', redirectUris: 'every', postLogoutRedirectUris: 'every', tokenSeconds: 'same' },
      make: (id, wishes) => this.make(id, wishes),
    });
    self.whenComplete(() => {
      this.realmJob = this.makeRealm(this.secrets());
    });
  }

  get groups(): readonly string[] {
    return groupPaths(this.options.groups).map((path) => path.slice(1));
  }

  client(id: string, props: OidcClientProps): OidcClient {
    return this.clients.ask(id, props);
  }

  private make(id: string, wishes: () => Partial<OidcClientProps>): OidcClient {
    this.refuseTaken(id);
    return new OidcClient(id, wishes, {
      provider: this.self,
      endpoint: this.endpoint,
      issuer: `${this.url}/realms/${this.realm}`,
      job: () => this.job(),
    });
  }

  /** A program of the platform is called after its service, which may be a name that is taken already. */
  private refuseTaken(id: string): void {
    const { platform } = this.self;
    const asks = platform.underConstruction;
    if (this.options.clients[id]) {
      this.self.refuse(['clients', id], `is the client of ${asks ?? 'another service'} already; write another name`);
    }
    if (ownNames.test(id)) {
      const message = `asks for the client ${id}, a name of Keycloak’s own or of the platform’s; write another name`;
      platform.refuse({ path: ['services', asks ?? this.self.name], message });
    }
  }

  /** What the job must know that the realm file does not say: environment variable → value. */
  private secrets(): Record<string, SecretKey> {
    const secrets: Record<string, SecretKey> = {};
    const secret = (credential: Credential, key: string, ...variable: string[]) => {
      secrets[realm.variable(...variable).fromEnvironment] = credential.key(key);
    };
    for (const { id, credential } of this.clients.all) secret(credential, 'clientSecret', 'client_secret', id);
    for (const [id, { public: isPublic }] of Object.entries(this.options.clients)) {
      if (isPublic) continue;
      const credential = this.byJob(id, { clientId: literal(id), clientSecret: password(32) });
      secret(credential, 'clientSecret', 'client_secret', id);
    }
    for (const name of Object.keys(this.options.users)) {
      // For the first sign-in, at which people choose their own.
      const credential = new Credential(this.self, `${this.self.name}-user-${name}`, {
        keys: { username: literal(name), password: password(16) },
        notRotated: 'only an administrator changes somebody’s password, in Keycloak’s admin console',
      });
      secret(credential, 'password', 'password', name);
    }
    for (const name of this.options.brokers) {
      const what = (part: string) => supplied(`${part} that ${brokerTitle(name)} gave you`);
      const credential = this.byJob(`broker-${name}`, {
        clientId: what('client id'),
        clientSecret: what('client secret'),
      });
      secret(credential, 'clientId', 'broker', name, 'client_id');
      secret(credential, 'clientSecret', 'broker', name, 'client_secret');
    }
    const { ldap } = this.options.federation;
    if (ldap) {
      const credential = this.byJob('federation-ldap', {
        password: supplied(`password of ${ldap.bindDn} at ${ldap.url}`),
      });
      secret(credential, 'password', 'ldap_password');
    }
    return secrets;
  }

  /** A credential that the job brings to Keycloak. */
  private byJob(name: string, keys: Credential['keys']): Credential {
    return new Credential(this.self, `${this.self.name}-${name}`, {
      keys,
      rotation: { by: 'job', job: () => this.job() },
    });
  }

  private realmFile(): RealmFile {
    const { options, clients } = this;
    const { ldap } = options.federation;
    return {
      settings: realm.realmSettings(this.realm, this.self.platform.config.name, options),
      master: realm.masterSettings,
      madeBy: realm.madeBy,
      linkingFlow: realm.linkingFlow,
      clientScopes: [realm.groupsScope],
      roles: options.roles,
      groups: groupPaths(options.groups),
      clients: [...clients.all.map((client) => realm.client(client)), ...realm.outsideClients(options.clients)],
      identityProviders: options.brokers.map((name) => identityProvider(name, options.registration)),
      federations: ldap ? [ldapFederation(ldap)] : [],
      users: realm.newUsers(options.users),
    };
  }

  private makeRealm(secrets: Record<string, SecretKey>): Job {
    const { self, endpoint } = this;
    const admin = this.byJob('admin', { username: literal('admin'), password: password(24) });
    return new Job(self, `${self.name}-realm`, {
      image: images.node,
      command: ['node', '/etc/keycloak/realm-job.mjs', '/etc/keycloak/realm.json'],
      env: {
        KEYCLOAK_URL: endpoint.url(),
        SETUP_CLIENT: this.setup.key('clientId'),
        SETUP_SECRET: this.setup.key('clientSecret'),
        ADMIN_USERNAME: admin.key('username'),
        ADMIN_PASSWORD: admin.key('password'),
        ...secrets,
        HOME: '/tmp',
      },
      mounts: {
        '/etc/keycloak': new ConfigFiles(self, `${self.name}-realm`, {
          'realm-job.mjs': this.script(),
          'realm.json': json(this.realmFile()),
        }),
        '/tmp': temporary('tmp', '8Mi', 'memory'),
      },
      uses: [{ endpoint, why: 'makes the realm' }],
      user: { uid: 1000, gid: 1000 },
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '500m', memory: '192Mi' } },
    });
  }

  /** It names the Secret of its client to the operator. */
  private script(): string {
    return readFileSync(join(__dirname, 'realm-job.mjs'), 'utf8').replace('keycloak-setup', this.setup.name);
  }

  private job(): Job {
    if (!this.realmJob) throw new Error('the job that makes the realm is made once all clients are declared');
    return this.realmJob;
  }
}
