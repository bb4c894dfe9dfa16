# Stand-in for influxdb: InfluxDB 2.7.12 without its pages, and its client 2.3.0, built from their Go modules (the parser of
# Flux from its Rust sources) on a Debian base with curl, as in the real image; without the real entrypoint, which the
# manifests do not use.
apt-get update
apt-get install -y --no-install-recommends curl
groupadd -r -g 1000 influxdb
useradd -r -g influxdb -u 1000 -m -d /home/influxdb -s /bin/bash influxdb
install -m 755 /mnt/bin/influxd /mnt/bin/influx /usr/local/bin/
mkdir -p /var/lib/influxdb2 /etc/influxdb2
chown influxdb:influxdb /var/lib/influxdb2 /etc/influxdb2
