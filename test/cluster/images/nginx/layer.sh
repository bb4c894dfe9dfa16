# Stand-in for nginxinc/nginx-unprivileged: Debian bookworm's nginx 1.22 on a Debian base. The real image is Alpine: busybox's
# sh and awk. Its entrypoint, which fills in templates, is not there: manifests start nginx themselves.
apt-get update
apt-get install -y --no-install-recommends nginx-light
groupadd -r -g 101 nginx
useradd -r -g 101 -u 101 -d /var/cache/nginx -s /usr/sbin/nologin nginx
rm -rf /etc/nginx/sites-* /etc/nginx/conf.d/*
mkdir -p /var/cache/nginx
chown 101:101 /var/cache/nginx
ln -sf /dev/stdout /var/log/nginx/access.log
ln -sf /dev/stderr /var/log/nginx/error.log
