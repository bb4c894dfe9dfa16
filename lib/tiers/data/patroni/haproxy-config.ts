export interface HaproxyConfigProps {
  /** Full host names of all members. */
  readonly members: readonly string[];
  /** Whether it has a page that shows the members. */
  readonly page: boolean;
}

/**
 * `haproxy.cfg`: 5432 leads to the leader, 5433 to the replicas in turn. Patroni says who is which.
 * https://docs.haproxy.org/3.2/configuration.html
 */
export function haproxyConfig({ members, page }: HaproxyConfigProps): string {
  const names = members.map((host) => [host.split('.', 1).join(''), host] as const);
  const servers = names.map(([name, host]) => `  server ${name} ${host}:5432 check port 8008 resolvers cluster`);
  return `global
  log stdout format raw local0 notice
  maxconn 1000
  hard-stop-after 20s

resolvers cluster
  parse-resolv-conf
  accepted_payload_size 8192
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s
  # A restarted member has a new address, at which it may be about to lead.
  hold obsolete 0s
  # What was known stays while DNS says nothing: the checks tell whether it still holds.
  hold nx 30s
  hold timeout 10m
  hold refused 10m
  hold other 10m

defaults
  mode tcp
  log global
  option dontlognull
  option clitcpka
  option srvtcpka
  retries 2
  option redispatch
  timeout connect 3s
  timeout check 3s
  # Idle connections of pools live long; who left without a word is found by TCP keepalive.
  timeout client 24h
  timeout server 24h
  # Neither pods that are not there yet nor changed addresses stop it.
  default-server init-addr libc,none resolve-prefer ipv4 inter 1s fall 2 rise 1 on-marked-down shutdown-sessions

frontend write
  bind :5432
  default_backend leader

frontend read
  bind :5433
  use_backend leader if { nbsrv(replicas) eq 0 }
  default_backend replicas

backend leader
  option httpchk OPTIONS /primary
  http-check expect status 200
${servers.join('\n')}

backend replicas
  balance roundrobin
  option httpchk OPTIONS /replica
  http-check expect status 200
${servers.join('\n')}
${page ? statistics : ''}
frontend metrics
  mode http
  bind :8404
  timeout client 10s
  http-request use-service prometheus-exporter if { path /metrics }
  http-request return status 200 if { path /live }
  # Right after its start it takes every member for the leader, until the first checks.
  http-request return status 503 if { path /ready } { nbsrv(leader) gt 1 }
  http-request return status 200 if { path /ready }
  http-request return status 404
`;
}

const statistics = `
frontend page
  mode http
  bind :7000
  timeout client 10s
  stats enable
  stats uri /
  stats refresh 5s
  stats hide-version
`;
