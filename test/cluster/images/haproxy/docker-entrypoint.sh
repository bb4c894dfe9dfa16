#!/bin/sh
# as in the real image: options alone are haproxy's, and haproxy runs in the foreground under its master process
case ${1:-} in -*) set -- haproxy "$@" ;; esac
if [ "${1:-}" = haproxy ]; then
  shift
  set -- haproxy -W -db "$@"
fi
exec "$@"
