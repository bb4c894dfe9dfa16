# Stand-in for the official haproxy:3.2: HAProxy 3.2 from Debian forky on a Debian base. User, paths and entrypoint are as in
# the real image, which has no configuration of its own either.
# Forky's own files go over those of packages that it splits in another way.
echo "deb [check-valid-until=no] $MIRROR forky main" > /etc/apt/sources.list.d/forky.list
apt-get update
apt-get install -y --no-install-recommends -t forky -o Dpkg::Options::=--force-overwrite haproxy
groupmod -g 99 haproxy
usermod -u 99 -g 99 haproxy
rm -rf /etc/haproxy
mkdir -p /usr/local/etc/haproxy /var/lib/haproxy
chown 99:99 /var/lib/haproxy
ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
haproxy -v | grep -F "version $(sed 's/.*://' /mnt/recipe/names)."
