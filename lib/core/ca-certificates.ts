import type { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import { ConfigFiles } from './config-files';
import type { MountSource } from './mount';

/** Certificates of authorities that pods trust beside the public ones: their text, or where it is in every namespace. */
export type CaCertificates =
  | { readonly pem: string }
  | { readonly configMap: string; readonly key: string }
  | { readonly secret: string; readonly key: string };

/** Where they stand in containers that go out. */
export const caFolder = '/etc/platform-ca';
const file = 'ca.crt';
export const caFile = `${caFolder}/${file}`;

/**
 * Makes programs trust them beside the public authorities. Go reads all files of these folders, of which the first two are its
 * own, besides the bundle of the image: https://pkg.go.dev/crypto/x509#SystemCertPool. Node.js adds the file to its own:
 * https://nodejs.org/api/cli.html#node_extra_ca_certsfile. SSL_CERT_FILE would take the place of the public ones.
 */
export const caEnv: Readonly<Record<string, string>> = {
  SSL_CERT_DIR: `/etc/ssl/certs:/etc/pki/tls/certs:${caFolder}`,
  NODE_EXTRA_CA_CERTS: caFile,
};

/** The certificates as a folder for the containers of a component; undefined where the platform file names none. */
export function caMount(component: Component): MountSource | undefined {
  const { config, graph } = component.platform;
  const given = config.caCertificates;
  if (!given) return undefined;
  if ('pem' in given) {
    const name = `${component.name}-ca-certificates`;
    const made = graph.configFiles.find((files) => files.owner === component && files.name === name);
    return made ?? new ConfigFiles(component, name, { [file]: given.pem });
  }
  const items = [{ key: given.key, path: file }];
  const source: Omit<k8s.Volume, 'name'> =
    'configMap' in given ? { configMap: { name: given.configMap, items } } : { secret: { secretName: given.secret, items } };
  const name = 'ca-certificates';
  return { name, readOnly: true, volume: () => ({ name, ...source }) };
}
