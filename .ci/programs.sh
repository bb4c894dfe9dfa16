#!/bin/bash
# Programs that test:config wants on PATH beside those of the bed. Those of stand-in images are taken from there: OpenSearch,
# Keycloak, PostgreSQL with PostGIS and pgRouting, HAProxy, Mosquitto, nginx and Valkey. From Debian come OpenLDAP, a busybox
# with nc -e, and Chromium, by which test:cluster signs in.
set -euo pipefail
bed=${BED:-${XDG_CACHE_HOME:-$HOME/.cache}/bed}
img=$bed/img
exec 9> "$bed/programs.lock"; flock 9       # one at a time
for home in /usr/share/opensearch /opt/keycloak; do
  layer=$img/diff-x-${home##*/}
  if [ "$layer.ok" -nt $home/.copied ]; then
    rm -rf $home
    cp -r "$layer$home" "${home%/*}/"
    chmod -R a+rX $home
    touch $home/.copied
  fi
done

# from_image IMAGE FROM TO PROGRAM...: programs in the folder FROM of a stand-in image, as scripts in the folder TO. They come from
# a newer Debian than this one may be, so that each is started with the libraries of its image.
from_image() {
  local image=$1 from=$2 to=$3 root=/opt/stand-ins/$1 lib=/usr/lib/x86_64-linux-gnu link chosen program
  shift 3
  # An image that no suite of this run needs is not there.
  [ "$img/diff-x-$image.ok" -nt "$root/.copied" ] || return 0
  rm -rf "$root"
  mkdir -p "$root$lib" "$to"
  cp -r "$img/base-rootfs$lib/." "$root$lib"
  cp -r --remove-destination "$img/diff-x-$image/usr/." "$root/usr"
  # Debian's links to one of several alternatives
  find "$root" -lname '/etc/alternatives/*' | while read -r link; do
    chosen=$(readlink "$img/diff-x-$image$(readlink "$link")") && ln -sf "$root$chosen" "$link"
  done
  chmod -R a+rX /opt/stand-ins
  for program; do
    # PROJ_DATA: coordinate systems of PostGIS, in the version of its library.
    printf '#!/bin/sh\nPROJ_DATA=%s exec %s --library-path %s --argv0 "$0" %s "$@"\n' "$root/usr/share/proj" \
      "$root$lib/ld-linux-x86-64.so.2" "$root$lib:$root/usr/lib:$root$lib/blas:$root$lib/lapack" "$root$from/$program" > "$to/$program"
    chmod 755 "$to/$program"
  done
  touch "$root/.copied"
}
from_image haproxy /usr/sbin /usr/local/sbin haproxy
from_image mosquitto /usr /usr/local sbin/mosquitto bin/mosquitto_passwd bin/mosquitto_pub bin/mosquitto_sub
from_image nginx /usr/sbin /usr/local/sbin nginx
from_image valkey /usr/bin /usr/local/bin valkey-server valkey-cli valkey-check-rdb
postgres=/usr/lib/postgresql/17
[ ! -e "$img/diff-x-postgis.ok" ] ||
  from_image postgis $postgres/bin $postgres/bin $(cd "$img/diff-x-postgis$postgres/bin" && ls)
# Where these look for the rest of their files.
mkdir -p /usr/share/postgresql
for folder in $postgres/lib /usr/share/postgresql/17; do [ -e $folder ] || ln -sT /opt/stand-ins/postgis$folder $folder; done

# is 'PROGRAM ARGUMENT' VERSION: what PROGRAM says of itself, if it is there, holds VERSION
is() { [ ! -e "${1%% *}" ] || [[ $($1 2>&1) == *"$2"* ]] || { echo "programs.sh: $1 is not $2" >&2; exit 1; }; }
is '/usr/local/sbin/haproxy -v' 'version 3.2.'
is '/usr/local/sbin/mosquitto -h' 'mosquitto version 2.1.'
is '/usr/local/sbin/nginx -v' nginx/1.30.
is '/usr/local/bin/valkey-server --version' v=9.1.
is "$postgres/bin/postgres --version" '(PostgreSQL) 17.'

packages="slapd busybox-static chromium"
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing=1
done
[ -n "${missing:-}" ] || exit 0
# No server of its own: the tests start theirs.
mkdir -p /etc/systemd/system
ln -sf /dev/null /etc/systemd/system/slapd.service
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages > /dev/null
