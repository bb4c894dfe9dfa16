/** Brings what holds for the whole cluster there, by any member that answers. The password is in no argument. */
export const configureScript = (members: readonly string[]) => `set -eu
until
  for member in ${members.join(' ')}; do
    printf 'user = "%s:%s"\\n' "$PATRONI_RESTAPI_USERNAME" "$PATRONI_RESTAPI_PASSWORD" |
      curl --config - --silent --show-error --fail --max-time 10 --output /dev/null \\
        --request PUT --data @/etc/patroni/cluster.json "http://$member:8008/config" && exit 0
  done
  false
do sleep 2; done
`;

/**
 * Runs `psql` as the superuser against whoever leads, with the password of now: that of the environment, or of the file
 * where a rotation was interrupted and is finished.
 */
export const toLeaderScript = (members: readonly string[]) => `set -eu
export PGHOST=${members.join()} PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
export PGTARGETSESSIONATTRS=read-write PGCONNECT_TIMEOUT=5
for PGPASSWORD in "$PATRONI_SUPERUSER_PASSWORD" "$(cat /run/secrets/superuser/password)"; do
  export PGPASSWORD
  if psql -Xq --no-password --output=/dev/null --command='SELECT 1'; then
    exec psql -Xq --no-password --file=-
  fi
done
exit 1
`;

/**
 * Tells Patroni who it is among the members: by its address, so that a failover asks no DNS, which may have gone with the
 * same node.
 */
export const startScript = `export PATRONI_NAME="$POD_NAME"
export PATRONI_RESTAPI_CONNECT_ADDRESS="$POD_IP:8008" PATRONI_POSTGRESQL_CONNECT_ADDRESS="$POD_IP:5432"
exec patroni /etc/patroni/patroni.yml
`;
