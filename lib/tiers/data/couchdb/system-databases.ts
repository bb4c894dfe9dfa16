import { nodeName } from './server';

/**
 * The idempotent script that makes the system databases once all nodes are members, so that their copies spread over all.
 * https://docs.couchdb.org/en/stable/setup/cluster.html
 */
export function systemDatabasesScript(hosts: readonly string[]): string {
  return `set -eu
umask 077
# A password on a command line would show in the process list.
printf 'user = "%s:%s"\\n' "$USERNAME" "$PASSWORD" > "$HOME/curl.conf"
api() { curl --config "$HOME/curl.conf" --silent --show-error "$@"; }

together() {
  api --fail "$URL/_membership" > "$HOME/membership" || return 1
  # Once among the nodes that are connected, and once among the members.
  for node in ${hosts.map(nodeName).join(' ')}; do
    [ "$(grep -o "\\"$node\\"" "$HOME/membership" | wc -l)" -eq 2 ] || return 1
  done
}
attempt=0
until together; do
  attempt=$((attempt + 1))
  if [ $attempt -ge 60 ]; then
    echo 'The nodes are not together yet:' >&2
    cat "$HOME/membership" >&2
    exit 1
  fi
  sleep 5
done
for database in _users _replicator; do
  code=$(api --request PUT --output "$HOME/answer" --write-out '%{http_code}' "$URL/$database")
  case $code in
    201 | 202) echo "made $database" ;;
    412) echo "$database is there" ;;
    *) cat "$HOME/answer" >&2; exit 1 ;;
  esac
done
`;
}
