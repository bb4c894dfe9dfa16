# Stand-in for the official haproxy:3.2: Debian bookworm's HAProxy 2.6, which refuses keywords that are newer. User,
# paths and entrypoint are as in the real image, which has no configuration of its own either.
apt-get update
apt-get install -y --no-install-recommends haproxy
groupmod -g 99 haproxy
usermod -u 99 -g 99 haproxy
rm -rf /etc/haproxy
mkdir -p /usr/local/etc/haproxy /var/lib/haproxy
chown 99:99 /var/lib/haproxy
ln -s /usr/sbin/haproxy /usr/local/sbin/haproxy
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
