import { createHash } from 'node:crypto';
import type { IConstruct } from 'constructs';
import {
  Middleware,
  MiddlewareSpecCircuitBreakerFallbackDuration,
  MiddlewareSpecRetryInitialInterval,
  type MiddlewareSpec,
} from '../../imports/traefik.io';
import type { Component } from './component';
import { gateway } from './gateway';
import { quantityValue } from './resources';
import { allowedGroups, signIn } from './sign-in';

/** What the gateway does to every request, unless its route says otherwise. */
export interface RequestPolicy {
  /** Requests of one client to one route: on average a second, and at once. @default no limit */
  readonly rateLimit?: { readonly average: number; readonly burst: number };
  /** Tries for a request whose connection fails before the program has it. @default 1 */
  readonly attempts?: number;
  /** When a program counts as broken: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/circuitbreaker/ @default never */
  readonly circuitBreaker?: string;
  /** Largest body of a request, as a Kubernetes quantity. @default no limit */
  readonly maxBody?: string;
  /** Browsers shall never come without TLS again. Makes no sense where they warn of the certificate. */
  readonly strictTransport: boolean;
}

/** What a route may have otherwise. */
export interface RequestLimits {
  /** @default true; false for interfaces that programs call in quick succession */
  readonly rateLimited?: boolean;
  /** Largest body of a request, as a Kubernetes quantity, or `none`. Bodies are then buffered. @default the gateway's */
  readonly maxBody?: string;
}

/**
 * Names of the middlewares through which every request of a route goes, in order: first what looks at the request alone, then
 * who may pass, then what looks after the program. They are made once in each namespace: Traefik refuses those of others.
 */
export function middlewares(component: Component, limits: RequestLimits, guards: readonly string[]): string[] {
  const policy = component.provider(gateway).requests;
  return [edge(component, policy, limits), ...guards, ...body(component, policy, limits), ...upstream(component, policy)];
}

const specs = new WeakMap<IConstruct, string>();

/** Makes a middleware of a tier on first use; fails where the name means another one. @returns its name */
function middleware(component: Component, name: string, spec: MiddlewareSpec): string {
  const { file } = component.tier;
  const id = `middleware-${name}`;
  const content = JSON.stringify(spec);
  const known = file.node.tryFindChild(id);
  if (!known) specs.set(new Middleware(file, id, { metadata: { name }, spec }), content);
  else if (specs.get(known) !== content) throw new Error(`two middlewares ${name} in ${component.tier.namespace}`);
  return name;
}

function chain(component: Component, name: string, links: readonly string[]): string {
  return middleware(component, name, { chain: { middlewares: links.map((link) => ({ name: link })) } });
}

/** Headers come first, so that refusals carry them, too. */
function edge(component: Component, policy: RequestPolicy, { rateLimited = true }: RequestLimits): string {
  const headers = middleware(component, 'security-headers', { headers: securityHeaders(policy) });
  const { rateLimit } = policy;
  if (!rateLimit || !rateLimited) return headers;
  return chain(component, 'edge', [headers, middleware(component, 'rate-limit', { rateLimit })]);
}

/** https://owasp.org/www-project-secure-headers/ */
function securityHeaders({ strictTransport }: RequestPolicy): MiddlewareSpec['headers'] {
  return {
    contentTypeNosniff: true,
    // Not DENY: programs show their own pages in frames.
    customFrameOptionsValue: 'SAMEORIGIN',
    referrerPolicy: 'strict-origin-when-cross-origin',
    ...(strictTransport ? { stsSeconds: 31_536_000, stsIncludeSubdomains: true } : {}),
    // What a program says of itself helps nobody but those who look for known holes.
    customResponseHeaders: { Server: '', 'X-Powered-By': '' },
  };
}

function body(component: Component, policy: RequestPolicy, limits: RequestLimits): string[] {
  const maxBody = limits.maxBody ?? policy.maxBody;
  if (maxBody === undefined || maxBody === 'none') return [];
  const maxRequestBodyBytes = quantityValue(maxBody);
  return [middleware(component, `body-${maxBody.toLowerCase()}`, { buffering: { maxRequestBodyBytes } })];
}

/** The breaker sees what the retries could not mend. */
function upstream(component: Component, { circuitBreaker, attempts }: RequestPolicy): string[] {
  const links = [
    ...(circuitBreaker
      ? [
          middleware(component, 'circuit-breaker', {
            circuitBreaker: {
              expression: circuitBreaker,
              fallbackDuration: MiddlewareSpecCircuitBreakerFallbackDuration.fromString('5s'),
            },
          }),
        ]
      : []),
    ...(attempts
      ? [
          middleware(component, 'retry', {
            retry: { attempts, initialInterval: MiddlewareSpecRetryInitialInterval.fromString('100ms') },
          }),
        ]
      : []),
  ];
  return links.length > 0 ? [chain(component, 'upstream', links)] : [];
}

/** The gateway's own name and password. */
export function basicAuth(component: Component): string {
  const { basicAuth } = component.provider(gateway);
  return middleware(component, 'basic-auth', {
    // Traefik takes a Secret with one key only.
    basicAuth: { secret: basicAuth.alone(component.tier.namespace, 'users'), removeHeader: true },
  });
}

/**
 * People who are signed in, and in one of the groups where some are named; they are led to where they sign in.
 * https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/
 */
export function singleSignOn(component: Component, groups: readonly string[]): string {
  const { endpoint, cookie } = component.platform.provider(signIn);
  return middleware(component, signOnName(groups), {
    forwardAuth: {
      address: `${endpoint.url()}/${allowedGroups(groups)}`,
      ...(endpoint.certificate ? { tls: { caSecret: endpoint.certificate.alone(component.tier.namespace, 'ca.crt') } } : {}),
      authResponseHeaders: [
        'X-Auth-Request-User',
        'X-Auth-Request-Email',
        'X-Auth-Request-Groups',
        'X-Auth-Request-Preferred-Username',
      ],
      addAuthCookiesToResponse: [cookie],
      // Refusals are short pages.
      maxResponseBodySize: 2 ** 20,
    },
  });
}

/**
 * Readable, and another one for every other list. Letters, digits and dashes only: Traefik takes a dot for a dash, so that two
 * lists could become one.
 */
function signOnName(groups: readonly string[]): string {
  const [first, ...others] = groups;
  if (first === undefined) return 'sso';
  const readable = first.replace(/[^a-z0-9]/g, '-');
  if (others.length === 0 && readable === first) return `sso-${first}`;
  return `sso-${readable}-${createHash('sha256').update(groups.join()).digest('hex').slice(0, 8)}`;
}
