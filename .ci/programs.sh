#!/bin/bash
# Programs that test:config wants on PATH beside those of the bed, from Debian: PostgreSQL with PostGIS and pgRouting,
# restic, HAProxy, nginx, OpenLDAP, Valkey (backports), and a busybox with nc -e. And Chromium, by which test:cluster signs in.
set -euo pipefail
# OpenSearch and Keycloak, for which no packages exist, are those of their stand-in images.
for home in /usr/share/opensearch /opt/keycloak; do
  layer=${BED:-${XDG_CACHE_HOME:-$HOME/.cache}/bed}/img/diff-x-${home##*/}
  if [ "$layer.ok" -nt $home/.copied ]; then
    rm -rf $home
    cp -r "$layer$home" "${home%/*}/"
    chmod -R a+rX $home
    touch $home/.copied
  fi
done
packages="postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts postgresql-15-pgrouting
  restic haproxy nginx-light slapd valkey-server valkey-tools busybox-static chromium"
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing=1
done
[ -n "${missing:-}" ] || exit 0
# No server of their own: the tests start theirs.
mkdir -p /etc/postgresql-common /etc/systemd/system
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
ln -sf /dev/null /etc/systemd/system/haproxy.service
ln -sf /dev/null /etc/systemd/system/nginx.service
ln -sf /dev/null /etc/systemd/system/slapd.service
ln -sf /dev/null /etc/systemd/system/valkey-server.service
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm /usr/sbin/policy-rc.d' EXIT
fi
mirror=${MIRROR:-$(awk '/^URIs:/{print $2; exit}' /etc/apt/sources.list.d/debian.sources)}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" \
  > /etc/apt/sources.list.d/backports.list
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages > /dev/null
