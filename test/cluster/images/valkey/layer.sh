# Stand-in for valkey/valkey: Valkey 9.1 from Debian forky on a Debian base. Without a configuration file, as in the real image,
# which however is built with protected mode off: here a server that binds all addresses without a password refuses clients
# from elsewhere.
groupadd -r -g 999 valkey
useradd -r -g 999 -u 999 valkey
# Forky's own files go over those of packages that it splits in another way.
echo "deb [check-valid-until=no] $MIRROR forky main" > /etc/apt/sources.list.d/forky.list
apt-get update
apt-get install -y --no-install-recommends -t forky -o Dpkg::Options::=--force-overwrite valkey-server valkey-sentinel valkey-tools
for program in server sentinel cli benchmark check-aof check-rdb; do ln -s "/usr/bin/valkey-$program" /usr/local/bin/; done
mkdir -p /data
chown 999:999 /data
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
valkey-server --version | grep -F "v=$(sed 's/.*:\(.*\)\..*/\1/' /mnt/recipe/names)."
