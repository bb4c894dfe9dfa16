# Stand-in for quay.io/minio/minio: the real MinIO server and mc, built from their Go modules by .ci/bed.sh
# (which pins the versions) on a Debian base; the real image is ubi-micro (no sed, grep or awk) and has curl.
install -m 755 /mnt/bin/minio /mnt/bin/mc /usr/bin/
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/bin/docker-entrypoint.sh
mkdir -p /data
