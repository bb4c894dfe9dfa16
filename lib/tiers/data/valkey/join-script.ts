import { placement } from './placement';

/**
 * Makes one cluster of the nodes, or mends it; without anything to do it changes nothing. It never deletes a key, resets
 * a node, or takes a slot from a node that answers. https://valkey.io/topics/cluster-spec/
 *
 * Environment: `NODES`, the nodes as host:port, separated by spaces; `SHARDS`, how many masters; `REPLICAS`, how many
 * replicas each; `PATIENCE`, for how many seconds nodes that do not answer are waited for; `REDISCLI_AUTH`, the password.
 */
export const joinScript = String.raw`set -eu
work=$(mktemp -d /tmp/join.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
say() { echo "$*"; }
fail() { echo "$*" >&2; exit 1; }
ask() {
  ask_node=$1; shift
  timeout 5 valkey-cli -e -h "$(echo "$ask_node" | sed 's/:[0-9]*$//')" -p "$(echo "$ask_node" | sed 's/.*://')" "$@" < /dev/null
}

# What every node that answers says, in the file nodes, one a line:
#   1 host:port  2 address:port  3 id  4 master|slave  5 its slots, counted  6 its keys  7 where it runs  8 id of its master
# and its table of the cluster in the file view.<id>.
look() {
  rm -f nodes view.*
  touch nodes
  for node in $NODES; do
    [ "$(ask "$node" PING 2>&1 | head -n 1)" = PONG ] || continue
    host=$(echo "$node" | sed 's/:[0-9]*$//')
    address=$(getent ahosts "$host" | awk 'NR == 1 { print $1 }')
    id=$(ask "$node" CLUSTER MYID) || continue
    ask "$node" CLUSTER NODES > "view.$id" || continue
    keys=$(ask "$node" DBSIZE) || continue
    zone=$(ask "$node" INFO server | tr -d '\r' | sed -n 's/^availability_zone://p')
    awk -v node="$node" -v address="$address:$(echo "$node" | sed 's/.*://')" -v keys="$keys" -v zone="$zone" '
      $3 ~ /myself/ {
        for (i = 9; i <= NF; i++) if ($i !~ /^\[/) { split($i, s, "-"); slots += (s[2] == "" ? s[1] : s[2]) - s[1] + 1 }
        print node, address, $1, ($3 ~ /slave/ ? "slave" : "master"), slots + 0, keys, (zone == "" ? "-" : zone), $4
      }' "view.$id" >> nodes
  done
}
answering() { awk 'END { print NR }' nodes; }
expected=$(echo $NODES | wc -w)

# Pairs of which the first has no connection to the second at its present address.
strangers() {
  while read -r from _ own _; do
    awk -v from="$from" -v own="$own" '
      FILENAME == "nodes" { if ($3 != own) at[$3] = $2; next }
      $1 in at && $8 == "connected" && $3 !~ /handshake|noaddr/ && index($2, at[$1] "@") == 1 { delete at[$1] }
      END { for (id in at) print from, at[id] }' nodes "view.$own"
  done < nodes
}
acquaint() {
  round=0
  while look; strangers > strangers; [ -s strangers ]; do
    [ "$round" -lt 60 ] || fail "These nodes do not find each other: $(tr '\n' ';' < strangers)"
    # The others hear of each other from the first one, unless their addresses changed all at once.
    if [ $((round % 5)) = 0 ]; then
      [ "$round" -gt 0 ] || { head -n 1 nodes | cut -d ' ' -f 1 > first; grep -Fw -f first strangers > some || true; }
      [ "$round" -eq 0 ] && [ -s some ] || cp strangers some
      while read -r from to; do
        say "$from meets $to"
        ask "$from" CLUSTER MEET "$(echo "$to" | sed 's/:[0-9]*$//')" "$(echo "$to" | sed 's/.*://')" > /dev/null || true
      done < some
    fi
    round=$((round + 1))
    sleep 1
  done
}

# An id is gone for good where another one answers in its place, or others in all. It stays while somebody has its keys.
#   1 id  2 address:port  3 slots, or -  4 its host where that is no longer one of the nodes, or -
gone() {
  cat view.* | awk -v all="$([ "$(answering)" = "$expected" ] && echo 1)" -v nodes="$NODES" '
    BEGIN { for (n = split(nodes, part, " "); n > 0; n--) { sub(":.*", "", part[n]); listed[part[n]] = 1 } }
    FILENAME == "nodes" { live[$3] = 1; at[$2] = 1; split($1, host, ":"); named[host[1]] = 1; kept[$8] = 1; next }
    $1 in live { next }
    $3 ~ /(^|,)fail(,|$)/ && !seen[$1]++ {
      split($2, part, ","); sub("@.*", "", part[1])
      if ((all || (part[2] != "" ? part[2] in named : part[1] in at)) && !($1 in kept))
        print $1, part[1], (NF > 8 ? "slots" : "-"), (part[2] == "" || part[2] in listed ? "-" : part[2])
    }' nodes -
}
forget() {
  gone > gone
  [ -s gone ] || return 0
  while read -r id address slots left; do
    if [ "$slots" = slots ]; then
      [ "$(answering)" -ge "$expected" ] || continue
      [ "$left" = - ] || fail "$left has keys that nobody else has, and is no longer one of the nodes. Its volume is kept: write shards and replicasPerShard as before, and let a node that stays take its keys over."
      say "The keys of $id are lost with its volume: restore them from a backup."
    fi
    say "forgetting $id, which was at $address and will not come back"
    while read -r node _; do ask "$node" CLUSTER FORGET "$id" > /dev/null 2>&1 || true; done < nodes
  done < gone
  look
}

# Slots that nobody is known to own go to new masters, each on a node of its own where possible.
unowned() {
  cat view.* | awk '
    { for (i = 9; i <= NF; i++) if ($i !~ /^\[/) { split($i, s, "-"); for (n = s[1]; n <= (s[2] == "" ? s[1] : s[2]); n++) owned[n] = 1 } }
    END { for (n = 0; n < 16384; n++) if (!(n in owned)) print n }'
}
assign_slots() {
  unowned > unowned
  [ -s unowned ] || return 0
  [ "$(answering)" = "$expected" ] || fail "Slots are without a master, and only $(answering) of $expected nodes answer: $(awk '{ print $1 }' nodes | tr '\n' ' ')"
  awk -v shards="$SHARDS" '
    $5 > 0 { old[++olds] = $1; used[$7]++; next }
    $4 == "master" && $6 == 0 { free[++frees] = $1; zone[$1] = $7 }
    END {
      while (olds + chosen < shards) {
        best = ""
        for (i = 1; i <= frees; i++) if (!taken[free[i]] && (best == "" || used[zone[free[i]]] < used[zone[best]])) best = free[i]
        if (best == "") exit 1
        taken[best] = 1; used[zone[best]]++; chosen++
        print best
      }
      if (chosen == 0) for (i = 1; i <= olds; i++) print old[i]
    }' nodes > masters || fail 'There are not enough empty nodes for new masters; nothing was changed.'
  awk '
    FILENAME == "masters" { master[++masters] = $1; next }
    { slot[++slots] = $1 }
    END {
      for (i = 1; i <= slots; i++) {
        owner = master[int((i - 1) * masters / slots) + 1]
        if (i > 1 && owner == last && slot[i] == to + 1) { to = slot[i]; continue }
        if (i > 1) print last, from, to
        last = owner; from = to = slot[i]
      }
      print last, from, to
    }' masters unowned > ranges
  while read -r node from to; do
    say "$node gets the slots $from to $to"
    ask "$node" CLUSTER ADDSLOTSRANGE "$from" "$to" > /dev/null
  done < ranges
  while read -r node; do ask "$node" CLUSTER BUMPEPOCH > /dev/null; done < masters
  sleep 2
  look
}

# Empty nodes become replicas: of masters that lack one first, and as many as possible on another node than their master.
assign_replicas() {
  [ "$REPLICAS" -gt 0 ] || return 0
  awk '$4 == "master" && $5 == 0 && $6 == 0 { print $7, $1 }' nodes | sort > empty
  [ -s empty ] || return 0
  awk -v replicas="$REPLICAS" -v empty="$(awk 'END { print NR }' empty)" '
    $5 > 0 { master[++masters] = $3; zone[$3] = $7 }
    $4 == "slave" { have[$8]++ }
    END {
      for (n = 0; masters && printed < empty; n++)
        for (i = 1; i <= masters && printed < empty; i++)
          if (n >= replicas || have[master[i]] + 0 <= n) { print zone[master[i]], master[i]; printed++ }
    }' nodes | sort > lacking
  awk '
    FILENAME == "lacking" { zone[++n] = $1; master[n] = $2; next }
    { at[++m] = $1; node[m] = $2 }
    END {
      most = -1
      for (shift = 0; shift < n; shift++) {
        apart = 0
        for (i = 1; i <= m; i++) apart += at[i] != zone[(i + shift - 1) % n + 1]
        if (apart > most) { most = apart; best = shift }
      }
      for (i = 1; i <= m; i++) print node[i], master[(i + best - 1) % n + 1]
    }' lacking empty > pairs
  while read -r node master; do
    say "$node becomes a replica of $master"
    ask "$node" CLUSTER REPLICATE "$master" > /dev/null
  done < pairs
}

# Every node that answers serves, and every replica has what its master has.
settled() {
  while read -r node _ _ role _; do
    ask "$node" CLUSTER INFO | tr -d '\r' | grep -qx cluster_state:ok || return 1
    [ "$role" = master ] || ask "$node" INFO replication | tr -d '\r' | grep -qx master_link_status:up || return 1
  done < nodes
}
settle() {
  round=0
  while look; ! settled; do
    [ "$round" -lt 120 ] || fail "The cluster is not whole: $(awk '{ print $1, $4, $5 " slots;" }' nodes | tr '\n' ' ')"
    round=$((round + 1))
    sleep 1
  done
}

${placement}
waited=0
while look; [ "$(answering)" -lt "$expected" ] && [ "$waited" -lt "$PATIENCE" ]; do
  sleep 2
  waited=$((waited + 2))
done
[ "$(answering)" -gt 0 ] || fail 'No node answers.'
acquaint
forget
assign_slots
assign_replicas
settle
place_replicas
spread_masters
place_replicas
awk '{ print $1, $4, $5 " slots,", $6 " keys, on", $7 }' nodes
[ "$(answering)" = "$expected" ] || fail "Only $(answering) of $expected nodes answer."
`;
