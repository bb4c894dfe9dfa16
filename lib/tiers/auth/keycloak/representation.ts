/**
 * The part of Keycloak’s admin API that the realm job speaks: what a realm file says of each thing. The job compares it
 * with what Keycloak has, and sets what differs; what is not said here stays as it is.
 * https://www.keycloak.org/docs-api/latest/rest-api/index.html
 */

/** A value that the job reads from the environment variable of that name. */
export interface FromEnvironment {
  readonly fromEnvironment: string;
}

/** Settings of a realm; durations in seconds. */
export interface RealmSettings {
  readonly realm: string;
  readonly enabled: boolean;
  readonly displayName: string;
  readonly sslRequired: 'all' | 'external' | 'none';
  readonly registrationAllowed: boolean;
  readonly registrationEmailAsUsername: boolean;
  readonly loginWithEmailAllowed: boolean;
  readonly duplicateEmailsAllowed: boolean;
  readonly verifyEmail: boolean;
  readonly resetPasswordAllowed: boolean;
  readonly editUsernameAllowed: boolean;
  readonly rememberMe: boolean;
  readonly bruteForceProtected: boolean;
  readonly failureFactor: number;
  readonly maxFailureWaitSeconds: number;
  readonly passwordPolicy: string;
  readonly accessTokenLifespan: number;
  readonly ssoSessionIdleTimeout: number;
  readonly ssoSessionMaxLifespan: number;
  readonly ssoSessionIdleTimeoutRememberMe: number;
  readonly ssoSessionMaxLifespanRememberMe: number;
  readonly eventsEnabled: boolean;
  readonly eventsExpiration: number;
  readonly adminEventsEnabled: boolean;
}

/** What puts something into tokens. */
export interface ProtocolMapper {
  readonly name: string;
  readonly protocol: 'openid-connect';
  readonly protocolMapper: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface ClientScope {
  readonly name: string;
  readonly description: string;
  readonly protocol: 'openid-connect';
  readonly attributes: Readonly<Record<string, string>>;
  readonly protocolMappers: readonly ProtocolMapper[];
}

export interface Client {
  readonly clientId: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly protocol: 'openid-connect';
  readonly publicClient: boolean;
  readonly secret?: FromEnvironment;
  readonly standardFlowEnabled: boolean;
  readonly implicitFlowEnabled: boolean;
  readonly directAccessGrantsEnabled: boolean;
  readonly serviceAccountsEnabled: boolean;
  readonly redirectUris: readonly string[];
  readonly webOrigins: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly protocolMappers: readonly ProtocolMapper[];
}

export interface IdentityProvider {
  readonly alias: string;
  readonly displayName: string;
  readonly providerId: 'google' | 'oidc' | 'oauth2';
  readonly enabled: boolean;
  readonly trustEmail: boolean;
  readonly firstBrokerLoginFlowAlias: string;
  readonly config: Readonly<Record<string, string | FromEnvironment>>;
}

/** A directory of people; the values of its settings are lists of one. */
export interface Federation {
  /** Begins with {@link RealmFile.madeBy}, since Keycloak keeps no attributes of ours there. */
  readonly name: string;
  readonly providerId: 'ldap';
  readonly config: Readonly<Record<string, readonly (string | FromEnvironment)[]>>;
  readonly mappers: readonly {
    readonly name: string;
    readonly providerId: string;
    readonly config: Readonly<Record<string, readonly string[]>>;
  }[];
}

/** Somebody who is made once, and never changed. */
export interface NewUser {
  readonly username: string;
  readonly email: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** Paths. */
  readonly groups: readonly string[];
  readonly password: FromEnvironment;
}

/** What the realm job reads. */
export interface RealmFile {
  readonly settings: RealmSettings;
  /** What it changes in the realm of Keycloak’s own administrators. */
  readonly master: Partial<RealmSettings>;
  /** Attribute of what the job makes: what carries it goes, or is disabled, once it is no longer declared. */
  readonly madeBy: { readonly name: string; readonly value: string };
  /** Alias of the flow in which people who come by a broker for the first time say which account is theirs. */
  readonly linkingFlow: string;
  readonly clientScopes: readonly ClientScope[];
  readonly roles: readonly string[];
  /** Paths, parents first. */
  readonly groups: readonly string[];
  readonly clients: readonly Client[];
  readonly identityProviders: readonly IdentityProvider[];
  readonly federations: readonly Federation[];
  readonly users: readonly NewUser[];
}
