import type { Endpoint } from './endpoint';

/** The component that the gateway asks, request by request, whether somebody is signed in and who. */
export interface SignIn {
  /**
   * Answers the question by HTTP: 2xx lets the request pass, anything else goes to the browser instead. `/` leads a browser to
   * where people sign in, `/oauth2/auth` never does; both take `?allowed_groups=/one,/two`.
   */
  readonly endpoint: Endpoint;
  /** Public page that leads to where people sign in, and back to `?rd=<url>`. */
  readonly signInUrl: string;
  /** Name of the cookie that holds a session; renewed by answers that let a request pass. */
  readonly cookie: string;
}
