# Stand-in for curlimages/curl: Debian bookworm's curl 7.88 on a Debian base. The real image is Alpine: busybox's sh, no bash.
apt-get update
apt-get install -y --no-install-recommends curl
groupadd -r -g 101 curl_group
useradd -r -g 101 -u 100 -d /home/curl_user -m -s /bin/sh curl_user
install -m 755 /mnt/recipe/entrypoint.sh /entrypoint.sh
