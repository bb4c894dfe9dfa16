import type { Client, ClientScope, FromEnvironment, NewUser, ProtocolMapper, RealmFile, RealmSettings } from './representation';
import type { RealmOptions } from './options';

/** Reference to a secret: `CLIENT_SECRET_OAUTH2_PROXY` for the parts `client_secret` and `oauth2-proxy`. */
export function variable(...parts: string[]): FromEnvironment {
  const name = parts.join('_').toUpperCase();
  // Dots are told from dashes.
  return { fromEnvironment: name.replaceAll('.', '__').replaceAll('-', '_') };
}

/** See {@link RealmFile}. */
export const madeBy: RealmFile['madeBy'] = { name: 'made-by', value: 'hearth' };

/** The flow for people who come by a broker for the first time, where strangers get no account. */
export const linkingFlow = 'sign in to link';

const [minute, hour, day] = [60, 3600, 86400];

/** Ten wrong passwords lock somebody out for a minute, longer each time, at most a quarter of an hour. */
const lockout = { bruteForceProtected: true, failureFactor: 10, maxFailureWaitSeconds: 15 * minute };

/** https://www.keycloak.org/docs/latest/server_admin/#configuring-realms */
export function realmSettings(realm: string, title: string, options: RealmOptions): RealmSettings {
  const { sessions, registration } = options;
  return {
    realm,
    enabled: true,
    displayName: title,
    // TLS ends at the gateway, which redirects plain HTTP. Programs inside the cluster speak HTTP, and `external` would
    // refuse them where pods have addresses outside the private ranges of RFC 1918.
    sslRequired: 'none',
    registrationAllowed: registration,
    registrationEmailAsUsername: false,
    loginWithEmailAllowed: true,
    duplicateEmailsAllowed: false,
    // Both need a server that takes mail.
    verifyEmail: false,
    resetPasswordAllowed: false,
    editUsernameAllowed: false,
    rememberMe: true,
    ...lockout,
    passwordPolicy: 'length(12) and notUsername and notEmail',
    accessTokenLifespan: 5 * minute,
    ssoSessionIdleTimeout: sessions.idleMinutes * minute,
    ssoSessionMaxLifespan: sessions.maxHours * hour,
    ssoSessionIdleTimeoutRememberMe: sessions.rememberDays * day,
    ssoSessionMaxLifespanRememberMe: sessions.rememberDays * day,
    eventsEnabled: true,
    eventsExpiration: 30 * day,
    adminEventsEnabled: true,
  };
}

/** The realm of Keycloak’s own administrators keeps its settings, but counts wrong passwords. */
export const masterSettings: Partial<RealmSettings> = lockout;

/** Claim `groups`: full paths, for example `/admins`. */
export const groupsScope: ClientScope = {
  name: 'groups',
  description: 'The groups that somebody is in, with their full paths',
  protocol: 'openid-connect',
  attributes: { 'include.in.token.scope': 'true', 'display.on.consent.screen': 'false' },
  protocolMappers: [
    {
      name: 'groups',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-group-membership-mapper',
      config: {
        'claim.name': 'groups',
        'full.path': 'true',
        'id.token.claim': 'true',
        'access.token.claim': 'true',
        'userinfo.token.claim': 'true',
        'introspection.token.claim': 'true',
      },
    },
  ],
};

export interface ClientProps {
  readonly id: string;
  readonly title: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** Runs where it could keep no secret: in a browser, or on a phone. @default false */
  readonly isPublic?: boolean;
  /** Whether it must prove that it asked itself (RFC 7636). @default true */
  readonly pkce?: boolean;
  /** How long its tokens last, in seconds. @default what the realm says */
  readonly tokenSeconds?: number;
}

/** A program that signs people in with a code; https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients */
export function client(props: ClientProps): Client {
  const { id, title, redirectUris, postLogoutRedirectUris, isPublic = false, pkce = true, tokenSeconds } = props;
  return {
    clientId: id,
    name: title,
    enabled: true,
    protocol: 'openid-connect',
    publicClient: isPublic,
    ...(isPublic ? {} : { secret: variable('client_secret', id) }),
    standardFlowEnabled: true,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    redirectUris,
    // `+`: the origins of the redirect URIs.
    webOrigins: isPublic ? ['+'] : [],
    attributes: {
      [madeBy.name]: madeBy.value,
      'pkce.code.challenge.method': pkce ? 'S256' : '',
      'post.logout.redirect.uris': postLogoutRedirectUris.join('##'),
      'access.token.lifespan': String(tokenSeconds ?? ''),
    },
    protocolMappers: [audience(id)],
  };
}

/** Programs outside the platform. */
export function outsideClients(clients: RealmOptions['clients']): Client[] {
  return Object.entries(clients).map(([id, { title = id, hosts, ...made }]) => {
    const pages = hosts.map((host) => `https://${host}/*`);
    return client({
      id,
      title,
      isPublic: made.public,
      pkce: made.pkce,
      redirectUris: [...pages, ...made.redirectUris],
      postLogoutRedirectUris: [...pages, ...made.postLogoutRedirectUris],
    });
  });
}

/** Programs accept access tokens that name them only. */
function audience(id: string): ProtocolMapper {
  return {
    name: 'audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: {
      'included.client.audience': id,
      'id.token.claim': 'false',
      'access.token.claim': 'true',
      'introspection.token.claim': 'true',
    },
  };
}

/** People who are made where they are missing. */
export function newUsers(users: RealmOptions['users']): NewUser[] {
  return Object.entries(users).map(([username, { email, firstName, lastName, groups }]) => ({
    username,
    email,
    ...(firstName === undefined ? {} : { firstName }),
    ...(lastName === undefined ? {} : { lastName }),
    groups: groups.map((group) => `/${group}`),
    password: variable('password', username),
  }));
}
