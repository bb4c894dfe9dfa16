import { SecretBinding } from '../core/binding';
import type { Credential } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { needFor } from '../core/need';
import { secretText, type SecretText } from '../core/env';
import type { ContainerProps } from '../core/container';

/** A component that runs a server with the Redis protocol and lets others use it. */
export interface CacheServer {
  /** @param why one phrase: what the consumer keeps there, for example `sessions` */
  cache(why: string): Cache;
}

export const cache = needFor<CacheServer>('cache', 'a cache', {
  client: { give: (server, client) => server.cache(`client ${client}`) },
});

/** A component that runs a cluster with the Redis protocol and lets others use it. */
export interface ValkeyClusterServer {
  /**
   * The cluster, as one consumer uses it: its client must speak the cluster protocol, to which `url()` is the entrance.
   * @param why one phrase: what the consumer keeps there
   */
  client(why: string): Cache;
}

export const valkeyCluster = needFor<ValkeyClusterServer>('valkeyCluster', 'a Valkey cluster', {
  client: { give: (server, client) => server.client(`client ${client}`) },
});

export interface CacheProps {
  readonly endpoint: Endpoint;
  /** Key `password`, of the user `default`. */
  readonly credential: Credential;
  readonly why: string;
  /** An image with `valkey-cli` and a shell, for waiting. */
  readonly clientImage: string;
}

/** A server with the Redis protocol, as one consumer uses it. All consumers share its password and its databases. */
export class Cache extends SecretBinding<'password'> {
  readonly endpoint: Endpoint;
  readonly why: string;
  /** Key `password`, of the user `default`. */
  readonly credential: Credential;
  readonly wait: ContainerProps & { readonly name: string };

  constructor({ endpoint, credential, why, clientImage }: CacheProps) {
    super();
    this.endpoint = endpoint;
    this.credential = credential;
    this.why = why;
    this.wait = {
      name: endpoint.workload.name,
      image: clientImage,
      // While it reads its file after a start it answers LOADING instead.
      command: [
        'sh',
        '-c',
        `until [ "$(valkey-cli -h ${endpoint.host} -p ${endpoint.port.service} PING)" = PONG ]; do sleep 2; done`,
      ],
      env: { REDISCLI_AUTH: credential.key('password') },
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
    };
  }

  /** Connection URL. @param database number of the database, from 0 to 15 @default 0 */
  url(database = 0): SecretText {
    return secretText`redis://:${this.key('password')}@${this.endpoint.address}/${database}`;
  }
}
