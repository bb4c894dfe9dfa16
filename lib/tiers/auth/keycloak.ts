import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { OidcClient, type IdentityProvider, type OidcClientProps } from '../../bindings/oidc-client';
import { replicas, resources } from '../../config/options';
import { Component } from '../../core/component';
import { ConfigFiles, json } from '../../core/config-files';
import { Deployment, Job } from '../../core/controllers';
import { Credential, literal, password, supplied, type SecretKey } from '../../core/credential';
import { temporary } from '../../core/mount';
import type { Platform } from '../../core/platform';
import { http } from '../../core/probe';
import { sized } from '../../core/resources';
import { HttpRoute } from '../../core/route';
import { images } from '../../images';
import { brokerTitle, identityProvider } from './keycloak/brokers';
import { ldapFederation } from './keycloak/federation';
import { knownGroups, realmOptions } from './keycloak/options';
import * as realm from './keycloak/realm';
import type { RealmFile } from './keycloak/representation';
import { outside } from './keycloak/outside';
import { buildContainers, kc, newSetupSecret, serverEnv, writable } from './keycloak/server';

export const keycloakOptions = z
  .strictObject({
    ...realmOptions.shape,
    replicas,
    adminConsole: z
      .boolean({ error: 'must be true or false' })
      .default(true)
      .describe(
        'The pages and the API for administrators at /admin from outside; otherwise by kubectl port-forward only',
      ),
    resources,
  })
  .superRefine(knownGroups);
type Options = z.output<typeof keycloakOptions>;

const truststore = '/etc/keycloak/truststore';

/**
 * Keycloak: the accounts of people, and the pages on which they sign in. A job makes the realm from what the platform
 * declares. https://www.keycloak.org/documentation
 */
export class Keycloak extends Component implements IdentityProvider {
  private readonly server: Deployment;
  readonly url: string;
  private readonly realm: string;
  private readonly clients: OidcClient[] = [];
  /** The job itself, as a client that was there from the first start. */
  private readonly setup: Credential;
  private realmJob?: Job;

  constructor(
    platform: Platform,
    private readonly options: Options,
  ) {
    super(platform, 'keycloak');
    platform.provide('identity', this, this);
    this.url = `https://keycloak.${platform.config.domain}`;
    this.realm = options.realm ?? platform.config.name;
    this.setup = this.setupClient();
    this.server = this.startServer();
    new HttpRoute(this, 'keycloak', {
      hosts: ['keycloak'],
      to: this.server.endpoint('http'),
      // It is where people sign in.
      access: 'public',
      hidden: options.adminConsole ? [] : ['/admin'],
      // Its first page leads to the pages for administrators.
      ...(options.adminConsole
        ? { tile: { title: 'Keycloak', description: 'Accounts of people', icon: 'keycloak.png' } }
        : {}),
    });
  }

  get groups(): readonly string[] {
    return realm.groupPaths(this.options.groups).map((path) => path.slice(1));
  }

  client(id: string, props: OidcClientProps): OidcClient {
    if (this.clients.some((other) => other.id === id)) throw new Error(`${this.name} has two clients ${id}`);
    if (this.options.clients[id]) {
      const message = `is the client of ${this.platform.underConstruction ?? 'another service'} already; write another name`;
      throw this.platform.config.errorOf([{ path: ['services', this.name, 'clients', id], message }]);
    }
    const made = new OidcClient(id, props, {
      provider: this,
      endpoint: this.server.endpoint('http'),
      issuer: `${this.url}/realms/${this.realm}`,
      job: () => this.job(),
    });
    this.clients.push(made);
    return made;
  }

  override complete(): void {
    const secrets: Record<string, SecretKey> = {};
    const secret = (credential: Credential, key: string, ...variable: string[]) => {
      secrets[realm.variable(...variable).fromEnvironment] = credential.key(key);
    };
    for (const { id, credential } of this.clients) secret(credential, 'clientSecret', 'client_secret', id);
    for (const [id, { public: isPublic }] of Object.entries(this.options.clients)) {
      if (isPublic) continue;
      const credential = this.byJob(id, { clientId: literal(id), clientSecret: password(32) });
      secret(credential, 'clientSecret', 'client_secret', id);
    }
    for (const name of Object.keys(this.options.users)) {
      // For the first sign-in, at which people choose their own.
      const credential = new Credential(this, `keycloak-user-${name}`, {
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
    this.realmJob = this.makeRealm(secrets);
  }

  /** The first start makes it, and never again: its secret lives in the database. */
  private setupClient(): Credential {
    return new Credential(this, 'keycloak-setup', {
      keys: { clientId: literal('hearth-setup'), clientSecret: password(40) },
      rotation: {
        by: 'command',
        in: () => this.server,
        command: ['sh', '-c', newSetupSecret],
        input: ({ clientSecret = '' }) => `${clientSecret}\n`,
      },
    });
  }

  /** A credential that the job brings to Keycloak. */
  private byJob(name: string, keys: Credential['keys']): Credential {
    return new Credential(this, `keycloak-${name}`, { keys, rotation: { by: 'job', job: () => this.job() } });
  }

  private startServer(): Deployment {
    const { options, platform } = this;
    const database = platform.sql().database('keycloak');
    const count = options.replicas ?? platform.replicas(2);
    const ca = options.federation.ldap?.ca;
    const server = new Deployment(this, 'keycloak', {
      image: images.keycloak,
      command: [kc, 'start', '--optimized'],
      replicas: count,
      env: {
        ...serverEnv({ url: this.url, adminConsole: options.adminConsole, database, replicas: count }),
        KC_BOOTSTRAP_ADMIN_CLIENT_ID: this.setup.key('clientId'),
        KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: this.setup.key('clientSecret'),
        ...(ca === undefined ? {} : { KC_TRUSTSTORE_PATHS: truststore }),
      },
      ports: {
        http: 8080,
        management: { port: 9000, offered: false },
        ...(count > 1
          ? { jgroups: { port: 7800, offered: false }, 'jgroups-fd': { port: 57800, offered: false } }
          : {}),
      },
      ...(count > 1 ? { peers: { ports: ['jgroups', 'jgroups-fd'], why: 'caches of its pods' } } : {}),
      mounts: {
        ...writable,
        ...(ca === undefined ? {} : { [truststore]: new ConfigFiles(this, 'keycloak-truststore', { 'ldap.pem': ca }) }),
      },
      init: buildContainers,
      uses: [database],
      ...outside(options),
      user: { uid: 1000, gid: 1000 },
      // Its first start makes the tables, and an upgrade changes them.
      probes: {
        ready: http('/health/ready', 'management'),
        live: http('/health/live', 'management'),
        startupSeconds: 600,
      },
      // The gateway hears of the stop before it begins.
      preStop: ['sleep', '5'],
      terminationGraceSeconds: 60,
      metrics: { port: 'management', path: '/metrics' },
      resources: sized(
        { requests: { cpu: '200m', memory: '768Mi' }, limits: { cpu: '2', memory: '1536Mi' } },
        options.resources,
      ),
    });
    return server;
  }

  private realmFile(): RealmFile {
    const { options, clients } = this;
    const { ldap } = options.federation;
    return {
      settings: realm.realmSettings(this.realm, this.platform.config.name, options),
      master: realm.masterSettings,
      madeBy: realm.madeBy,
      linkingFlow: realm.linkingFlow,
      clientScopes: [realm.groupsScope],
      roles: options.roles,
      groups: realm.groupPaths(options.groups),
      clients: [...clients.map((client) => realm.client(client)), ...realm.outsideClients(options.clients)],
      identityProviders: options.brokers.map((name) => identityProvider(name, options.registration)),
      federations: ldap ? [ldapFederation(ldap)] : [],
      users: realm.newUsers(options.users),
    };
  }

  private makeRealm(secrets: Record<string, SecretKey>): Job {
    const endpoint = this.server.endpoint('http');
    const admin = this.byJob('admin', { username: literal('admin'), password: password(24) });
    return new Job(this, 'keycloak-realm', {
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
        '/etc/keycloak': new ConfigFiles(this, 'keycloak-realm', {
          'realm-job.mjs': readFileSync(join(__dirname, 'keycloak/realm-job.mjs'), 'utf8'),
          'realm.json': json(this.realmFile()),
        }),
        '/tmp': temporary('tmp', '8Mi', 'memory'),
      },
      uses: [{ endpoint, why: 'makes the realm' }],
      user: { uid: 1000, gid: 1000 },
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '500m', memory: '192Mi' } },
    });
  }

  private job(): Job {
    if (!this.realmJob) throw new Error('the job that makes the realm is made once all clients are declared');
    return this.realmJob;
  }
}
