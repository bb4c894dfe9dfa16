# Stand-in for ghcr.io/zalando/spilo-17: Patroni 4.1.5 from PyPI on Debian bookworm's Python 3.11, with PostgreSQL 15 and
# PostGIS 3.3.2 from Debian. /usr/lib/postgresql/17 is a symlink to 15, so the real image's paths work, but settings and
# SQL new in 16 or 17 do not. (Maven's PostgreSQL 17 has no psql, pg_basebackup, pg_rewind or PostGIS.) Nothing else of
# Spilo is here: no launch.sh, configure_spilo.py, runit, WAL-G or pgbouncer.
groupadd -r -g 103 postgres
useradd -r -g 103 -u 101 -d /home/postgres -m -s /bin/bash postgres
mkdir -p /etc/postgresql-common
echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update
apt-get install -y --no-install-recommends \
  curl locales python3 postgresql-15 postgresql-15-postgis-3 postgresql-15-postgis-3-scripts
localedef -i en_US -c -f UTF-8 -A /usr/share/locale/locale.alias en_US.UTF-8
rm -rf /usr/share/i18n
ln -s 15 /usr/lib/postgresql/17
mkdir -p /home/postgres/pgdata /var/run/postgresql
chown 101:103 /home/postgres /home/postgres/pgdata /var/run/postgresql
chmod 2775 /var/run/postgresql
cd /mnt/bin/wheels-patroni
PYTHONPATH=$(ls pip-*.whl) python3 -m pip install --break-system-packages --root-user-action=ignore --no-cache-dir \
  --no-index --find-links . --no-deps -r /mnt/recipe/requirements.txt
cd /
/usr/local/bin/patroni --version
python3 -c 'import patroni.dcs.etcd3, psycopg2'
