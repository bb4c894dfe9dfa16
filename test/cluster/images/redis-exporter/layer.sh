# Stand-in for oliver006/redis_exporter v1.81.0: Debian bookworm's prometheus-redis-exporter 1.45.0 on a Debian base. The
# real image holds nothing but the program.
apt-get update
apt-get install -y --no-install-recommends prometheus-redis-exporter
ln -s /usr/bin/prometheus-redis-exporter /redis_exporter
