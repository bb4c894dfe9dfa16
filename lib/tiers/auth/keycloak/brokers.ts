import type { IdentityProvider } from './representation';
import type { BrokerName } from './options';
import { linkingFlow, variable } from './realm';

type Broker = Pick<IdentityProvider, 'displayName' | 'providerId' | 'trustEmail'> & {
  readonly config: Readonly<Record<string, string>>;
};

const brokers: Record<BrokerName, Broker> = {
  // https://www.keycloak.org/docs/latest/server_admin/#_google
  google: {
    displayName: 'Google',
    providerId: 'google',
    trustEmail: true,
    config: { defaultScope: 'openid profile email' },
  },
  // OAuth 2 without OpenID Connect; who somebody is stands below `response`. An address there need not be verified.
  // https://developers.naver.com/docs/login/api/api.md
  naver: {
    displayName: 'Naver',
    providerId: 'oauth2',
    trustEmail: false,
    config: {
      authorizationUrl: 'https://nid.naver.com/oauth2.0/authorize',
      tokenUrl: 'https://nid.naver.com/oauth2.0/token',
      userInfoUrl: 'https://openapi.naver.com/v1/nid/me',
      userIDClaim: 'response.id',
      userNameClaim: 'response.email',
      emailClaim: 'response.email',
      fullNameClaim: 'response.name',
      clientAuthMethod: 'client_secret_post',
    },
  },
  // https://developers.kakao.com/docs/latest/en/kakaologin/rest-api#oidc-find-metadata
  kakao: {
    displayName: 'Kakao',
    providerId: 'oidc',
    trustEmail: false,
    config: {
      issuer: 'https://kauth.kakao.com',
      authorizationUrl: 'https://kauth.kakao.com/oauth/authorize',
      tokenUrl: 'https://kauth.kakao.com/oauth/token',
      userInfoUrl: 'https://kapi.kakao.com/v1/oidc/userinfo',
      jwksUrl: 'https://kauth.kakao.com/.well-known/jwks.json',
      useJwksUrl: 'true',
      validateSignature: 'true',
      defaultScope: 'openid profile_nickname account_email',
      pkceEnabled: 'true',
      pkceMethod: 'S256',
      clientAuthMethod: 'client_secret_post',
    },
  },
};

/**
 * An identity provider of the realm. @param registration whether strangers get an account; otherwise people say which
 * account is theirs, with its password, when they come for the first time
 * https://www.keycloak.org/docs/latest/server_admin/#_identity_broker
 */
export function identityProvider(name: BrokerName, registration: boolean): IdentityProvider {
  const { config, ...broker } = brokers[name];
  return {
    alias: name,
    enabled: true,
    firstBrokerLoginFlowAlias: registration ? 'first broker login' : linkingFlow,
    ...broker,
    config: {
      clientId: variable('broker', name, 'client_id'),
      clientSecret: variable('broker', name, 'client_secret'),
      // What people change in Keycloak stays.
      syncMode: 'IMPORT',
      ...config,
    },
  };
}

/** For the operator. */
export const brokerTitle = (name: BrokerName) => brokers[name].displayName;
