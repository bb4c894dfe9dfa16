import { SecretBinding } from '../../lib/core/binding';
import type { Component } from '../../lib/core/component';
import { Credential, hexadecimal } from '../../lib/core/credential';
import type { Endpoint } from '../../lib/core/endpoint';
import { secretText, type SecretText } from '../../lib/core/env';
import { needFor } from '../../lib/core/need';

/** A component that rings for others. */
export interface Doorbell {
  /** A bell of one consumer, with a key of its own. */
  bell(name: string): Bell;
}

export const doorbell = needFor<Doorbell>('doorbell', 'a doorbell');

/** What a consumer rings. */
export class Bell extends SecretBinding<'token'> {
  readonly why: string;
  /** Key `token`. */
  readonly credential: Credential;
  readonly wait = undefined;

  constructor(
    owner: Component,
    readonly endpoint: Endpoint,
    readonly name: string,
  ) {
    super();
    this.why = `rings ${name}`;
    this.credential = new Credential(owner, `${owner.name}-${name}`, { keys: { token: hexadecimal(32) } });
  }

  get url(): SecretText {
    return secretText`${this.endpoint.url()}/${this.name}?token=${this.key('token')}`;
  }
}
