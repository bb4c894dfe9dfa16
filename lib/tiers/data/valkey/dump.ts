import { dumpFolder, type Dump } from '../../../core/backup';
import type { ContainerProps } from '../../../core/container';
import type { Credential } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import type { Resources } from '../../../core/resources';
import { images } from '../../../images';
import { authentication } from './server';

export interface ValkeyDumpProps {
  readonly endpoint: Endpoint;
  /** Key `password`. */
  readonly credential: Credential;
  /** Size of the data's volume. */
  readonly storage: string;
  /** Those of the server: the keys of one are in memory once more while they are loaded. */
  readonly resources: Resources;
}

/** All keys and functions of one server, as its file dump.rdb. https://valkey.io/topics/persistence/ */
export function serverDump(props: ValkeyDumpProps): Dump {
  return dump(props, saveServer, loadServer);
}

/**
 * All keys and functions of a cluster, one file a master. The files are not of the very same moment, and a key that ends at a
 * time may get the milliseconds more that its way back takes: https://valkey.io/commands/migrate/
 */
export function clusterDump(props: ValkeyDumpProps): Dump {
  return dump(props, saveCluster, loadCluster);
}

function dump({ endpoint, credential, storage, resources }: ValkeyDumpProps, save: string, load: string): Dump {
  const container = (script: string): ContainerProps => ({
    image: images.valkey,
    command: ['sh', '-c', script],
    env: { ...authentication(credential), SERVER: endpoint.host, PORT: endpoint.port.service },
    mounts: { [loadFolder]: temporary('load', storage) },
    resources,
  });
  return { method: 'rdb', endpoint, save: container(save), load: container(load) };
}

const loadFolder = '/load';

/** `valkey-cli` for the server of the environment; `at` for another one. */
const clients = `set -eu
fail() { echo "$*" >&2; exit 1; }
at() { node=$1; shift; valkey-cli -e -h "\${node%:*}" -p "\${node##*:}" "$@"; }
save() {
  at "$1" --rdb "$2" > ${loadFolder}/log 2>&1 || { cat ${loadFolder}/log >&2; exit 1; }
  valkey-check-rdb "$2" > ${loadFolder}/log 2>&1 || { cat ${loadFolder}/log >&2; exit 1; }
}
# The masters with their slots, as address:port.
masters() { at "$SERVER:$PORT" CLUSTER NODES | awk '$3 ~ /master/ && NF > 8 { sub("@.*", "", $2); print $2 }'; }
whole() { at "$SERVER:$PORT" CLUSTER INFO | tr -d '\\r' | grep -qx 'cluster_slots_ok:16384'; }
`;

const saveServer = `${clients}save "$SERVER:$PORT" ${dumpFolder}/keys.rdb
`;

const saveCluster = `${clients}whole || fail 'Not every slot of the cluster is served: there would be keys missing.'
masters > ${loadFolder}/masters
number=0
while IFS= read -r master; do
  number=$((number + 1))
  save "$master" "${dumpFolder}/$number.rdb"
done < ${loadFolder}/masters
[ "$number" -gt 0 ] || fail 'The cluster has no masters.'
`;

/** A server of our own that holds what a file says, without a password, for this container only. */
const source = `temporary() { env -u REDISCLI_AUTH valkey-cli -e -h 127.0.0.1 -p 6380 "$@"; }
serve() {
  rm -rf ${loadFolder}/source
  mkdir ${loadFolder}/source
  ln -s "$1" ${loadFolder}/source/keys.rdb
  valkey-server --bind 127.0.0.1 --port 6380 --dir ${loadFolder}/source --dbfilename keys.rdb --save '' --aof-use-rdb-preamble no \\
    > ${loadFolder}/log 2>&1 &
  server=$!
  until [ "$(temporary PING 2> /dev/null)" = PONG ]; do
    kill -0 "$server" 2> /dev/null || { cat ${loadFolder}/log >&2; exit 1; }
    sleep 0.2
  done
}
stop() { temporary SHUTDOWN NOSAVE 2> /dev/null || true; wait "$server" || true; }
field() { tr -d '\\r' | sed -n "s/^$1://p"; }
# Database and number of its keys, one a line.
counts() { tr -d '\\r' | sed -n 's/^db\\([0-9]*\\):keys=\\([0-9]*\\),.*/\\1 \\2/p'; }
# Clients may have written more meanwhile.
compare() {
  awk 'NR == FNR { wanted[$1] = $2; next } { found[$1] = $2 }
    END { for (db in wanted) if (found[db] + 0 < wanted[db]) { print "Database " db " has " found[db] + 0 " keys, in the backup are " wanted[db]; bad = 1 } exit bad }' \\
    ${loadFolder}/wanted ${loadFolder}/found >&2
}
`;

/** As commands through one connection: that keeps times to live, databases and functions. */
const loadServer = `${clients}${source}until [ "$(at "$SERVER:$PORT" PING 2> /dev/null)" = PONG ]; do sleep 2; done
serve ${dumpFolder}/keys.rdb
temporary BGREWRITEAOF > /dev/null
until [ "$(temporary INFO persistence | field aof_rewrite_in_progress)$(temporary INFO persistence | field aof_rewrite_scheduled)" = 00 ]; do sleep 0.2; done
[ "$(temporary INFO persistence | field aof_last_bgrewrite_status)" = ok ] || { cat ${loadFolder}/log >&2; exit 1; }
at "$SERVER:$PORT" FLUSHALL > /dev/null
at "$SERVER:$PORT" FUNCTION FLUSH > /dev/null
cat ${loadFolder}/source/appendonlydir/*.base.aof | at "$SERVER:$PORT" --pipe > ${loadFolder}/pipe 2>&1 || fail "$(tail -n 3 ${loadFolder}/pipe)"
temporary INFO keyspace | counts > ${loadFolder}/wanted
at "$SERVER:$PORT" INFO keyspace | counts > ${loadFolder}/found
compare
stop
echo "restored $(awk '{ n += $2 } END { print n + 0 }' ${loadFolder}/wanted) keys"
`;

/** The masters of now need not be those of the backup: each key goes where its slot is. Names of keys stay out of the log. */
const loadCluster = `${clients}${source}until whole 2> /dev/null; do sleep 2; done
masters > ${loadFolder}/masters
while IFS= read -r master; do
  at "$master" FLUSHALL > /dev/null
  at "$master" FUNCTION FLUSH > /dev/null
done < ${loadFolder}/masters
total=0
for file in ${dumpFolder}/*.rdb; do
  serve "$file"
  keys=$(temporary DBSIZE)
  total=$((total + keys))
  temporary FUNCTION DUMP | head -c -1 > ${loadFolder}/functions
  while IFS= read -r master; do
    at "$master" -x FUNCTION RESTORE < ${loadFolder}/functions > /dev/null 2>&1 || true
  done < ${loadFolder}/masters
  if [ "$keys" -gt 0 ]; then
    valkey-cli --cluster import "$(head -n 1 ${loadFolder}/masters)" --cluster-from 127.0.0.1:6380 --cluster-copy --cluster-replace \\
      > ${loadFolder}/import 2>&1 < /dev/null || fail "$(tail -n 3 ${loadFolder}/import)"
  fi
  stop
done
found=0
while IFS= read -r master; do found=$((found + $(at "$master" DBSIZE < /dev/null))); done < ${loadFolder}/masters
[ "$found" -ge "$total" ] || fail "The cluster has $found keys, in the backup are $total."
echo "restored $total keys"
`;
