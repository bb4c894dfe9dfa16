import type { Endpoint } from './endpoint';
import { needFor } from './need';

/** The part of the question that names groups, as in `/?allowed_groups=/one,/two`; nothing for whoever is signed in. */
export const allowedGroups = (groups: readonly string[]): string =>
  groups.length > 0 ? `?allowed_groups=${groups.map((group) => `/${group}`).join()}` : '';

/** The component that the gateway asks, request by request, whether somebody is signed in and who. */
export interface SignIn {
  /**
   * Answers the question by HTTP: 2xx lets the request pass, anything else goes to the browser instead. `/` leads a browser to
   * where people sign in, `/oauth2/auth` never does; both take {@link allowedGroups}.
   */
  readonly endpoint: Endpoint;
  /** Name of the cookie that holds a session; renewed by answers that let a request pass. */
  readonly cookie: string;
}

export const signIn = needFor<SignIn>('signIn', 'single sign-on at the gateway', { single: true });
