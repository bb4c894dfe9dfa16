/** What the pods of a Valkey cluster do themselves at their start and end. `REDISCLI_AUTH` holds the password. */

/**
 * Ready is a node that serves: its cluster does, and as a replica it has what its master has, so that the next pod of a
 * rolling update or a drain waits for it. Before the cluster is made, any node is ready.
 */
export const nodeReady = `[ "$(valkey-cli PING)" = PONG ] || exit 1
case "$(valkey-cli CLUSTER INFO)" in
  *cluster_state:ok* | *cluster_slots_assigned:0*) ;;
  *) exit 1 ;;
esac
case "$(valkey-cli INFO replication)" in
  *role:master* | *master_link_status:up*) ;;
  *) exit 1 ;;
esac
`;

/**
 * After a start of all pods no node knows the address of another one any more. Each greets all others by name; for those
 * that are not there yet, it is they who greet. `NODES` are the nodes as host:port.
 */
export const greetPeers = `round=0
until [ "$(valkey-cli PING 2> /dev/null)" = PONG ]; do
  round=$((round + 1))
  [ "$round" -lt 40 ] || exit 0
  sleep 0.5
done
for node in $NODES; do
  address=$(timeout 3 getent ahosts "\${node%:*}" | awk 'NR == 1 { print $1 }')
  [ -z "$address" ] || [ "$address" = "$POD_IP" ] || valkey-cli CLUSTER MEET "$address" "\${node##*:}"
done > /dev/null 2>&1
exit 0
`;

/**
 * A master hands over to one of its replicas before it stops: clients wait for a second rather than for the node timeout,
 * and nothing is lost. https://valkey.io/commands/cluster-failover/
 */
export const handOver = `round=0
while [ "$round" -lt 8 ]; do
  round=$((round + 1))
  info=$(valkey-cli INFO replication | tr -d '\\r')
  case "$info" in
    *role:slave* | *connected_slaves:0*) exit 0 ;;
  esac
  replica=$(echo "$info" | sed -n 's/^slave[0-9]*:ip=\\([^,]*\\),port=\\([0-9]*\\),state=online,.*/\\1 \\2/p' | head -n 1)
  [ -z "$replica" ] || valkey-cli -h "\${replica% *}" -p "\${replica#* }" CLUSTER FAILOVER
  turn=0
  while [ "$turn" -lt 25 ]; do
    turn=$((turn + 1))
    sleep 0.2
    case "$(valkey-cli INFO replication)" in
      *role:slave*) sleep 0.5; exit 0 ;;
    esac
  done
done > /dev/null 2>&1
exit 0
`;
