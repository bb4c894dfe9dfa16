import { dumpFolder, type Dump } from '../../../core/backup';
import type { ContainerProps } from '../../../core/container';
import type { SecretKey } from '../../../core/credential';
import type { Endpoint } from '../../../core/endpoint';
import { temporary } from '../../../core/mount';
import { images } from '../../../images';

export interface CollectionsDumpProps {
  /** REST API. */
  readonly endpoint: Endpoint;
  /** Host names of all members: a snapshot holds only what its member has. */
  readonly hosts: readonly string[];
  readonly apiKey: SecretKey;
}

/**
 * A snapshot of every collection, which says how to make it, with one of each of its shards, and the aliases, which are in
 * no snapshot. So the number of members may be another one when they come back.
 * https://qdrant.tech/documentation/concepts/snapshots/
 */
export function collectionsDump({ endpoint, hosts, apiKey }: CollectionsDumpProps): Dump {
  const container = (script: string): ContainerProps => ({
    image: images.curl,
    command: ['sh', '-c', script],
    env: {
      MEMBERS: hosts.map((host) => `http://${host}:${endpoint.port.port}`).join(' '),
      API_KEY: apiKey,
      HOME: '/tmp',
    },
    mounts: { '/tmp': temporary('tmp', '16Mi') },
    resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '1', memory: '128Mi' } },
  });
  return { method: 'snapshots', endpoint, save: container(saveScript), load: container(loadScript) };
}

/** What both need. Names may hold any character but quotes, slashes and some more, so that quotes tell them apart. */
const common = `set -eu
umask 077
# A key on a command line would show in the process list.
printf 'header = "api-key: %s"\\n' "$API_KEY" > "$HOME/curl.conf"
api() { curl --config "$HOME/curl.conf" --silent --show-error --fail-with-body "$@"; }
fail() { echo "$*" >&2; exit 1; }
patiently() {
  attempt=0
  until "$@"; do
    attempt=$((attempt + 1))
    [ $attempt -lt 150 ] || fail "Tried for five minutes: $*"
    sleep 2
  done
}
encoded() { printf %s "$1" | od -An -tx1 -v | tr -d ' \\n' | sed 's/../%&/g'; }
# How often an expression matches in standard input.
count() { { grep -o "$1" || :; } | wc -l | tr -d ' '; }
lines() { wc -l < "$1" | tr -d ' '; }
# The text, or the number, that the last field of that name holds.
text() { sed -n 's/.*"'"$1"'":"\\([^"]*\\)".*/\\1/p'; }
number() { sed -n 's/.*"'"$1"'":\\([0-9]*\\).*/\\1/p'; }

# Writes the names of all collections, one a line.
list_collections() {
  api "$first/collections" > "$HOME/collections"
  { grep -o '{"name":"[^"]*"}' "$HOME/collections" || :; } | sed 's/^{"name":"//; s/"}$//' > "$1"
  [ "$(count '{"name":' < "$HOME/collections")" = "$(lines "$1")" ] || fail 'The list of collections is not understood.'
  if grep -q '\\\\' "$1"; then fail 'The name of a collection holds a control character: give it another one.'; fi
}
# Writes the shards of which a member has a copy, and how many there are in all. No text inside a value can look like the
# names of fields here, since its quotes are escaped.
list_shards() {
  api "$1/collections/$2/cluster" > "$HOME/cluster" || return 1
  sed 's/.*"local_shards"://; s/"remote_shards":.*//' "$HOME/cluster" > "$HOME/local"
  sed 's/"local_shards":.*//' "$HOME/cluster" | number shard_count > "$HOME/shards"
}
ids() { { grep -o '"shard_id":[0-9]*' || :; } | tr -cd '0-9\\n'; }

first=\${MEMBERS%% *}
for member in $MEMBERS; do patiently curl --silent --fail --output /dev/null "$member/readyz"; done
cd ${dumpFolder}
`;

const saveScript = `${common}
# Makes a snapshot at a place of the API, brings it here and removes it there.
snapshot() {
  api --request POST "$1/snapshots?wait=true" > "$HOME/made"
  made=$(encoded "$(text name < "$HOME/made")")
  text checksum < "$HOME/made" > "$2.checksum"
  arrived=yes
  api --output "$2.snapshot" "$1/snapshots/$made" || arrived=no
  api --request DELETE --output /dev/null "$1/snapshots/$made?wait=true"
  [ $arrived = yes ] && echo "$(cat "$2.checksum")  $2.snapshot" | sha256sum -c - > /dev/null ||
    fail "The snapshot $2 did not arrive as it was made."
}

api "$first/aliases" > "$HOME/aliases"
{ grep -o '{"alias_name":"[^"]*","collection_name":"[^"]*"}' "$HOME/aliases" || :; } > aliases
[ "$(count '"alias_name":' < "$HOME/aliases")" = "$(lines aliases)" ] || fail 'The name of an alias holds a quote: give it another one.'
list_collections collections
number=0
while IFS= read -r collection; do
  echo "saving $collection"
  number=$((number + 1))
  name=$(encoded "$collection")
  mkdir "$number"
  snapshot "$first/collections/$name" "$number/collection"
  for member in $MEMBERS; do
    list_shards "$member" "$name"
    # Shards of their own keys would not come back by the snapshot of the collection.
    if grep -q '"shard_key":' "$HOME/cluster"; then fail "The shards of $collection have keys, which this backup cannot bring back."; fi
    { grep -o '"shard_id":[0-9]*,[^}]*"state":"Active"' "$HOME/local" || :; } | ids > "$HOME/active"
    for shard in $(cat "$HOME/active"); do
      [ -e "$number/shard-$shard.snapshot" ] || snapshot "$member/collections/$name/shards/$shard" "$number/shard-$shard"
    done
  done
  cp "$HOME/shards" "$number/shards"
  [ "$(ls "$number" | count '[.]snapshot$')" = "$(($(cat "$number/shards") + 1))" ] || fail "A shard of $collection has no active copy."
done < collections
touch complete
`;

/** Every copy of a shard gets the same snapshot, so that nothing has to be brought into line afterwards. */
const loadScript = `${common}
upload() {
  api --output /dev/null --form "snapshot=@$2.snapshot" "$1/snapshots/upload?wait=true&priority=no_sync&checksum=$(cat "$2.checksum")"
}
knows_all_shards() { list_shards "$1" "$2" 2> /dev/null && [ "$(cat "$HOME/shards")" = "$3" ]; }
all_active() {
  list_shards "$1" "$2" && [ "$(count '"shard_id":' < "$HOME/local")" = "$(count '"state":"Active"' < "$HOME/local")" ]
}

[ -e complete ] || fail 'The backup is not complete. Nothing was changed.'
for checksum in */*.checksum; do
  [ -e "$checksum" ] || continue
  echo "$(cat "$checksum")  \${checksum%.checksum}.snapshot" | sha256sum -c - > /dev/null || fail 'The backup is damaged. Nothing was changed.'
done
list_collections "$HOME/present"
while IFS= read -r collection; do
  api --request DELETE --output /dev/null "$first/collections/$(encoded "$collection")"
done < "$HOME/present"
number=0
while IFS= read -r collection; do
  echo "restoring $collection"
  number=$((number + 1))
  name=$(encoded "$collection")
  upload "$first/collections/$name" "$number/collection"
  for member in $MEMBERS; do
    # The others learn of the collection a moment later.
    patiently knows_all_shards "$member" "$name" "$(cat "$number/shards")"
    ids < "$HOME/local" > "$HOME/copies"
    for shard in $(cat "$HOME/copies"); do upload "$member/collections/$name/shards/$shard" "$number/shard-$shard"; done
  done
  for member in $MEMBERS; do patiently all_active "$member" "$name"; done
  api --header 'content-type: application/json' --data '{"exact":true}' "$first/collections/$name/points/count" > "$HOME/points"
  echo "restored $collection: $(number count < "$HOME/points") points"
done < collections
if [ -s aliases ]; then
  printf '{"actions":[%s]}' "$(sed 's/^/{"create_alias":/; s/$/}/' aliases | paste -sd, -)" > "$HOME/actions"
  api --header 'content-type: application/json' --data "@$HOME/actions" --output /dev/null "$first/collections/aliases"
fi
list_collections "$HOME/present"
[ "$(sort "$HOME/present")" = "$(sort collections)" ] || fail 'Not all collections came back.'
`;
