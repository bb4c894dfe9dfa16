import { dataFolder, patroniFolder, volumeFolder } from './patroni-config';

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
 * same node. Only the first member may found a cluster, and only once every other one says that it has no data either: with
 * an empty etcd beside kept data it would otherwise be a matter of speed whether that data is found again.
 * https://patroni.readthedocs.io/en/latest/rest_api.html#monitoring-endpoint
 * @param others host names of all members but the first
 */
export const startScript = (others: readonly string[]) => `export PATRONI_NAME="$POD_NAME"
export PATRONI_RESTAPI_CONNECT_ADDRESS="$POD_IP:8008" PATRONI_POSTGRESQL_CONNECT_ADDRESS="$POD_IP:5432"
config=${patroniFolder}/patroni.yml
if [ "\${POD_NAME##*-}" = 0 ] && [ ! -s ${volumeFolder}/${dataFolder}/PG_VERSION ]; then
  trap 'exit 143' TERM
  before=
  while silent=; do
    for member in${others.map((host) => ` ${host}`).join('')}; do
      if ! answer=$(curl --silent --fail --max-time 5 "http://$member:8008/patroni"); then silent="$silent $member"; continue; fi
      case $answer in *database_system_identifier*) break 2 ;; esac
    done
    if [ -z "$silent" ]; then config=${patroniFolder}; break; fi
    if [ "$silent" != "$before" ]; then echo "This member has no data, and before it founds a cluster it waits for an answer of$silent"; fi
    before=$silent
    sleep 2
  done
  trap - TERM
fi
exec patroni "$config"
`;
