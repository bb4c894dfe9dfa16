import type { Component } from './component';
import { peerDomain } from './controllers';
import { Credential, privateKey, selfSignedCertificate } from './credential';

export interface CertificateProps {
  /** Full host names by which people reach it through a route that passes TLS on. @default none */
  readonly hosts?: readonly string[];
  /** See {@link Credential}. @default false */
  readonly bootstrap?: boolean;
}

/**
 * What a workload shows on its ports with TLS: keys `tls.key` and `ca.crt`. The certificate is its own authority, so that who
 * trusts it trusts this workload and nobody else. It holds for the names of its Service, for those of its pods, and for
 * `localhost`.
 */
export class Certificate extends Credential {
  readonly hosts: readonly string[];

  /** @param workload name of the workload that shows it */
  constructor(component: Component, workload: string, { hosts = [], bootstrap }: CertificateProps = {}) {
    const inside = `${workload}.${component.tier.namespace}.svc`;
    const complete = `${inside}.${component.platform.config.network.clusterDomain}`;
    const all = [inside, complete, `*.${peerDomain(component, workload)}`, 'localhost', ...hosts];
    super(component, `${workload}-tls`, {
      keys: { 'tls.key': privateKey(), 'ca.crt': selfSignedCertificate(all, 'tls.key') },
      bootstrap,
    });
    this.hosts = all;
  }

  /** Whether it holds for that host name. */
  isFor(host: string): boolean {
    return this.hosts.includes(host) || this.hosts.includes(host.replace(/^[^.]+/, '*'));
  }

  /** What the program itself reads. */
  get shown() {
    return this.files('tls.key', 'ca.crt');
  }

  /** What its clients read in order to trust it. */
  get trusted() {
    return this.files('ca.crt');
  }
}
