import { SecretBinding } from '../core/binding';
import type { Component } from '../core/component';
import type { ContainerProps } from '../core/container';
import { Credential, literal, password } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { needFor } from '../core/need';
import type { Workload } from '../core/workload';
import { waitForPage } from './answering';

/** A component at which people sign in, and which tells others who they are, by OpenID Connect. */
export interface IdentityProvider {
  /** Public address, where people and groups are kept. */
  readonly url: string;
  /** The groups that people can be in, without a leading slash. */
  readonly groups: readonly string[];
  /**
   * Registers a program that signs people in; a job makes it there, or brings it up to date. Several may ask for the same one.
   * @param id client id: lower-case letters, digits and dashes
   */
  client(id: string, props: OidcClientProps): OidcClient;
}

export const identity = needFor<IdentityProvider>('identity', 'a place where people have accounts');

export interface OidcClientProps {
  /** Name for people. */
  readonly title: string;
  /** Complete URLs to which people may be sent back after they signed in; a `*` may stand at the end. */
  readonly redirectUris: readonly string[];
  /** Complete URLs to which people may be sent after they signed out. @default none */
  readonly postLogoutRedirectUris?: readonly string[];
  /** How long its access and ID tokens last, in seconds. @default what the realm says */
  readonly tokenSeconds?: number;
}

export interface OidcClientContext {
  /** The component that people sign in at. */
  readonly provider: Component;
  readonly endpoint: Endpoint;
  /** Address of the realm for browsers, for example `https://keycloak.example.org/realms/example`. */
  readonly issuer: string;
  /** The job that makes it. */
  readonly job: () => Workload;
}

/**
 * A program as the identity provider knows it. Browsers are led to public addresses; what the program itself asks stays
 * inside the cluster, and tokens name the public issuer all the same.
 * https://openid.net/specs/openid-connect-core-1_0.html
 */
export class OidcClient extends SecretBinding<'clientId' | 'clientSecret'> {
  readonly endpoint: Endpoint;
  readonly why: string;
  /** Keys `clientId` and `clientSecret`. */
  readonly credential: Credential;
  /** What tokens say under `iss`; also the public address of the realm. */
  readonly issuer: string;
  readonly wait: ContainerProps & { readonly name: string };
  private readonly inside: string;

  /** @param wishes what all who ask for it wish */
  constructor(
    readonly id: string,
    private readonly wishes: () => Partial<OidcClientProps>,
    { provider, endpoint, issuer, job }: OidcClientContext,
  ) {
    super();
    this.endpoint = endpoint;
    this.issuer = issuer;
    this.why = `signs people in as ${id}`;
    this.inside = `${endpoint.url()}${new URL(issuer).pathname}`;
    this.credential = new Credential(provider, `${provider.name}-${id}`, {
      keys: { clientId: literal(id), clientSecret: password(32) },
      rotation: { by: 'job', job },
    });
    this.wait = waitForPage(provider.name, this.discoveryUrl);
  }

  /** Name for people. */
  get title(): string {
    return this.wishes().title ?? this.id;
  }

  get redirectUris(): readonly string[] {
    return this.wishes().redirectUris ?? [];
  }

  get postLogoutRedirectUris(): readonly string[] {
    return this.wishes().postLogoutRedirectUris ?? [];
  }

  get tokenSeconds(): number | undefined {
    return this.wishes().tokenSeconds;
  }

  /** Where browsers go to sign in. */
  get authorizationUrl(): string {
    return `${this.issuer}/protocol/openid-connect/auth`;
  }

  /** Where the program gets tokens, inside the cluster. */
  get tokenUrl(): string {
    return `${this.inside}/protocol/openid-connect/token`;
  }

  /** The keys that tokens are signed with, inside the cluster. */
  get jwksUrl(): string {
    return `${this.inside}/protocol/openid-connect/certs`;
  }

  /** Where the program ends somebody's session, inside the cluster. */
  get backChannelLogoutUrl(): string {
    return `${this.inside}/protocol/openid-connect/logout`;
  }

  /** The provider's description of itself, inside the cluster; what it says of its addresses depends on the provider. */
  get discoveryUrl(): string {
    return `${this.inside}/.well-known/openid-configuration`;
  }
}
