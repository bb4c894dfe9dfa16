# Stand-in for oauth2-proxy/oauth2-proxy, which speaks its protocol of forward authentication with other means: Apache with
# mod_auth_openidc 2.4.12 from Debian, started by the same arguments and environment variables. Not the same: signing out
# takes one more redirect; tokens are renewed a minute before they end, whatever --cookie-refresh says; where the provider has
# ended a session, people are led to sign in, but not back to where they were; no route but that of auth may have the path
# /oauth2/callback; /ready does not ask the session store; there are no figures. It writes to /dev/shm, which every pod has.
apt-get update
apt-get install -y --no-install-recommends apache2-bin libapache2-mod-auth-openidc curl
groupadd -r -g 65532 nonroot
useradd -r -g 65532 -u 65532 -d /home/nonroot -s /usr/sbin/nologin nonroot
install -m 755 /mnt/recipe/oauth2-proxy /bin/oauth2-proxy
install -D -m 644 -t /etc/oauth2-proxy /mnt/recipe/apache.conf
mkdir -p /usr/share/oauth2-proxy/forwarded /usr/share/oauth2-proxy/sign-in
install -m 755 /mnt/recipe/sign-out /usr/share/oauth2-proxy/sign-out
printf 'Status: 202 Accepted\r\nContent-Type: text/plain\r\n\r\nAuthenticated' > /usr/share/oauth2-proxy/accepted.asis
printf 'Content-Type: text/plain\r\n\r\nOK' > /usr/share/oauth2-proxy/ok.asis
