import type { ContainerProps } from './container';
import type { Credential, SecretKey } from './credential';
import type { Endpoint } from './endpoint';
import type { MountSource } from './mount';

/**
 * What a provider hands to a consumer: a database, a bucket, a started program. A workload that has a value of it in its
 * environment or its mounts uses it: it gets the connection (both sides of the NetworkPolicy, the arrow in the diagram) and
 * waits until it can be used. What has no secret is named under `uses`.
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

/** A binding with a credential of its own: whoever has one of its keys uses it. */
export abstract class SecretBinding<Key extends string> implements Binding {
  abstract readonly endpoint: Endpoint;
  abstract readonly why: string;
  abstract readonly wait?: ContainerProps & { readonly name: string };
  abstract readonly credential: Credential;

  /** One key, to be used as an environment value. */
  key(key: Key): SecretKey {
    return this.credential.key(key, this);
  }

  /** A folder with the given keys as files of the same names, see {@link Credential.files}. */
  files(...keys: Key[]): MountSource {
    return { ...this.credential.files(...keys), binding: this };
  }
}
