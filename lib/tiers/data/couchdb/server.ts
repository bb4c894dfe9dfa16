/** Settings of CouchDB: section → key → value. https://docs.couchdb.org/en/stable/config/index.html */
export type Settings = Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

export interface ServerIniProps {
  /** Host names of all nodes of a cluster; none for a single node. */
  readonly peers: readonly string[];
  readonly metrics: boolean;
}

/** The settings of every node, but for its secrets. */
export function serverIni({ peers, metrics }: ServerIniProps): Settings {
  const cluster = peers.length > 0;
  return {
    couchdb: { single_node: !cluster },
    chttpd: { bind_address: 'any', port: 5984 },
    cluster: {
      n: cluster ? 3 : 1,
      q: 2,
      // A node that is new, or lost its volume, gets from them what the cluster knows; its shards follow.
      ...(cluster ? { seedlist: peers.map(nodeName).join(',') } : {}),
    },
    // A port of its own that asks for no password: the NetworkPolicy decides who may read it.
    prometheus: metrics ? { additional_port: true, bind_address: 'any', port: 17986 } : { additional_port: false },
    log: { level: 'notice' },
  };
}

/** The name under which a node knows another one. */
export function nodeName(host: string): string {
  return `couchdb@${host}`;
}

/** Renders settings as INI. */
export function ini(settings: Settings): string {
  return Object.entries(settings)
    .map(([section, keys]) => [`[${section}]`, ...Object.entries(keys).map(([key, value]) => `${key} = ${value}`), ''].join('\n'))
    .join('\n');
}

/** Shell lines that write the secrets, which stand in the environment, where only the server reads them. */
export const secretsScript = `set -eu
umask 077
# They are there after a restart of the container alone.
rm -f "$HOME/.erlang.cookie"
printf %s "$ERLANG_COOKIE" > "$HOME/.erlang.cookie"
chmod 400 "$HOME/.erlang.cookie"
cat > "$HOME/secrets.ini" << END
[admins]
admin = $ADMIN_HASH

[chttpd_auth]
secret = $COOKIE_SECRET

[couchdb]
uuid = $CLUSTER_UUID
END
`;

/**
 * The script that starts a node. What an administrator changes by the API goes to the last file and is gone with the pod.
 * The image's own vm.args lets Erlang listen on port 9100 alone.
 */
export const startScript = `${secretsScript}
etc=/opt/couchdb/etc
export COUCHDB_INI_FILES="$etc/default.ini $etc/default.d /etc/couchdb/couchdb.ini /etc/couchdb/settings.ini $HOME/secrets.ini"
node=couchdb@$(hostname -f)
unset ERLANG_COOKIE ADMIN_HASH COOKIE_SECRET CLUSTER_UUID
exec /opt/couchdb/bin/couchdb -name "$node"
`;
