# Stand-in for hashicorp/vault: the same version with few of its engines and without its pages, built from its Go module, on a
# Debian base. The real image is Alpine with busybox; both have a shell, and the user 100 of the group 1000.
groupadd -r -g 1000 vault
useradd -r -g 1000 -u 100 -o -d /home/vault -s /bin/sh vault
install -m 755 /mnt/bin/vault /usr/local/bin/vault
mkdir -p /vault/config /vault/file /vault/logs
chown -R 100:1000 /vault
/usr/local/bin/vault version | grep -F "Vault v$(sed 's/.*://' /mnt/recipe/names)"
