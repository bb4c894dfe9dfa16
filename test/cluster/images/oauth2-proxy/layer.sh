# Stand-in for oauth2-proxy/oauth2-proxy: the same version, built from its Go module by .ci/bed.sh, on a Debian base. The
# real image has no shell.
groupadd -r -g 65532 nonroot
useradd -r -g 65532 -u 65532 -d /home/nonroot -s /usr/sbin/nologin nonroot
install -m 755 /mnt/bin/oauth2-proxy /usr/bin/oauth2-proxy   # /bin is /usr/bin
/bin/oauth2-proxy --version | grep -F "oauth2-proxy $(sed 's/.*://' /mnt/recipe/names) "
