# Stand-in for pgrouting/pgrouting (PostgreSQL 16, PostGIS 3.5, pgRouting 3.8). It carries Debian bookworm's
# PostgreSQL 15, PostGIS 3.3.2 and pgRouting 3.4.2, and a small entrypoint of our own. Unlike the real image,
# which inherits an init script from postgis/postgis, it creates no extension by itself.
groupadd -r -g 999 postgres
useradd -r -g 999 -u 999 -d /var/lib/postgresql -s /bin/bash postgres
mkdir -p /etc/postgresql-common
echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update
apt-get install -y --no-install-recommends \
  locales postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts \
  postgresql-15-pgrouting postgresql-15-pgrouting-scripts
localedef -i en_US -c -f UTF-8 -A /usr/share/locale/locale.alias en_US.UTF-8   # the real image's LANG
rm -rf /usr/share/i18n
ln -sf /usr/lib/postgresql/15/bin/* /usr/local/bin/
sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" /usr/share/postgresql/15/postgresql.conf.sample
mkdir -p /var/lib/postgresql/data /var/run/postgresql /docker-entrypoint-initdb.d
chown 999:999 /var/lib/postgresql /var/lib/postgresql/data /var/run/postgresql
chmod 1777 /var/lib/postgresql/data
chmod 3777 /var/run/postgresql
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
