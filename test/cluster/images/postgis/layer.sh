# Stand-in for pgrouting/pgrouting (PostgreSQL 16, PostGIS 3.5, pgRouting 3.8): Debian trixie's PostgreSQL 17, PostGIS 3.5.2 and
# pgRouting 3.7.3 with the entrypoint of the stand-in for postgres. Unlike the real image, which inherits an init script from
# postgis/postgis, it creates no extension by itself.
groupadd -r -g 999 postgres
useradd -r -g 999 -u 999 -d /var/lib/postgresql -s /bin/bash postgres
mkdir -p /etc/postgresql-common
echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
echo "deb $MIRROR trixie main" > /etc/apt/sources.list.d/trixie.list
apt-get update
apt-get install -y --no-install-recommends -t trixie locales postgresql-17 postgresql-17-postgis-3 \
  postgresql-17-postgis-3-scripts postgresql-17-pgrouting postgresql-17-pgrouting-scripts
localedef -i en_US -c -f UTF-8 -A /usr/share/locale/locale.alias en_US.UTF-8   # the real image's LANG
rm -rf /usr/share/i18n
ln -sf /usr/lib/postgresql/17/bin/* /usr/local/bin/
sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" /usr/share/postgresql/17/postgresql.conf.sample
mkdir -p /var/lib/postgresql/data /var/run/postgresql /docker-entrypoint-initdb.d
chown 999:999 /var/lib/postgresql /var/lib/postgresql/data /var/run/postgresql
chmod 1777 /var/lib/postgresql/data
chmod 3777 /var/run/postgresql
install -m 755 /mnt/recipe/docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
/usr/local/bin/postgres --version | grep -F '(PostgreSQL) 17.'
grep -x "default_version = '3.5.2'" /usr/share/postgresql/17/extension/postgis.control
grep -x "default_version = '3.7.3'" /usr/share/postgresql/17/extension/pgrouting.control
