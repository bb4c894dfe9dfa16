import { z } from 'zod';
import { groupName as group } from '../../../options';
import { groupPaths } from './groups';

/** What a platform file may say of Keycloak and its realm: who can be in it, and which programs it signs people in for. */

/** Where people can have an account already. */
export const brokerNames = ['google', 'naver', 'kakao'] as const;
export type BrokerName = (typeof brokerNames)[number];

const yesOrNo = (what: string, fallback: boolean) =>
  z.boolean({ error: 'must be true or false' }).default(fallback).describe(what);

const url = z.string().regex(/^https?:\/\/[^\s/*]+(\/[^\s*]*\*?)?$/, {
  error: 'must be a complete address, with a * at most at its end; write for example https://grafana.example.org/login/*',
});

const domainName = z.string().regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/, {
  error: 'must be a full host name without https:// and path; write for example grafana.example.org',
});

/** Clients that every realm has, and names of other credentials. */
export const ownNames = /^(account|admin|broker|federation|user|realm|security|setup)(-|$)/;

const client = z
  .strictObject({
    title: z.string().optional().describe('Name for people; by default the client id'),
    hosts: z.array(domainName).default([]).describe('Its hosts: people may be sent back to every https page there'),
    redirectUris: z.array(url).default([]).describe('Further addresses to which people are sent back, for example of one page'),
    postLogoutRedirectUris: z.array(url).default([]).describe('Addresses after signing out, beyond those of its hosts'),
    public: yesOrNo('It runs in a browser or on a phone, where it could keep no secret', false),
    pkce: yesOrNo('It must use PKCE with S256; false only for a program that cannot', true),
  })
  .refine(({ hosts, redirectUris }) => hosts.length + redirectUris.length > 0, {
    error: 'needs to know where people are sent back to; write for example hosts: [grafana.example.org]',
  })
  .refine((made) => made.pkce || !made.public, {
    path: ['pkce'],
    error: 'a public client has no secret, so that PKCE is all that protects it; leave pkce out, or public',
  });

const user = z.strictObject({
  email: z
    .email({ error: 'must be an e-mail address; write for example alice@example.org' })
    .describe('Address, which counts as verified'),
  firstName: z.string().optional().describe('By default Keycloak asks for it'),
  lastName: z.string().optional().describe('By default Keycloak asks for it'),
  groups: z.array(group).default([]).describe('Groups of the realm'),
});

/** A distinguished name, as far as it can be told. */
const dn = (example: string) =>
  z.string().regex(/^[A-Za-z][\w.-]*=[^,]+(,\s*[A-Za-z][\w.-]*=[^,]+)*$/, {
    error: `must be a distinguished name; write for example ${example}`,
  });

const ldap = z.strictObject({
  url: z
    .string()
    .regex(/^ldaps?:\/\/[^\s/:]+(:\d+)?$/, {
      error: 'must be the address of a server; write for example ldaps://ldap.example.org',
    })
    .describe('ldap:// or ldaps://, with a port if it is another one than 389 or 636'),
  vendor: z
    .enum(['ad', 'rhds', 'tivoli', 'edirectory', 'other'])
    .default('other')
    .describe('ad: Active Directory; other: OpenLDAP and the like'),
  usersDn: dn('ou=people,dc=example,dc=org').describe('Below it are the people'),
  bindDn: dn('cn=reader,dc=example,dc=org').describe('Who Keycloak signs in as; its password is a credential of yours'),
  usernameAttribute: z.string().optional().describe('By default uid, or sAMAccountName at an Active Directory'),
  uuidAttribute: z.string().optional().describe('By default entryUUID, or objectGUID at an Active Directory'),
  objectClasses: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Classes of people; by default inetOrgPerson, or person and user at an Active Directory'),
  filter: z
    .string()
    .regex(/^\(.*\)$/, { error: 'must be in parentheses; write for example (memberOf=cn=staff,dc=example,dc=org)' })
    .optional()
    .describe('Only people whom this filter finds'),
  editMode: z.enum(['READ_ONLY', 'UNSYNCED', 'WRITABLE']).default('READ_ONLY').describe('UNSYNCED: changes stay in Keycloak'),
  ca: z
    .string()
    .startsWith('-----BEGIN CERTIFICATE-----', { error: 'must be a certificate in PEM; write it below `ca: |`' })
    .optional()
    .describe('Authority that signed the certificate of the server, in PEM; by default those that everybody trusts'),
  groupsDn: dn('ou=groups,dc=example,dc=org').optional().describe('Groups below it become groups of the realm'),
});

const realmOptions = z.strictObject({
  realm: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]*$/, {
      error: 'must be lower-case letters, digits, dots and dashes; write for example home',
    })
    .refine((name) => name !== 'master', {
      error: 'is the realm of Keycloak’s own administrators; write another name, for example home',
    })
    .optional()
    .describe('Name of the realm, in addresses; by default that of the platform'),
  groups: z.array(group).default(['admins', 'editors']).describe('Groups; a slash leads to a group within a group'),
  roles: z
    .array(z.string().regex(/^[\w.-]+$/, { error: 'must be one word; write for example auditor' }))
    .default([])
    .describe('Roles of the realm'),
  users: z
    .record(
      z.string().regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, {
        error: 'must be lower-case letters and digits, with single dots or dashes between; write for example alice',
      }),
      user,
    )
    .default({})
    .describe('People who are made where they are missing, with a first password; nobody is ever changed or removed'),
  clients: z
    .record(
      z
        .string()
        .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
          error: 'must be lower-case letters and digits, with single dashes between; write for example grafana-outside',
        })
        .refine((id) => !ownNames.test(id), {
          error: 'is a name of Keycloak’s own, or of the platform’s; write another one, for example grafana-outside',
        }),
      client,
    )
    .default({})
    .describe('Programs outside the platform that sign people in here'),
  registration: yesOrNo('Strangers may make themselves an account, by a form or by a broker', false),
  sessions: z
    .strictObject({
      idleMinutes: z.int().min(1).default(60).describe('Somebody who does nothing is signed out after so many minutes'),
      maxHours: z.int().min(1).default(12).describe('Everybody signs in again after so many hours'),
      rememberDays: z.int().min(1).default(14).describe('The same with “Remember me”, in days'),
    })
    .prefault({})
    .describe('How long people stay signed in'),
  brokers: z
    .array(z.enum(brokerNames, { error: `must be one of ${brokerNames.join(', ')}` }))
    .default([])
    .describe('Where people can sign in instead of with a password; each needs a client id and a secret of yours'),
  federation: z
    .strictObject({ ldap: ldap.optional().describe('An LDAP server or an Active Directory') })
    .prefault({})
    .describe('Where people come from who are kept elsewhere'),
});

/** People can be in groups only that the realm has. */
function knownGroups({ groups, users }: RealmOptions, context: z.RefinementCtx): void {
  const known = groupPaths(groups);
  for (const [name, user] of Object.entries(users)) {
    for (const [index, group] of user.groups.entries()) {
      if (known.includes(`/${group}`)) continue;
      context.addIssue({
        code: 'custom',
        path: ['users', name, 'groups', index],
        message: `the realm has no group "${group}"; add it to groups, or write one of ${groups.join(', ')}`,
      });
    }
  }
}

export const keycloakOptions = z
  .strictObject({
    ...realmOptions.shape,
    adminConsole: z
      .boolean({ error: 'must be true or false' })
      .default(true)
      .describe('The pages and the API for administrators at /admin from outside; otherwise by kubectl port-forward only'),
  })
  .superRefine(knownGroups);

export type KeycloakOptions = z.output<typeof keycloakOptions>;
export type RealmOptions = z.output<typeof realmOptions>;
export type LdapOptions = z.output<typeof ldap>;
