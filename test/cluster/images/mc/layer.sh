# Stand-in for pgsty/mc: upstream's mc of 2025-03, built from its Go module by .ci/bed.sh (which pins the version)
# on a Debian base. Upstream's own image is ubi-micro: bash and coreutils, but no sed, grep, awk or curl.
install -m 755 /mnt/bin/mc /usr/bin/
