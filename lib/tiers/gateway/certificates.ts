import { Certificate } from '../../../imports/cert-manager.io';
import { TlsOption, TlsStore } from '../../../imports/traefik.io';
import type { Component } from '../../core/component';
import { Credential, privateKey, selfSignedCertificate } from '../../core/credential';
import { minVersion } from '../../core/route';

/** Of the Secret with the certificate, unless the platform file names another one. */
const ownSecret = 'gateway-tls';

/**
 * Where the gateway's certificate comes from, and the oldest TLS version that it speaks. The certificate of the TLS store
 * `default` serves every route that names none; Let’s Encrypt's come route by route.
 * https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/overview/
 */
export function certificates(gateway: Component): void {
  const { tls, domain } = gateway.platform.config;
  const hosts = [domain, `*.${domain}`];
  new TlsOption(gateway, 'tls-option', { metadata: { name: 'default' }, spec: { minVersion } });
  if (tls.mode === 'lets-encrypt') return;
  if (tls.mode === 'self-signed') {
    new Credential(gateway, ownSecret, {
      type: 'kubernetes.io/tls',
      keys: { 'tls.key': privateKey(), 'tls.crt': selfSignedCertificate(hosts, 'tls.key') },
    });
  }
  if (tls.mode === 'cert-manager') {
    new Certificate(gateway, 'certificate', {
      metadata: { name: ownSecret },
      spec: {
        secretName: ownSecret,
        dnsNames: hosts,
        issuerRef: { group: 'cert-manager.io', kind: tls.kind, name: tls.issuer },
      },
    });
  }
  new TlsStore(gateway, 'tls-store', {
    metadata: { name: 'default' },
    spec: { defaultCertificate: { secretName: tls.mode === 'secret' ? tls.secret : ownSecret } },
  });
}
