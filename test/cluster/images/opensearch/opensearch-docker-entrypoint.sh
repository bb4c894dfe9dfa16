#!/bin/bash
# The part of the real entrypoint that a single program needs: environment variables with a dot in their name become
# settings, DISABLE_SECURITY_PLUGIN and DISABLE_INSTALL_DEMO_CONFIG are obeyed. Options alone are opensearch's.
set -euo pipefail
[ $# -gt 0 ] && [ "${1:0:1}" != - ] || set -- opensearch "$@"
[ "$1" = opensearch ] || exec "$@"
shift
settings=()
while IFS='=' read -r -d '' key value; do
  [[ $key =~ ^[a-z0-9_]+\.[a-z0-9_.]+$ && -n $value ]] && settings+=("-E$key=$value")
done < /proc/self/environ
if [ "${DISABLE_SECURITY_PLUGIN:-}" = true ]; then
  settings+=(-Eplugins.security.disabled=true)
elif [ "${DISABLE_INSTALL_DEMO_CONFIG:-}" != true ]; then
  bash plugins/opensearch-security/tools/install_demo_configuration.sh -y -i -s
fi
exec bin/opensearch "${settings[@]}" "$@"
