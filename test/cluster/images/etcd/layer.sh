# Stand-in for quay.io/coreos/etcd: the bed's etcd 3.6.6 and etcdctl of the same version, built from their Go modules, on
# a Debian base. The real image has no shell (and etcdutl beside them).
install -m 755 /mnt/bin/etcd /usr/local/bin/
install -m 755 /mnt/bin/etcdctl /usr/local/bin/
mkdir -p /var/etcd /var/lib/etcd
