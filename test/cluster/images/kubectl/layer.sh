# Stand-in for alpine/kubectl: the kubectl of the bed on a Debian base. Upstream's own image is Alpine.
install -m 755 /mnt/bin/kubectl /usr/local/bin/
