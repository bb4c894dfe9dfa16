import type { LdapOptions } from './options';
import { madeBy, variable } from './realm';
import type { Federation } from './representation';

/** What Keycloak’s own page fills in for a vendor. */
const usual = {
  directory: { username: 'uid', rdn: 'uid', uuid: 'entryUUID', people: ['inetOrgPerson'], groups: 'groupOfNames' },
  activeDirectory: { username: 'sAMAccountName', rdn: 'cn', uuid: 'objectGUID', people: ['person', 'user'], groups: 'group' },
} as const;

const usualOf = ({ vendor }: LdapOptions) => (vendor === 'ad' ? usual.activeDirectory : usual.directory);

/** People of a directory; https://www.keycloak.org/docs/latest/server_admin/#_ldap */
export function ldapFederation(options: LdapOptions): Federation {
  const { username, rdn, uuid, people } = usualOf(options);
  const settings: Record<string, string> = {
    enabled: 'true',
    priority: '0',
    vendor: options.vendor,
    connectionUrl: options.url,
    authType: 'simple',
    bindDn: options.bindDn,
    editMode: options.editMode,
    usersDn: options.usersDn,
    usernameLDAPAttribute: options.usernameAttribute ?? username,
    rdnLDAPAttribute: options.vendor === 'ad' ? rdn : (options.usernameAttribute ?? rdn),
    uuidLDAPAttribute: options.uuidAttribute ?? uuid,
    userObjectClasses: (options.objectClasses ?? people).join(', '),
    customUserSearchFilter: options.filter ?? '',
    // Below usersDn at any depth.
    searchScope: '2',
    pagination: 'true',
    importEnabled: 'true',
    syncRegistrations: 'false',
    // People are looked up when they sign in, and brought up to date once a day.
    fullSyncPeriod: '-1',
    changedSyncPeriod: '86400',
    trustEmail: 'true',
    connectionTimeout: '5000',
    readTimeout: '10000',
  };
  return {
    name: `${madeBy.value}-ldap`,
    providerId: 'ldap',
    config: { ...listed(settings), bindCredential: [variable('ldap_password')] },
    mappers: options.groupsDn === undefined ? [] : [groupsBelow(options.groupsDn, options)],
  };
}

/** Groups of the directory become groups of the realm, beside those that it has itself. */
function groupsBelow(groupsDn: string, options: LdapOptions): Federation['mappers'][number] {
  const { username, groups } = usualOf(options);
  const settings = {
    'groups.dn': groupsDn,
    'group.name.ldap.attribute': 'cn',
    'group.object.classes': groups,
    'membership.ldap.attribute': 'member',
    'membership.attribute.type': 'DN',
    'membership.user.ldap.attribute': options.usernameAttribute ?? username,
    'preserve.group.inheritance': 'false',
    'ignore.missing.groups': 'true',
    'user.roles.retrieve.strategy': 'LOAD_GROUPS_BY_MEMBER_ATTRIBUTE',
    mode: options.editMode === 'WRITABLE' ? 'LDAP_ONLY' : 'READ_ONLY',
    'groups.path': '/',
    'drop.non.existing.groups.during.sync': 'false',
  };
  return { name: 'groups', providerId: 'group-ldap-mapper', config: listed(settings) };
}

const listed = (settings: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, [value]]));
