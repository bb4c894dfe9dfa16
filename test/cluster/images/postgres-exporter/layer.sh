# Stand-in for prometheuscommunity/postgres-exporter v0.18.1: version 0.19.1 from Debian forky on a Debian base. The real image is
# busybox.
# Forky's own files go over those of packages that it splits in another way.
echo "deb [check-valid-until=no] $MIRROR forky main" > /etc/apt/sources.list.d/forky.list
apt-get update
apt-get install -y --no-install-recommends -t forky -o Dpkg::Options::=--force-overwrite prometheus-postgres-exporter
ln -s prometheus-postgres-exporter /usr/bin/postgres_exporter   # /bin is /usr/bin
postgres_exporter --version 2>&1 | grep -F 'version 0.19.1'
