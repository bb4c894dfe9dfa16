import { block, line, render, type Directive } from './directives';
import { locationOf, type Location } from './location';
import { signInLocations } from './sign-in';

/** Where the container has its configuration, and the certificates of programs that speak TLS themselves. */
export const configFolder = '/etc/path-gateway';
export const trustFolder = '/etc/path-gateway-trust';
export const cacheFolder = '/var/cache/nginx';

export interface NginxConfigProps {
  /** Full host name. */
  readonly host: string;
  readonly locations: readonly Location[];
  /** Complete host name and port of what knows who is signed in. @default no location asks */
  readonly signIn?: string;
}

/** `nginx.conf`: https://nginx.org/en/docs/dirindex.html */
export function nginxConfig(props: NginxConfigProps): string {
  const assets = ['keys_zone=assets:10m', 'max_size=1g', 'inactive=60m'];
  const temporaries = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return render([
    line('worker_processes', 2),
    line('worker_rlimit_nofile', 8192),
    // After a reload, connections that last go on in the old workers. A pod that stops has less time anyway.
    line('worker_shutdown_timeout', '1h'),
    line('pid', '/tmp/nginx.pid'),
    line('error_log', 'stderr', 'warn'),
    block(['events'], [line('worker_connections', 2048)]),
    block(
      ['http'],
      [
        // Names are looked up while it runs: it starts before the programs do. The file is made at the start of the container.
        line('include', '/tmp/resolver.conf'),
        line('resolver_timeout', '5s'),
        ...log(),
        ...temporaries.map((kind) => line(`${kind}_temp_path`, `/tmp/${kind}`)),
        line('server_tokens', 'off'),
        line('absolute_redirect', 'off'),
        ...compression(),
        // The last address is the one that Traefik saw, and policies let nobody else come here.
        line('set_real_ip_from', '0.0.0.0/0'),
        line('set_real_ip_from', '::/0'),
        line('real_ip_header', 'X-Forwarded-For'),
        line('limit_req_zone', '$binary_remote_addr', 'zone=clients:10m', 'rate=100r/s'),
        line('limit_req_status', 429),
        line('proxy_cache_path', cacheFolder, 'use_temp_path=off', 'levels=1:2', ...assets),
        block(['map', '$http_upgrade', '$connection_upgrade'], [line('default', 'upgrade'), line('', '')]),
        block(['map', '$person', '$nobody'], [line('default', ''), line('', 1)]),
        block(['server'], server(props)),
      ],
    ),
  ]);
}

function server({ host, locations, signIn }: NginxConfigProps): Directive[] {
  return [
    line('listen', 8080),
    line('set', '$person', ''),
    // Programs and nginx could disagree on where such a path leads.
    block(['if', '($request_uri', '~*', '^[^?]*(/|%2f)(\\.|%2e)+(/|%2f|\\?|$))'], [line('return', 400)]),
    block(
      ['location', '=', '/ping'],
      [line('access_log', 'off'), line('default_type', 'text/plain'), line('return', 200, 'pong\n')],
    ),
    block(['location', '/'], [line('return', 404)]),
    ...(signIn === undefined ? [] : signInLocations(host, signIn, locations)),
    ...locations.flatMap((location) => locationOf(host, location)),
  ];
}

/** Paths without what follows the question mark, where signatures and tokens are. */
function log(): Directive[] {
  const fields = {
    time: '$time_iso8601',
    client: '$remote_addr',
    person: '$person',
    method: '$request_method',
    path: '$uri',
    status: '$status',
    bytes: '$body_bytes_sent',
    seconds: '$request_time',
    upstream: '$upstream_addr',
    cache: '$upstream_cache_status',
  };
  return [line('log_format', 'json', 'escape=json', JSON.stringify(fields)), line('access_log', '/dev/stdout', 'json')];
}

function compression(): Directive[] {
  const types = 'text/css text/plain text/xml text/javascript application/javascript application/json application/xml';
  return [
    line('gzip', 'on'),
    line('gzip_proxied', 'any'),
    line('gzip_vary', 'on'),
    line('gzip_min_length', 1024),
    line('gzip_types', ...types.split(' '), 'image/svg+xml'),
  ];
}

/** The first of the name servers that the pod is told to ask. */
export const startScript = `set -eu
awk '$1 == "nameserver" { print "resolver " ($2 ~ /:/ ? "[" $2 "]" : $2) " valid=10s;"; exit }' /etc/resolv.conf > /tmp/resolver.conf
exec nginx -e stderr -c ${configFolder}/nginx.conf -g 'daemon off;'
`;
