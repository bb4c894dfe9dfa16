# Stand-in for oliver006/redis_exporter v1.81.0: version 1.86.0 from Debian forky on a Debian base. The real image holds
# nothing but the program.
# Forky's own files go over those of packages that it splits in another way.
echo "deb [check-valid-until=no] $MIRROR forky main" > /etc/apt/sources.list.d/forky.list
apt-get update
apt-get install -y --no-install-recommends -t forky -o Dpkg::Options::=--force-overwrite prometheus-redis-exporter
ln -s /usr/bin/prometheus-redis-exporter /redis_exporter
/redis_exporter --version 2>&1 | grep -F '1.86.0'
