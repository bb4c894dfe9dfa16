# Stand-in for prometheuscommunity/postgres-exporter v0.18.1: Debian bookworm's prometheus-postgres-exporter 0.11.1 on a
# Debian base. The real image is busybox.
apt-get update
apt-get install -y --no-install-recommends prometheus-postgres-exporter
ln -s prometheus-postgres-exporter /usr/bin/postgres_exporter   # /bin is /usr/bin
