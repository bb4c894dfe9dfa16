# Stand-in for restic/restic: the same version, built from its Go module by .ci/bed.sh, on a Debian base. The real image is
# Alpine.
install -m 755 /mnt/bin/restic /usr/bin/restic
restic version | grep -F "restic $(sed 's/.*://' /mnt/recipe/names) "
