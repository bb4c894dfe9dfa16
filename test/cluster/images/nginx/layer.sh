# Stand-in for nginxinc/nginx-unprivileged: nginx 1.30 from Debian forky on a Debian base. The real image is Alpine: busybox's
# sh and awk. Its entrypoint, which fills in templates, is not there: manifests start nginx themselves.
# Forky's own files go over those of packages that it splits in another way.
echo "deb [check-valid-until=no] $MIRROR forky main" > /etc/apt/sources.list.d/forky.list
apt-get update
apt-get install -y --no-install-recommends -t forky -o Dpkg::Options::=--force-overwrite nginx-light
groupadd -r -g 101 nginx
useradd -r -g 101 -u 101 -d /var/cache/nginx -s /usr/sbin/nologin nginx
rm -rf /etc/nginx/sites-* /etc/nginx/conf.d/*
mkdir -p /var/cache/nginx
chown 101:101 /var/cache/nginx
ln -sf /dev/stdout /var/log/nginx/access.log
ln -sf /dev/stderr /var/log/nginx/error.log
nginx -v 2>&1 | grep -F "nginx/$(sed 's/.*:\([0-9.]*\).*/\1/' /mnt/recipe/names)."
