/**
 * Makes the first user, organisation and bucket of an empty server, which nobody else can reach meanwhile. What is on the
 * volume is never changed. https://docs.influxdata.com/influxdb/v2/api/#operation/PostSetup
 */
export const setUpScript = `set -eu
mark=$(dirname "$INFLUXD_BOLT_PATH")/.hearth-set-up
if [ -e "$mark" ]; then exit 0; fi
url=http://127.0.0.1:\${PORT:=9999}
INFLUXD_HTTP_BIND_ADDRESS=127.0.0.1:$PORT influxd &
server=$!
until curl --silent --fail --output /dev/null "$url/ready"; do
  kill -0 "$server" || exit 1
  sleep 1
done
case $(curl --silent --show-error --fail "$url/api/v2/setup") in
  *'"allowed": true'* | *'"allowed":true'*)
    # By standard input, since a command line would show in the process list.
    printf '{"username":"%s","password":"%s","token":"%s","org":"%s","bucket":"%s","retentionPeriodSeconds":%s}' \\
      "$USERNAME" "$PASSWORD" "$TOKEN" "$ORGANISATION" "$BUCKET" "$RETENTION_SECONDS" |
      curl --silent --show-error --fail-with-body --output "$HOME/answer" --data @- "$url/api/v2/setup" ||
      { cat "$HOME/answer" >&2; kill "$server"; wait "$server" || :; exit 1; }
    rm "$HOME/answer"
    echo "made the user $USERNAME, the organisation $ORGANISATION and the bucket $BUCKET"
    ;;
  *) echo 'The server has users: nothing is changed.' ;;
esac
kill "$server"
wait "$server" || :
touch "$mark"
`;

/** Everything: buckets, users, tokens, dashboards, tasks. https://docs.influxdata.com/influxdb/v2/admin/backup-restore/ */
export const saveScript = `set -eu
until influx ping > "$HOME/ping" 2>&1; do sleep 2; done
influx backup .
# Tells whether the token of the Secret is the one that this backup knows.
printf %s "$INFLUX_TOKEN" | sha256sum > token.sha256
`;

/**
 * Replaces everything, tokens too: with another one in the Secret nobody could make a backup afterwards.
 * @param secret its name
 */
export const loadScript = (secret: string) => `set -eu
if [ "$(printf %s "$INFLUX_TOKEN" | sha256sum)" != "$(cat token.sha256)" ]; then
  echo 'The backup knows another token than the Secret ${secret} has. Nothing was changed. Bring the Secret of that time back, empty the volume so that the server is set up with it, and restore again.' >&2
  exit 1
fi
until influx ping > "$HOME/ping" 2>&1; do sleep 2; done
influx restore . --full
# The token holds.
influx org list > "$HOME/organisations"
`;
