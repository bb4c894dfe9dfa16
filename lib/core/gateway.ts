import type { Credential } from './credential';
import type { RequestPolicy } from './middlewares';
import { needFor } from './need';
import type { Peer } from './peer';

/** The component through which requests from outside come in. */
export interface Gateway {
  /** Its pods, as NetworkPolicies name them. */
  readonly peer: Peer;
  /** What HTTP and TCP routes say about their certificate. */
  readonly routeTls: { readonly certResolver?: string };
  /** Key `users` holds the htpasswd line that protects routes with `access: basic`. */
  readonly basicAuth: Credential;
  /** What it does to every request. */
  readonly requests: RequestPolicy;
}

export const gateway = needFor<Gateway>('gateway', 'a gateway', { single: true });
