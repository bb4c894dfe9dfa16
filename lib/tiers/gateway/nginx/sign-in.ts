import { allowedGroups } from '../../../core/sign-in';
import { block, headers, line, type Directive } from './directives';

/** What a path asks of those who come. */
export interface Guarded {
  /** The groups of which one is enough, none for everybody who is signed in; undefined for everybody. */
  readonly signedIn?: readonly string[];
}

/** Names of groups have no comma. */
const checkOf = (groups: readonly string[]) => `/.sign-in/${groups.length > 0 ? groups.join(',') : 'anybody'}`;

/** Who asks for what, as OAuth2 Proxy wants it: https://oauth2-proxy.github.io/oauth2-proxy/configuration/integrations/nginx */
export function signInLocations(host: string, address: string, locations: readonly Guarded[]): Directive[] {
  const ask = (path: string) => [
    line('internal'),
    // A name of its own: the question shares its variables with the request that it is about.
    line('set', '$sign_in', address),
    line('proxy_pass', `http://$sign_in${path}`),
    line('proxy_method', 'GET'),
    line('proxy_pass_request_body', 'off'),
    line('proxy_redirect', 'off'),
    ...headers({
      Host: host,
      'Content-Length': '',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': host,
      'X-Forwarded-Uri': '$request_uri',
      'X-Forwarded-For': '$remote_addr',
      'X-Real-IP': '$remote_addr',
    }),
  ];
  const asked = new Map(locations.flatMap(({ signedIn }) => (signedIn ? [[checkOf(signedIn), signedIn] as const] : [])));
  return [
    ...[...asked].map(([name, groups]) => block(['location', '=', name], ask(`/oauth2/auth${allowedGroups(groups)}`))),
    // It answers with the way to where people sign in, and back. nginx could not: it cannot encode an address as part of another.
    block(['location', '@sign-in'], ask('/')),
  ];
}

/** Lets only people pass who are signed in, and in one of the groups where some are named. */
export function guard(groups: readonly string[]): Directive[] {
  return [
    line('auth_request', checkOf(groups)),
    line('auth_request_set', '$person', '$upstream_http_x_auth_request_user'),
    line('auth_request_set', '$email', '$upstream_http_x_auth_request_email'),
    line('auth_request_set', '$groups', '$upstream_http_x_auth_request_groups'),
    line('auth_request_set', '$session', '$upstream_http_set_cookie'),
    line('error_page', 401, '=', '@sign-in'),
    // A session that was renewed.
    line('add_header', 'Set-Cookie', '$session', 'always'),
  ];
}
