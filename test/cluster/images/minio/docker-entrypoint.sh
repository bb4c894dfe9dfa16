#!/bin/sh
# as in the real image, arguments without a program name are minio's
[ $# = 0 ] || [ "$1" = minio ] || set -- minio "$@"
exec "$@"
