/**
 * Functions of the job that makes and mends the cluster: which node follows which master, and where the masters run. They
 * read the file `nodes` of the script in join-script.ts, and change nothing while a node does not answer.
 */
export const placement = String.raw`# Replicas that are here in the wrong place move: from a master that has one to spare to one that lacks one, and away from
# the node of their own master, with which they would be lost, in exchange for another one. One after the other, so that no
# master is without its replicas for longer than the next takes to copy.
misplaced() {
  awk -v replicas="$REPLICAS" '
    $5 > 0 { zone[$3] = $7; master[++masters] = $3 }
    $4 == "slave" { have[$8]++; replica[++n] = $1; at[n] = $7; of[n] = $8 }
    END {
      for (i = 1; i <= masters; i++) {
        if (have[master[i]] + 0 >= replicas) continue
        best = 0
        for (j = 1; j <= n; j++)
          if (have[of[j]] > replicas && (!best || at[best] == zone[master[i]])) best = j
        if (best) { print replica[best], master[i]; exit }
      }
      for (i = 1; i <= n; i++) {
        if (at[i] == "-" || at[i] != zone[of[i]]) continue
        for (j = 1; j <= n; j++)
          if (at[j] != zone[of[i]] && at[i] != zone[of[j]]) { print replica[j], of[i]; print replica[i], of[j]; exit }
      }
    }' nodes
}
place_replicas() {
  [ "$REPLICAS" -gt 0 ] && [ "$(answering)" = "$expected" ] || return 0
  turn=0
  while misplaced > moves; [ -s moves ] && [ "$turn" -lt "$expected" ]; do
    turn=$((turn + 1))
    while read -r node master; do
      say "$node becomes a replica of $master instead"
      ask "$node" CLUSTER REPLICATE "$master" > /dev/null
      sleep 2
      settle
    done < moves
  done
}

# Two masters on one node would be lost together, and with them the majority: a replica elsewhere takes over from one.
spread_masters() {
  [ "$(answering)" = "$expected" ] || return 0
  turn=0
  while [ "$turn" -lt "$SHARDS" ]; do
    turn=$((turn + 1))
    replica=$(awk '
      $7 == "-" { next }
      $5 > 0 { masters[$7]++; zone[$3] = $7 }
      $4 == "slave" { replica[++replicas] = $1; at[replicas] = $7; of[replicas] = $8 }
      END { for (i = 1; i <= replicas; i++) if (masters[zone[of[i]]] > masters[at[i]] + 1) { print replica[i]; exit } }' nodes)
    [ -n "$replica" ] || return 0
    say "$replica takes over from its master, beside which another one runs"
    ask "$replica" CLUSTER FAILOVER > /dev/null
    sleep 3
    settle
  done
}
`;
