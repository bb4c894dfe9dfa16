#!/bin/bash
# Programs that test:config wants on PATH beside those of the bed, from Debian: PostgreSQL with PostGIS and pgRouting,
# restic, and a busybox with nc -e.
set -euo pipefail
packages="postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts postgresql-15-pgrouting
  restic busybox-static"
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing=1
done
[ -n "${missing:-}" ] || exit 0
mkdir -p /etc/postgresql-common
# No server of its own: the tests start theirs.
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages > /dev/null
