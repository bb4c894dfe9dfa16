# Stand-in for prometheuscommunity/elasticsearch-exporter: the same version, built from its Go module by .ci/bed.sh, on a
# Debian base. The real image is busybox.
install -m 755 /mnt/bin/elasticsearch-exporter /usr/bin/elasticsearch_exporter   # /bin is /usr/bin
