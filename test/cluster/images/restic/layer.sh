# Stand-in for restic/restic: Debian bookworm's restic 0.14 on a Debian base. Upstream's own image is Alpine.
apt-get update
apt-get install -y --no-install-recommends restic
