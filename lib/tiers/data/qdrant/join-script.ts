/**
 * The script that starts a member of a cluster of Qdrant. A member without a state of its own asks one that is ready to let
 * it in, or else the first one, which founds the cluster. So the first one founds no second cluster when its volume is lost.
 * @param hosts of all members, the first one first
 */
export function joinScript(hosts: readonly string[]): string {
  return `set -eu
self=$(hostname -f)
bootstrap=${hosts[0]}

# Answers 200 once it has joined a cluster, or founded one.
ready() {
  timeout 5 bash -c '
    exec 3<>"/dev/tcp/$1/6333"
    printf "GET /readyz HTTP/1.1\\r\\nHost: $1\\r\\nConnection: close\\r\\n\\r\\n" >&3
    read -r _ status _ <&3
    [ "$status" = 200 ]
  ' ready "$1" 2> /dev/null
}

if [ ! -s "$QDRANT__STORAGE__STORAGE_PATH/raft_state.json" ]; then
  for host in ${hosts.join(' ')}; do
    if [ "$host" != "$self" ] && ready "$host"; then
      bootstrap=$host
      break
    fi
  done
fi
# Who bootstraps from itself founds the cluster; both are ignored where the volume has a state.
exec ./qdrant --uri "http://$self:6335" --bootstrap "http://$bootstrap:6335"
`;
}
