#!/bin/bash
# The part of the official entrypoint that hearth relies on: NAME_FILE for POSTGRES_USER, _PASSWORD, _DB and
# _INITDB_ARGS; initdb, password, database and init scripts on an empty PGDATA; then exec "$@".
set -eo pipefail

fail() { echo "error: $*" >&2; exit 1; }

from_file() { # from_file NAME [DEFAULT]
  local file=${1}_FILE
  if [ -n "${!file:-}" ]; then
    [ -z "${!1:-}" ] || fail "both $1 and $file are set (but are exclusive)"
    export "$1=$(< "${!file}")"
    unset "$file"
  else
    export "$1=${!1:-${2:-}}"
  fi
}

sql() { # sql DATABASE [psql arguments]
  psql --no-psqlrc -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -w -d "$@"
}

create_cluster() { # create_cluster [server arguments]
  local hba=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256} script
  [ -n "$POSTGRES_PASSWORD" ] || [ "$hba" = trust ] ||
    fail "Database is uninitialized and superuser password is not specified (POSTGRES_PASSWORD)."
  if [ -n "$POSTGRES_PASSWORD" ]; then
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
  else
    eval 'initdb --username="$POSTGRES_USER" '"$POSTGRES_INITDB_ARGS"
  fi
  printf '\nhost all all all %s\n' "$hba" >> "$PGDATA/pg_hba.conf"

  # a server that only this container reaches, while the init scripts run
  export PGPASSWORD=$POSTGRES_PASSWORD
  unset PGHOST PGHOSTADDR
  pg_ctl -D "$PGDATA" -w start -o "$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")"
  [ "$POSTGRES_DB" = postgres ] || sql postgres -v name="$POSTGRES_DB" <<< 'CREATE DATABASE :"name";'
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) echo "running $script"; if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql) echo "running $script"; sql "$POSTGRES_DB" -f "$script" ;;
      *.sql.gz) echo "running $script"; gunzip -c "$script" | sql "$POSTGRES_DB" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
  echo; echo "PostgreSQL init process complete; ready for start up."; echo
}

[ "${1:0:1}" = - ] && set -- postgres "$@"
if [ "$1" = postgres ]; then
  export PGDATA=${PGDATA:-/var/lib/postgresql/data}
  mkdir -p "$PGDATA"
  if [ "$(id -u)" = 0 ]; then
    chown -R postgres:postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  fi
  chmod 700 "$PGDATA" || true
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    create_cluster "${@:2}"
  fi
fi
exec "$@"
