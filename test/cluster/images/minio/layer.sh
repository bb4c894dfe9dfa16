# Stand-in for pgsty/minio: upstream's MinIO server (2026-02) and mc (2025-03), built from their Go modules
# by .ci/bed.sh (which pins the versions) on a Debian base. Upstream's own image is ubi-micro with curl: bash
# and coreutils, but no sed, grep or awk.
install -m 755 /mnt/bin/minio /mnt/bin/mc /usr/bin/
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/bin/docker-entrypoint.sh
mkdir -p /data
