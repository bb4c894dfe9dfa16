/** Where the gate finds its two configurations, and where Tailscale finds the one that holds. */
export const gateFolder = '/etc/tailscale-gate';
export const serveFolder = '/run/tailscale-gate';
/** Touched at every check. */
export const pulse = '/tmp/pulse';

/**
 * Asks the program how it is, again and again, and puts in place what is published then. It starts closed, closes after a few
 * failures in a row, and when it is told to stop. A file is replaced as a whole, since Tailscale reads it at once.
 */
export const gateScript = `set -eu
state= failed=0
become() {
  [ "$state" != "$1" ] || return 0
  state=$1
  cp "${gateFolder}/$1.json" "${serveFolder}/.next"
  mv "${serveFolder}/.next" "${serveFolder}/serve.json"
  printf '{"time":"%s","level":"%s","msg":"%s","service":"%s","reason":"%s"}\\n' \\
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$1" "$SERVICE" "$3"
}
trap 'become closed WARN "the gate stops"; exit 0' TERM INT
become closed WARN 'not checked yet'
while :; do
  if timeout 5 wget -q -O /dev/null "$HEALTH_URL" 2> /dev/null; then
    failed=0
    become open INFO 'the service is healthy'
  else
    failed=$((failed + 1))
    [ "$failed" -lt "$FAILURES" ] || become closed WARN "$failed checks failed"
  fi
  touch ${pulse}
  # In the background, so that a signal need not wait.
  sleep "$INTERVAL" &
  wait $!
done
`;
