import type { Credential } from './credential';
import type { Endpoint } from './endpoint';
import type { ContainerProps } from './container';

/**
 * What a provider hands to a consumer: a database, a bucket, a started program. A workload that `uses` a binding gets
 * its connection (both sides of the NetworkPolicy, the arrow in the diagram) and waits until it can be used.
 */
export interface Binding {
  readonly endpoint: Endpoint;
  /** One phrase: what the consumer does there. */
  readonly why: string;
  /** What opens it to the consumer. @default nothing of its own */
  readonly credential?: Credential;
  /** A container that ends once the binding can be used. It retries: policies and providers may come later. */
  readonly wait?: ContainerProps & { readonly name: string };
}
