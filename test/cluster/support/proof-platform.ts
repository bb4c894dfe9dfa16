import { isDeepStrictEqual } from 'node:util';
import { platformOf } from '../../api/support/platforms';
import { recordFor } from '../../prove/record';
import { BackupTarget } from './backup-target';
import type { LoadedProof } from './chosen-proofs';
import type { Proof } from './proof';
import { rotatable } from './rotatable';

/** The platform on which proofs run, and its Secrets' and namespaces' prefix. */
export const platformName = 'proofs';

/** Where its backups go. */
export const backupNamespace = 'hearth-backup-target';

/** The platform file for some proofs: what each of them needs, and backups. Fails where two want one service otherwise. */
export function platformText(proofs: readonly Pick<Proof, 'component' | 'services'>[]): string {
  return JSON.stringify({
    name: platformName,
    domain: 'proofs.hearth-fixture.dev',
    cluster: 'kubernetes',
    tls: { mode: 'self-signed' },
    network: { apiServer: ['192.0.2.1/32'] },
    services: {
      traefik: {},
      ...servicesOf(proofs),
      backup: { target: { endpoint: BackupTarget.endpointIn(backupNamespace), bucket: 'backups' } },
    },
  });
}

function servicesOf(proofs: readonly Pick<Proof, 'component' | 'services'>[]): Record<string, object> {
  const services: Record<string, Record<string, unknown>> = {};
  for (const proof of proofs) {
    for (const [name, options] of Object.entries(proof.services)) {
      const known = (services[name] ??= {});
      for (const [option, value] of Object.entries(options)) {
        if (option in known && !isDeepStrictEqual(known[option], value)) {
          throw new Error(
            `two proofs say otherwise what ${option} of ${name} is, one of them that of ${proof.component}: choose fewer`,
          );
        }
        known[option] = value;
      }
    }
  }
  return services;
}

/**
 * Which rungs are for a proof: what its services are without those of others, which is also what its evidence is about.
 * Nothing else of a platform that it shares with others is recorded for it.
 */
export function rungsOf(proof: LoadedProof): { readonly rotates: boolean; readonly backs: boolean } {
  recordFor([proof.suite]);
  const { graph } = platformOf(platformText([proof]), `${platformName}.yaml`);
  return {
    rotates: rotatable(graph, proof.component).length > 0,
    backs: graph.backups.length > 0,
  };
}
