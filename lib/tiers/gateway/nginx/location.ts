import { block, headers, line, type Directive } from './directives';
import { guard, type Guarded } from './sign-in';

/** A path that leads to a program. */
export interface Location extends Guarded {
  /** Begins and ends with a slash, for example `/app/`; the program does not see it. */
  readonly path: string;
  /** Host name under which the program knows itself. */
  readonly host: string;
  /** Complete host name and port. */
  readonly address: string;
  /** Path below which the program is, without a slash at its end. */
  readonly base: string;
  /** The program speaks TLS with a certificate for that name; `ca` is a file. @default plain HTTP */
  readonly tls?: { readonly serverName: string; readonly ca: string };
  /** Paths of the program that answer 404. */
  readonly hidden: readonly string[];
  /** Whether assets are kept. */
  readonly cache: boolean;
  /** Whether bodies may be of any size. */
  readonly uploads: boolean;
  readonly rateLimited: boolean;
  /** Whether pages that name the root of their host as base get the path instead. */
  readonly rewriteBase: boolean;
}

/** Files that are the same for everybody who may have them. */
const assets = '\\.(?:css|m?js|map|json|wasm|woff2?|ttf|otf|eot|png|jpe?g|gif|webp|avif|svg|ico)$';

/** @param host full host name of the path gateway */
export function locationOf(host: string, location: Location): Directive[] {
  return [
    ...location.hidden.map((path) => block(['location', `${inside(location)}${path}`], [line('return', 404)])),
    block(['location', location.path], proxied(host, location)),
  ];
}

function proxied(host: string, location: Location): Directive[] {
  const { path, uploads, rateLimited, rewriteBase, cache, signedIn } = location;
  return [
    ...(rateLimited ? [line('limit_req', 'zone=clients', 'burst=50', 'nodelay')] : []),
    ...(signedIn ? guard(signedIn) : []),
    ...pass(host, location),
    ...toProgram(location),
    // An address of its own host is left alone: there it works as well.
    ...[path, '/'].map((from) => line('proxy_redirect', from, path)),
    ...[path, '/'].map((from) => line('proxy_cookie_path', from, path)),
    line('proxy_cookie_domain', location.host, host),
    line('proxy_ignore_headers', 'X-Accel-Redirect'),
    line('client_max_body_size', uploads ? 0 : '100m'),
    line('proxy_request_buffering', 'off'),
    // Nothing is put on disk but what is cached.
    line('proxy_max_temp_file_size', 0),
    ...(uploads ? [line('proxy_buffering', 'off')] : []),
    ...(rewriteBase ? [line('sub_filter', '<base href="/"', `<base href="${path}"`)] : []),
    ...(cache ? [block(['location', '~*', assets], cached(host, location))] : []),
  ];
}

/**
 * Where requests go: the path as the client wrote it, since nginx's own form of it has lost which slashes were encoded. To the
 * program it looks as if the request had come to its own host, also where it compares that with the origin of a page.
 */
function pass(host: string, location: Location): Directive[] {
  const { address, base, tls } = location;
  return [
    block(['if', '($request_uri', '!~', `^${escaped(inside(location))}(?<rest>/.*)$)`], [line('return', 400)]),
    line('set', '$origin', '$http_origin'),
    block(['if', '($http_origin', '=', `https://${host})`], [line('set', '$origin', `https://${location.host}`)]),
    line('set', '$upstream', address),
    line('proxy_pass', `${tls ? 'https' : 'http'}://$upstream${base}$rest`),
  ];
}

/** How requests go there; who they are from, only nginx says. */
function toProgram({ host: own, tls, rewriteBase, cache, signedIn }: Location): Directive[] {
  const known = (variable: string) => (signedIn ? variable : '');
  return [
    line('proxy_http_version', 1.1),
    line('proxy_connect_timeout', '5s'),
    line('proxy_read_timeout', '900s'),
    line('proxy_send_timeout', '900s'),
    ...headers({
      Host: own,
      Origin: '$origin',
      Upgrade: '$http_upgrade',
      Connection: '$connection_upgrade',
      // What is compressed could not be changed, nor kept for those who want it otherwise.
      ...(rewriteBase || cache ? { 'Accept-Encoding': '' } : {}),
      'X-Real-IP': '$remote_addr',
      'X-Forwarded-For': '$remote_addr',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': own,
      'X-Forwarded-Port': '443',
      'X-Forwarded-Prefix': '',
      Forwarded: '',
      'X-User': known('$person'),
      'X-Email': known('$email'),
      'X-Auth-Request-User': known('$person'),
      'X-Auth-Request-Email': known('$email'),
      'X-Auth-Request-Groups': known('$groups'),
      'X-Auth-Request-Preferred-Username': '',
      'X-Auth-Request-Access-Token': '',
      'X-Forwarded-User': '',
      'X-Forwarded-Email': '',
      'X-Forwarded-Groups': '',
      'X-Forwarded-Preferred-Username': '',
      'X-Forwarded-Access-Token': '',
      'X-Remote-User': '',
      'Remote-User': '',
    }),
    ...(tls
      ? [
          line('proxy_ssl_verify', 'on'),
          line('proxy_ssl_server_name', 'on'),
          line('proxy_ssl_name', tls.serverName),
          line('proxy_ssl_trusted_certificate', tls.ca),
          line('proxy_ssl_protocols', 'TLSv1.2', 'TLSv1.3'),
        ]
      : []),
  ];
}

/**
 * Only what the program says may be kept, and for as long as it says. Nobody gets what was made for somebody else: who is
 * signed in has a copy of their own, and elsewhere requests that say who they are from are left out.
 */
function cached(host: string, location: Location): Directive[] {
  const { signedIn } = location;
  const personal = signedIn ? ['$nobody', '$http_authorization'] : ['$http_cookie', '$http_authorization'];
  return [
    ...pass(host, location),
    line('proxy_cache', 'assets'),
    line('proxy_cache_key', signedIn ? '$person $request_uri' : '$request_uri'),
    line('proxy_no_cache', ...personal),
    line('proxy_cache_bypass', ...personal),
    line('proxy_cache_lock', 'on'),
    line('add_header', 'X-Cache', '$upstream_cache_status', 'always'),
    ...(signedIn ? [line('add_header', 'Set-Cookie', '$session', 'always')] : []),
  ];
}

/** The path without its last slash. */
const inside = ({ path }: Location) => path.slice(0, -1);

const escaped = (text: string) => text.replaceAll('.', '\\.');
