#!/bin/bash
# The Kubernetes bed of the cluster tests (described in the bed's own README); run as root.
#   bed.sh build        what is built once into ~/.cache/bed: programs, wheels, stand-in images; quick when done
#   bed.sh up | down    a fresh cluster (NODES=3 for three nodes) | no cluster
#   bed.sh run COMMAND  runs COMMAND beside the cluster, with KUBECONFIG set and kubectl on PATH
set -euo pipefail
REPO=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
BED_SOURCE=${BED_SOURCE:-$REPO/../shared/bed}
IMAGES=$REPO/test/cluster/images
export BED=${BED:-${XDG_CACHE_HOME:-$HOME/.cache}/bed}
# Pinned, and known to the checksum database. Server: the commit of RELEASE.2025-09-07T16-13-09Z is
# v0.0.0-20250907161309-07c3a429bfed. Client: that of RELEASE.2025-08-13T08-35-41Z is not in the database.
MINIO=v0.0.0-20260212201848-7aac2a2c5b7c
MC=v0.0.0-20250313080218-cf909e1063a9

fail() { echo "bed.sh: $*" >&2; exit 1; }
say() { echo "[${SECONDS}s] $*"; }

# go_program NAME MODULE VERSION: builds $BED/bin/NAME unless it is there in that version
go_program() {
  local name=$1 module=$2 version=$3 date
  if go version -m "$BED/bin/$name" 2>/dev/null | grep -P "^\tmod\t$module\t$version(\t|$)" > /dev/null; then return; fi
  date=$(sed -E 's/^v0\.0\.0-(....)(..)(..)(..)(..)(..)-.*/\1-\2-\3T\4:\5:\6Z/' <<< "$version")
  CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOBIN=$BED/bin go install -trimpath -ldflags "-s -w
    -X $module/cmd.Version=$date -X $module/cmd.ReleaseTag=DEVELOPMENT.${date//:/-} -X $module/cmd.CommitID=${version##*-}
    -X $module/cmd.ShortCommitID=${version##*-}" "$module@$version"
  say "built $name $version"
}

# The image layers are built in a chroot without the host's registry settings: the host fetches the wheels.
wheels() {
  local list=$IMAGES/mlflow/requirements.txt dir=$BED/bin/wheels
  cmp -s "$list" "$dir/requirements.txt" && return
  rm -rf "$dir"
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 -r "$list" -d "$dir"
  cp "$list" "$dir/requirements.txt"
  say "wheels: $(du -sh "$dir" | cut -f1)"
}

# what a recipe folder's layer depends on: all its files but names and config, and the programs it copies
layer_key() {
  (cd "$1" && find . -type f ! -name names ! -name config | LC_ALL=C sort | xargs -d '\n' sha256sum
   { grep -oE '/mnt/bin/[a-z0-9-]+' layer.sh || true; } | sort -u | sed "s#/mnt/bin#$BED/bin#" | xargs -r stat -c '%n %s %Y') | sha256sum
}
images_key() {
  (cd "$IMAGES" && find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum
   cd "$BED_SOURCE" && sha256sum images.sh pause.c
   stat -c '%n %s %Y' "$BED"/bin/* "$BED/img/images.tar" 2>&1 || true) | sha256sum
}

# images.sh rebuilds a layer when a file of its recipe is newer, and in a fresh clone every file is newer. So it
# gets a copy of the recipes with old times, and a layer whose key changed loses its mark.
images() {
  local img=$BED/img copy=$BED/img/recipes d n mount
  [ "$(images_key)" = "$(cat "$img/images.key" 2>/dev/null)" ] && return
  mkdir -p "$img"; rm -f "$img/images.key"
  # mounts that a killed images.sh left: it would delete through them
  { grep -o " $img/mnt-[^ ]*" /proc/mounts || true; } | tac | while read -r mount; do umount "$mount"; done
  rm -rf "$copy"; cp -r "$IMAGES" "$copy"; find "$copy" -exec touch -d @0 {} +
  for d in "$copy"/*/; do
    n=$(basename "$d")
    [ "$(layer_key "$d")" = "$(cat "$img/x-$n.key" 2>/dev/null)" ] || rm -f "$img/diff-x-$n.ok" "$img/x-$n.key"
  done
  EXTRA=$copy bash "$BED_SOURCE/images.sh"
  for d in "$copy"/*/; do layer_key "$d" > "$img/x-$(basename "$d").key"; done
  images_key > "$img/images.key"
}

case ${1:-} in
  build)
    [ -e "$BED_SOURCE/build.sh" ] || fail "no bed at $BED_SOURCE (set BED_SOURCE)"
    mkdir -p "$BED"; exec 9> "$BED/build.lock"; flock 9       # one build at a time
    bash "$BED_SOURCE/deps.sh"; say "packages"
    WITH=traefik bash "$BED_SOURCE/build.sh"; say "bed programs"
    go_program mc github.com/minio/mc "$MC"
    go_program minio github.com/minio/minio "$MINIO"
    wheels
    images; say "images" ;;
  up)
    bash "$BED_SOURCE/down.sh"
    bash "$BED_SOURCE/up.sh" ;;
  down)
    bash "$BED_SOURCE/down.sh" ;;
  run)
    shift; [ $# -gt 0 ] || fail "run needs a command"
    [ -e /run/netns/bed ] || fail "no cluster is up"
    KUBECONFIG=$BED/run/kc/admin.conf PATH=$BED/bin:$PATH exec nsenter --net=/run/netns/bed "$@" ;;
  *) fail "usage: bed.sh build | up | down | run COMMAND..." ;;
esac
