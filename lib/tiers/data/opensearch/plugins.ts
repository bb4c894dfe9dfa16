import { caFile } from '../../../core/ca-certificates';
import type { Component } from '../../../core/component';
import type { ContainerProps } from '../../../core/container';
import { temporary, type MountSource } from '../../../core/mount';
import { javaProxyOptions } from '../../../core/proxy';
import { images } from '../../../images';
import { copyPluginsScript, home } from './config';
import { small, type Options } from './options';

/** Containers that fetch further plugins. @param folder with the configuration */
export function installPlugins(self: Component, { plugins }: Options, folder: MountSource): Record<string, ContainerProps> {
  if (plugins.length === 0) return {};
  const space = temporary('plugins', '4Gi');
  const install = ['opensearch-plugin', 'install', '--batch', ...plugins];
  const { config } = self.platform;
  const javaOptions = [...javaProxyOptions(config), ...(config.caCertificates ? truststoreOptions : [])];
  return {
    'copy-plugins': {
      image: images.opensearch,
      command: ['sh', '-c', copyPluginsScript],
      mounts: { '/plugins': space },
      resources: small,
    },
    'install-plugins': {
      image: images.opensearch,
      command: config.caCertificates ? ['sh', '-c', truststoreScript, ...install] : install,
      workingDir: home,
      ...(javaOptions.length > 0 ? { env: { OPENSEARCH_JAVA_OPTS: javaOptions.join(' ') } } : {}),
      mounts: {
        [`${home}/plugins`]: space,
        [`${home}/config`]: folder,
        '/tmp': temporary('tmp', '1Gi'),
      },
      resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '2', memory: '512Mi' } },
    },
  };
}

const truststore = '/tmp/truststore';
const truststoreOptions = [`-Djavax.net.ssl.trustStore=${truststore}`];

/**
 * Java knows one truststore: a copy of its own gets each of the further certificates, since keytool reads one of a file. The
 * password is that of every truststore of Java, which holds no secret. Ends as the command that is its arguments.
 */
export const truststoreScript = `set -eu
java=\${JAVA_HOME:-${home}/jdk}
cp "$java/lib/security/cacerts" ${truststore}
chmod u+w ${truststore}
number=0
while IFS= read -r line || [ -n "$line" ]; do
  case $line in *'BEGIN CERTIFICATE'*) number=$((number + 1)) ;; esac
  printf '%s\\n' "$line" >> "/tmp/authority-$number"
done < ${caFile}
while [ "$number" -gt 0 ]; do
  "$java/bin/keytool" -importcert -noprompt -alias "authority-$number" -file "/tmp/authority-$number" \\
    -keystore ${truststore} -storepass changeit
  number=$((number - 1))
done
exec "$0" "$@"
`;
