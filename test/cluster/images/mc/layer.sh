# Stand-in for quay.io/minio/mc: the real mc, built from its Go module by .ci/bed.sh (which pins the version)
# on a Debian base; the real image is ubi-micro: bash and coreutils, but no sed, grep, awk or curl.
install -m 755 /mnt/bin/mc /usr/bin/
