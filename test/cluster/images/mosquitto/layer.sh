# Stand-in for eclipse-mosquitto: Mosquitto 2.1 from Debian forky on a Debian base. The real image is Alpine: busybox's sh and cp,
# and musl. Its entrypoint, which gives the data to its user where root starts it, is not there: manifests start mosquitto
# themselves.
# Forky's own files go over those of packages that it splits in another way.
echo "deb [check-valid-until=no] $MIRROR forky main" > /etc/apt/sources.list.d/forky.list
groupadd -r -g 1883 mosquitto
useradd -r -g 1883 -u 1883 -d /var/empty -s /usr/sbin/nologin mosquitto
apt-get update
# Its package wants a program that makes users, and takes all of systemd where none is named.
apt-get install -y --no-install-recommends -t forky -o Dpkg::Options::=--force-overwrite mosquitto mosquitto-clients systemd-standalone-sysusers
rm -rf /etc/mosquitto
mkdir -p /mosquitto/config /mosquitto/data /mosquitto/log
chown -R 1883:1883 /mosquitto
mosquitto -h | grep -F "mosquitto version $(sed 's/.*:\([0-9.]*\).*/\1/' /mnt/recipe/names)"
