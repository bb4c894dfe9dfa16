import { z } from 'zod';
import { yaml } from '../../../core/config-files';

/** Common name of the certificate that all nodes share. */
export const certificateHost = 'opensearch';

/** Where the image has its programs; plugins and configuration are below. */
export const home = '/usr/share/opensearch';

/**
 * `opensearch.yml`. Its name is in the variable `POD_NAME` of every node.
 * @param seeds host names of all members
 * @see https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/index/
 */
export function openSearchYml(
  clusterName: string,
  seeds: readonly string[],
  { mmap, settings }: { readonly mmap: boolean; readonly settings: z.output<typeof furtherSettings> },
): string {
  return yaml({ ...ownSettings(clusterName, seeds, mmap), ...settings });
}

function ownSettings(clusterName: string, seeds: readonly string[], mmap: boolean) {
  return {
    'cluster.name': clusterName,
    'node.name': '${POD_NAME}',
    'node.roles': ['cluster_manager', 'data', 'ingest'],
    'network.host': '0.0.0.0',
    'http.port': 9200,
    'transport.port': 9300,
    'path.data': `${home}/data`,
    'path.logs': `${home}/logs`,
    // A pod may not lock memory; nodes of a cluster have no swap.
    'bootstrap.memory_lock': false,
    'node.store.allow_mmap': mmap,
    // One node asks nobody, and may not.
    'discovery.seed_hosts': seeds.length > 1 ? seeds : [],
    'cluster.initial_cluster_manager_nodes': founders(seeds),
    // A name that is only a wildcard deletes everything.
    'action.destructive_requires_name': true,
    ...security,
  };
}

/**
 * Who may found the cluster, at its very first start: the first two of several, together. A node that comes back without
 * its data finds the other one in the old cluster, gets no vote and joins it; and where one node grows to three, the empty
 * ones cannot found a second cluster without the one that has the data.
 */
const founders = (seeds: readonly string[]): string[] =>
  seeds.slice(0, seeds.length > 1 ? 2 : 1).map((host) => host.replace(/\..*/, ''));

/**
 * Between nodes TLS with one certificate for all, which trust it and nothing else: who has its key is a node, whatever its
 * host name. Clients speak HTTP inside the cluster, and TLS ends at the gateway.
 * https://docs.opensearch.org/latest/security/configuration/tls/
 */
const security = {
  'plugins.security.ssl.transport.pemkey_filepath': 'certs/tls.key',
  'plugins.security.ssl.transport.pemcert_filepath': 'certs/tls.crt',
  'plugins.security.ssl.transport.pemtrustedcas_filepath': 'certs/tls.crt',
  'plugins.security.ssl.transport.enforce_hostname_verification': false,
  // Running nodes take over a new certificate, so that restarted ones can join them.
  'plugins.security.ssl.certificates_hot_reload.enabled': true,
  'plugins.security.ssl.http.enabled': false,
  'plugins.security.nodes_dn': [`CN=${certificateHost}`],
  // The first start fills the index of users and roles from the files below opensearch-security.
  'plugins.security.allow_default_init_securityindex': true,
  'plugins.security.restapi.roles_enabled': ['all_access', 'security_rest_api_access'],
  'plugins.security.system_indices.enabled': true,
};

const known = Object.keys(ownSettings('', [], false));

/** What an operator adds to `opensearch.yml`. */
export const furtherSettings = z
  .record(
    z
      .string()
      .regex(/^[a-z]\w*(\.\w+)+$/, {
        error: 'must be the name of a setting with dots; write for example indices.query.bool.max_clause_count',
      })
      .refine((name) => !known.includes(name), { error: 'follows from the rest of the platform; leave it out' }),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], {
      error: 'must be text, a number, true, false or a list of texts; write for example 20gb',
    }),
  )
  .default({})
  .describe('Further settings of the nodes, as in opensearch.yml');

const ofType = (type: string, content: object): string => yaml({ _meta: { type, config_version: 2 }, ...content });

/**
 * Roles and ways to sign in, at the first start only. Users are not here, since their hashes are secret; the plugin brings
 * `all_access`, `kibana_server` and other roles itself.
 * https://docs.opensearch.org/latest/security/configuration/yaml/
 */
export const securityFiles: Record<string, string> = {
  'config.yml': ofType('config', {
    config: {
      dynamic: {
        kibana: { multitenancy_enabled: true, private_tenant_enabled: true, server_username: 'kibanaserver' },
        http: { anonymous_auth_enabled: false },
        authc: {
          basic_internal_auth_domain: {
            description: 'Name and password of an internal user',
            http_enabled: true,
            transport_enabled: true,
            order: 0,
            http_authenticator: { type: 'basic', challenge: true },
            authentication_backend: { type: 'intern' },
          },
        },
        authz: {},
      },
    },
  }),
  'roles.yml': ofType('roles', {
    exporter: {
      reserved: true,
      description: 'Reads the state of the cluster and of its indices, not their documents',
      cluster_permissions: ['cluster_monitor'],
      index_permissions: [{ index_patterns: ['*'], allowed_actions: ['indices_monitor', 'indices:admin/aliases/get'] }],
    },
  }),
  'roles_mapping.yml': ofType('rolesmapping', {
    all_access: { reserved: false, backend_roles: ['admin'] },
    own_index: { reserved: false, users: ['*'] },
    kibana_user: { reserved: false, backend_roles: ['kibanauser'] },
    readall: { reserved: false, backend_roles: ['readall'] },
    kibana_server: { reserved: true, users: ['kibanaserver'] },
    exporter: { reserved: true, users: ['exporter'] },
  }),
  'tenants.yml': ofType('tenants', {}),
  'action_groups.yml': ofType('actiongroups', {}),
  'nodes_dn.yml': ofType('nodesdn', {}),
  'allowlist.yml': ofType('allowlist', { config: { enabled: false, requests: {} } }),
};

/**
 * Makes the configuration folder: that of the image, ours on top, and the one user that must be there from the start. It
 * makes the others, so that no other hash is needed.
 */
export const configureScript = `set -eu
umask 077
cp -R ${home}/config/. /config/
mkdir -p /config/opensearch-security
cp /files/opensearch.yml /config/
cp /security/* /config/opensearch-security/
cat > /config/opensearch-security/internal_users.yml <<END
_meta: { type: internalusers, config_version: 2 }
$SETUP_USER:
  hash: '\${SETUP_LINE#*:}'
  reserved: true
  backend_roles: [admin]
  description: The platform itself, which asks how nodes are, makes the other users, and reads and writes backups
END
`;

/** Copies the plugins of the image to where further ones can stand beside them. */
export const copyPluginsScript = `set -eu
cp -R ${home}/plugins/. /plugins/
`;

/** Gives the next command what curl reads from standard input: who it is, where no process list shows it. */
const asSetup = `printf 'header = "Authorization: Basic %s"\\n' "$(printf '%s:%s' "$SETUP_USER" "$SETUP_PASSWORD" | base64 | tr -d '\\n')"`;

/**
 * Ready is a node that follows an elected manager; after each start of its program also only once no shard is being brought
 * to it or to others, so that a rolling restart never takes a second copy away. It is the manager that knows this, when it
 * has dealt with the node that joined: until then a shard is neither on its way nor known to be late. Shards that have no
 * place at all do not count: a cluster that cannot become green must still become ready.
 * https://docs.opensearch.org/latest/api-reference/cluster-api/cluster-health/
 */
export const readyScript = `set -u
ask() { health=$(${asSetup} | curl --silent --fail --max-time 4 --config - "http://127.0.0.1:9200/_cluster/health?$1") || exit 1; }
has() { case $health in *"$1"*) ;; *) exit 1 ;; esac }
# When the program began, in ticks: /tmp outlives it.
start=$(cut -d ' ' -f 22 /proc/1/stat)
if [ "$(cat /tmp/was-ready 2> /dev/null)" = "$start" ]; then
  ask local=true
  has '"discovered_cluster_manager":true,'
  exit 0
fi
ask 'wait_for_events=languid&timeout=3s&cluster_manager_timeout=3s'
has '"number_of_in_flight_fetch":0,'
has '"initializing_shards":0,'
has '"delayed_unassigned_shards":0,'
echo "$start" > /tmp/was-ready
`;

/**
 * Makes the users whose passwords are in the environment, and brings existing ones up to date. People's own users stay as
 * they are. https://docs.opensearch.org/latest/security/access-control/api/
 */
export const usersScript = `set -eu
umask 077
${asSetup} > /tmp/curl
until curl --silent --fail --output /dev/null --max-time 5 --config /tmp/curl "$URL/_plugins/_security/api/account"; do sleep 2; done
# JSON needs no more: a password is one line.
quoted() { printf '%s' "$1" | sed 's/[\\\\"]/\\\\&/g'; }
user() {
  printf '{"password":"%s","backend_roles":%s,"description":"%s"}' "$(quoted "$2")" "$3" "$4" > /tmp/user
  curl --silent --show-error --fail-with-body --max-time 30 --config /tmp/curl --request PUT \\
    --header 'Content-Type: application/json' --data @/tmp/user "$URL/_plugins/_security/api/internalusers/$1"
  echo
}
user admin "$ADMIN_PASSWORD" '["admin"]' 'For people, with every right'
[ -z "\${DASHBOARDS_PASSWORD:-}" ] || user kibanaserver "$DASHBOARDS_PASSWORD" '[]' 'OpenSearch Dashboards itself'
[ -z "\${EXPORTER_PASSWORD:-}" ] || user exporter "$EXPORTER_PASSWORD" '[]' 'Metrics'
`;
