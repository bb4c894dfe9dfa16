import { dumpFolder, type Dump } from '../../../core/backup';
import type { ContainerProps } from '../../../core/container';
import type { Credential } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import { images } from '../../../images';
import { ini, secretsScript } from './server';

export interface ReplicaDumpProps {
  /** HTTP API of the cluster. */
  readonly endpoint: Endpoint;
  /** Keys of an administrator and of a node. */
  readonly admin: Credential;
}

/**
 * Replication into a CouchDB that runs in the job alone, whose files are the dump, and back. So deleted documents, conflicts,
 * attachments and design documents come along. https://docs.couchdb.org/en/stable/maintenance/backups.html
 */
export function replicaDump({ endpoint, admin }: ReplicaDumpProps): Dump {
  const container = (script: string): ContainerProps => ({
    image: images.couchdb,
    command: ['bash', '-c', script],
    env: {
      CLUSTER: endpoint.address,
      USERNAME: admin.key('username'),
      PASSWORD: admin.key('password'),
      ADMIN_HASH: admin.key('passwordHash'),
      COOKIE_SECRET: admin.key('cookieSecret'),
      ERLANG_COOKIE: admin.key('erlangCookie'),
      CLUSTER_UUID: admin.key('uuid'),
      HOME: '/tmp/couchdb',
      LC_ALL: 'C',
    },
    mounts: { '/tmp': temporary('tmp', '256Mi') },
    resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } },
  });
  return { method: 'replication', endpoint, save: container(saveScript), load: container(loadScript) };
}

const copyIni = ini({
  couchdb: { single_node: true, database_dir: `${dumpFolder}/data`, view_index_dir: '/tmp/couchdb/views' },
  chttpd: { bind_address: '127.0.0.1', port: 5985 },
  cluster: { n: 1 },
  prometheus: { additional_port: false },
  log: { level: 'warning' },
});

/**
 * What both need. The image has no program that speaks HTTP, but bash opens connections. In the copy the name of a database
 * has a letter before it: `s` for those of CouchDB itself, which must not take effect there, and `d` for all others.
 */
const common = `mkdir -p "$HOME"
${secretsScript}
fail() { echo "$*" >&2; exit 1; }
encoded() { printf %s "$1" | od -An -tx1 -v | tr -d ' \\n' | sed 's/../%&/g'; }
copy=127.0.0.1:5985
password=$(printf %s "$USERNAME:$PASSWORD" | base64 -w 0)

# request METHOD HOST:PORT PATH [BODY] prints what is answered, and fails unless that is a success.
request() {
  local method=$1 server=$2 path=$3 body=\${4-} line status
  exec 3<> "/dev/tcp/\${server%:*}/\${server##*:}" || return 1
  printf '%s %s HTTP/1.0\\r\\nHost: %s\\r\\nAuthorization: Basic %s\\r\\nAccept: application/json\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n%s' \\
    "$method" "$path" "$server" "$password" "\${#body}" "$body" >&3
  read -r _ status _ <&3 || return 1
  while IFS= read -r line <&3 && [ "$line" != $'\\r' ] && [ -n "$line" ]; do :; done
  cat <&3
  exec 3>&-
  case $status in 2??) ;; *) return 1 ;; esac
}
is_up() { request GET "$1" /_up > "$HOME/up" 2> "$HOME/problem"; }

# Names hold neither quotes nor backslashes.
databases() { request GET "$1" /_all_dbs > "$HOME/all"; { grep -o '"[^"]*"' "$HOME/all" || :; } | tr -d '"' | { grep -vx _global_changes || :; }; }

# replicate FROM DATABASE TO DATABASE makes the second one with the settings and documents of the first one.
replicate() {
  local source target partitioned= property
  source=$(encoded "$2") target=$(encoded "$4")
  request GET "$1" "/$source" > "$HOME/database" || fail "Cannot read $2: $(cat "$HOME/database")"
  if grep -q '"partitioned":true' "$HOME/database"; then partitioned='&partitioned=true'; fi
  request PUT "$3" "/$target?q=$(sed -n 's/.*"q":\\([0-9]*\\).*/\\1/p' "$HOME/database")$partitioned" > "$HOME/made" || fail "Cannot make $4: $(cat "$HOME/made")"
  for property in _security _revs_limit; do
    # That of users is not to be changed.
    if [ $property = _security ] && [ "\${4#s}" = _users ]; then continue; fi
    request GET "$1" "/$source/$property" > "$HOME/property"
    request PUT "$3" "/$target/$property" "$(tr -d '\\r\\n' < "$HOME/property")" > "$HOME/changed" || fail "Cannot set $property of $4: $(cat "$HOME/changed")"
  done
  local keys='"auth":{"basic":{"username":"'$USERNAME'","password":"'$PASSWORD'"}}'
  request POST "$copy" /_replicate '{"source":{"url":"http://'$1/$source'",'$keys'},"target":{"url":"http://'$3/$target'",'$keys'}}' > "$HOME/replicated" ||
    fail "Cannot replicate $2: $(cat "$HOME/replicated")"
  grep -q '"ok":true' "$HOME/replicated" || fail "Cannot replicate $2: $(cat "$HOME/replicated")"
  if grep -o '"doc_write_failures":[0-9]*' "$HOME/replicated" | grep -qv ':0$'; then fail "Documents of $2 were refused, by a validate_doc_update perhaps."; fi
}
documents() { request GET "$1" "/$(encoded "$2")" > "$HOME/counted" && sed -n 's/.*"doc_count":\\([0-9]*\\).*/\\1/p' "$HOME/counted"; }

start_copy() {
  cat > "$HOME/copy.ini" << 'END'
${copyIni}END
  COUCHDB_INI_FILES="/opt/couchdb/etc/default.ini /opt/couchdb/etc/default.d $HOME/copy.ini $HOME/secrets.ini" /opt/couchdb/bin/couchdb -name couchdb@127.0.0.1 &
  server=$!
  trap 'kill "$server"' EXIT
  until is_up "$copy"; do kill -0 "$server" || fail 'The copy did not start.'; sleep 1; done
}
stop_copy() { trap - EXIT; kill "$server"; wait "$server" || :; }

until is_up "$CLUSTER"; do sleep 2; done
`;

const saveScript = `${common}
mkdir ${dumpFolder}/data
start_copy
databases "$CLUSTER" > "$HOME/names"
while IFS= read -r name; do
  echo "saving $name"
  case $name in _*) kept=s$name ;; *) kept=d$name ;; esac
  replicate "$CLUSTER" "$name" "$copy" "$kept"
done < "$HOME/names"
stop_copy
touch ${dumpFolder}/complete
`;

const loadScript = `${common}
[ -e ${dumpFolder}/complete ] || fail 'The backup is not complete. Nothing was changed.'
start_copy
databases "$copy" > "$HOME/kept"
databases "$CLUSTER" > "$HOME/names"
while IFS= read -r name; do
  request DELETE "$CLUSTER" "/$(encoded "$name")" > "$HOME/deleted" || fail "Cannot delete $name: $(cat "$HOME/deleted")"
done < "$HOME/names"
while IFS= read -r kept; do
  # Those that the copy itself made.
  case $kept in _*) continue ;; esac
  echo "restoring \${kept#?}"
  replicate "$copy" "$kept" "$CLUSTER" "\${kept#?}"
  attempt=0
  # Not every node has every document at once.
  until [ "$(documents "$CLUSTER" "\${kept#?}")" = "$(documents "$copy" "$kept")" ]; do
    attempt=$((attempt + 1))
    [ $attempt -lt 30 ] || fail "\${kept#?} has another number of documents than the backup."
    sleep 2
  done
done < "$HOME/kept"
stop_copy
`;
