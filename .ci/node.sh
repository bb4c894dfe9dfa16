#!/bin/bash
# Kills a node of the Kubernetes bed with everything that runs on it, as a power cut does, and starts it again; as root.
#   node.sh kill NODE     NODE is n2 or n3: n1 runs the control plane
#   node.sh start NODE
# The cluster tests call the program that HEARTH_TEST_NODES names in the same way; on other clusters that is yours to write.
set -euo pipefail
export BED=${BED:-${XDG_CACHE_HOME:-$HOME/.cache}/bed}
BED_SOURCE=${BED_SOURCE:-$(git -C "$(dirname "$0")" rev-parse --show-toplevel)/../shared/bed}
fail() { echo "node.sh: $*" >&2; exit 1; }
[ $# = 2 ] || fail "usage: node.sh kill|start NODE"
[[ $2 =~ ^n[23]$ ]] || fail "$2 is no node to kill: n2 or n3"
i=${2#n}
NODES=3
. "$BED_SOURCE/lib.sh"
[ -e "$RUN/$2/pid" ] || fail "no node $2 is up"

case $1 in
  kill)
    # Nothing answers any more, not even with a refusal.
    ip -n bed link set "bed$2" down
    # All processes of the node but its first one, which holds the namespaces.
    in_node "$i" bash -c 'kill -9 -1' || true
    for name in containerd kubelet proxy netpol; do rm -f "$RUN/pids/$name-$2"; done ;;
  start)
    [ ! -e "$RUN/pids/kubelet-$2" ] || fail "$2 is running"
    # What a boot would find gone: the state of containers, and their networks.
    in_node "$i" bash -c '
      grep -oE " /run/(containerd|netns/cni-)[^ ]+" /proc/mounts | tac | while read -r mount; do umount -l "$mount"; done
      rm -rf /run/containerd/* /run/netns/cni-*
      ip -o link show type veth | sed -nE "s/^[0-9]+: (veth[^@:]*).*/\1/p" | while read -r link; do ip link delete "$link"; done'
    ip -n bed link set "bed$2" up
    bg_node "$i" "containerd-$2" containerd -c "$RUN/cfg/containerd.toml"
    waitfor 60 "containerd $2" in_node "$i" ctr version
    # It ends where containerd is not ready for it yet.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      bg_node "$i" "kubelet-$2" kubelet --config="$RUN/cfg/kubelet-$2.yaml" --kubeconfig="$RUN/kc/kubelet-$2.conf" --hostname-override="$2" --node-ip="$NODE_NET.1$i" --v=2
      waitfor 6 "kubelet $2" in_node "$i" bash -c 'exec 3<>/dev/tcp/127.0.0.1/10248' && break
    done
    bg_node "$i" "proxy-$2" kube-proxy --kubeconfig="$RUN/kc/proxy.conf" --hostname-override="$2" --proxy-mode="$PROXY_MODE" --cluster-cidr="$POD_NET.0.0/16" --conntrack-max-per-core=0 --conntrack-min=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0
    bg_node "$i" "netpol-$2" "$BED/bin/netpol" --kubeconfig="$RUN/kc/netpol.conf" --node="$2"
    k wait --for=condition=Ready "node/$2" --timeout=120s ;;
  *) fail "usage: node.sh kill|start NODE" ;;
esac
