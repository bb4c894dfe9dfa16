# Stand-in for ghcr.io/zalando/spilo-17: Patroni 4.1.5 from PyPI on Debian bookworm's Python 3.11, with PostgreSQL 17, PostGIS 3.5.2
# and the Apache-licensed part of TimescaleDB 2.19.3 from Debian trixie. Nothing else of Spilo is here: no launch.sh,
# configure_spilo.py, runit, WAL-G or pgbouncer.
groupadd -r -g 103 postgres
useradd -r -g 103 -u 101 -d /home/postgres -m -s /bin/bash postgres
mkdir -p /etc/postgresql-common
echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update
apt-get install -y --no-install-recommends python3   # 3.11, for which the wheels are
echo "deb $MIRROR trixie main" > /etc/apt/sources.list.d/trixie.list
apt-get update
apt-get install -y --no-install-recommends -t trixie curl locales postgresql-17 postgresql-17-postgis-3 \
  postgresql-17-postgis-3-scripts postgresql-17-timescaledb
localedef -i en_US -c -f UTF-8 -A /usr/share/locale/locale.alias en_US.UTF-8
rm -rf /usr/share/i18n
mkdir -p /home/postgres/pgdata /var/run/postgresql
chown 101:103 /home/postgres /home/postgres/pgdata /var/run/postgresql
chmod 2775 /var/run/postgresql
cd /mnt/bin/wheels-patroni
PYTHONPATH=$(ls pip-*.whl) python3 -m pip install --break-system-packages --root-user-action=ignore --no-cache-dir \
  --no-index --find-links . --no-deps -r /mnt/recipe/requirements.txt
cd /
/usr/local/bin/patroni --version | grep -F 4.1.5
/usr/lib/postgresql/17/bin/postgres --version | grep -F '(PostgreSQL) 17.'
python3 -c 'import patroni.dcs.etcd3, psycopg2'
