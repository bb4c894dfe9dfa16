import { portOfUrl } from '../../../core/address';
import type { WorkloadProps } from '../../../core/workload';
import { brokerTitle } from './brokers';
import type { RealmOptions } from './options';

/** What Keycloak reaches outside the cluster: brokers on the internet, a directory wherever it is. */
export function outside({ brokers, federation: { ldap } }: RealmOptions): Pick<WorkloadProps, 'internet'> {
  if (brokers.length === 0 && !ldap) return {};
  const whys = [
    ...(brokers.length > 0 ? [`asks ${brokers.map(brokerTitle).join(', ')} who somebody is`] : []),
    ...(ldap ? [`looks people up at ${ldap.url}`] : []),
  ];
  const ports = [...(brokers.length > 0 ? [443] : []), ...(ldap ? [portOfUrl(ldap.url)] : [])];
  return {
    internet: {
      why: `Keycloak ${whys.join(', and ')}.`,
      ports,
      privateToo: ldap !== undefined,
      // LDAP goes by no proxy.
      ...(ldap ? { direct: [portOfUrl(ldap.url)] } : {}),
    },
  };
}
