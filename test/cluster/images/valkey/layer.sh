# Stand-in for valkey/valkey: Valkey 8.0 from bookworm-backports (the real image has 9.1). Without a configuration file,
# as in the real image, which however is built with protected mode off: here a server that binds all addresses without a
# password refuses clients from elsewhere.
groupadd -r -g 999 valkey
useradd -r -g 999 -u 999 valkey
echo "deb $MIRROR bookworm-backports main" > /etc/apt/sources.list.d/backports.list
apt-get update
apt-get install -y --no-install-recommends -t bookworm-backports valkey-server valkey-sentinel valkey-tools
for program in server sentinel cli benchmark check-aof check-rdb; do ln -s "/usr/bin/valkey-$program" /usr/local/bin/; done
mkdir -p /data
chown 999:999 /data
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
