import { z } from 'zod';
import type { Settings } from '../core/settings';
import { objectName } from '../options';
import { describe, whenMissing } from '../options/wording';
import { caCertificates } from './ca-certificates';
import { imageSources } from './image-sources';
import { proxy } from './proxy';
import { section } from './section';
import { serviceSettings, type NamedService } from './services';

/** Short names that others are made of: RFC 1123 labels. */
const label = z.string({ error: whenMissing('is missing; write for example geoai') }).regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, {
  error: 'must be lower-case letters, digits and dashes, start with a letter, at most 40 characters; write for example geoai',
});

const hostNamePattern = /^(?=.{1,220}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const hostName = z
  .string({ error: whenMissing('is missing; write the domain of the platform, for example geoai.my-company.org') })
  .regex(hostNamePattern, {
    error: ({ input }) =>
      typeof input === 'string' && hostNamePattern.test(input.toLowerCase())
        ? `must be in lower case; write ${input.toLowerCase()}`
        : 'must be a host name of at least two parts, no address; write for example geoai.my-company.org',
  });

const tls = z.discriminatedUnion(
  'mode',
  [
    z.strictObject({
      mode: z.literal('lets-encrypt').describe('lets-encrypt: issued by Let’s Encrypt'),
      email: z
        .email({
          error: 'must be the e-mail address that Let’s Encrypt writes to; write for example ops@my-company.org',
        })
        .describe('Address that hears of expiring certificates'),
      server: z
        .url({
          protocol: /^https$/,
          error:
            'must be the directory URL of an ACME server; write for example https://acme-staging-v02.api.letsencrypt.org/directory',
        })
        .optional()
        .describe('Directory of another ACME server, for example Let’s Encrypt’s staging one'),
    }),
    z.strictObject({ mode: z.literal('self-signed').describe('self-signed: made by the credentials command') }),
    z.strictObject({
      mode: z.literal('cert-manager').describe('cert-manager: issued by cert-manager, for the domain and all names below it'),
      issuer: objectName('letsencrypt').describe('Name of the issuer, which must be able to prove names by DNS'),
      kind: z
        .enum(['ClusterIssuer', 'Issuer'])
        .default('ClusterIssuer')
        .describe('ClusterIssuer: of the whole cluster; Issuer: in the namespace of the gateway tier'),
    }),
    z.strictObject({
      mode: z.literal('secret').describe('secret: your own, in a Secret'),
      secret: objectName('geoai-tls').describe('Secret of type kubernetes.io/tls in the namespace of the gateway tier'),
    }),
  ],
  {
    error: ({ input }) => {
      const mode = typeof input === 'object' && input !== null && 'mode' in input ? input.mode : undefined;
      const wrong = mode === undefined ? 'needs a mode' : `${describe(mode)} is no mode`;
      return `${wrong}; write mode: lets-encrypt (with email), mode: cert-manager (with issuer), mode: self-signed, or mode: secret (with secret)`;
    },
  },
);

const cidr = z.cidrv4({ error: 'must be an IPv4 range; write for example 10.0.0.0/8' });

/** Everything a platform file may say but of its services. */
const settings = {
  name: label.describe('Name of the platform, and of its folder in dist/'),
  domain: hostName.describe('Domain below which the routes live; its DNS records point to the cluster'),
  cluster: z.enum(['k3s', 'kind', 'kubernetes']).describe('What runs the platform'),
  availability: z.enum(['single', 'high']).default('single').describe('single: one pod of everything; high: survives a node'),
  gateway: z
    .enum(['standalone', 'k3s-bundled'])
    .default('standalone')
    .describe('standalone: a Traefik of its own; k3s-bundled: the Traefik that k3s brings, configured'),
  tls: tls.default({ mode: 'self-signed' }).describe('Where certificates come from'),
  storage: z
    .strictObject({
      class: objectName('longhorn').optional().describe('StorageClass of all volumes; by default the cluster’s own'),
      retain: z
        .boolean({ error: 'must be true or false' })
        .optional()
        .describe('Keep the data when its claim is deleted, by a StorageClass of its own; the default on k3s'),
    })
    .default({})
    .describe('Where volumes live, and whether their data outlives them'),
  timeZone: z
    .string()
    .refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', {
      error: (issue) => `"${String(issue.input)}" is no time zone; write for example Europe/Berlin or UTC`,
    })
    .default('UTC')
    .describe('IANA time zone of all programs'),
  namespacePrefix: label.optional().describe('First part of every namespace; by default the name'),
  secrets: z
    .enum(['cluster', 'external'])
    .default('cluster')
    .describe('cluster: the credentials command writes the Secrets; external: External Secrets reads them from a store'),
  secretStore: z
    .strictObject({
      name: objectName('hearth').default('hearth').describe('Name of the store in the cluster'),
      kind: z
        .enum(['ClusterSecretStore', 'SecretStore'])
        .default('ClusterSecretStore')
        .describe('ClusterSecretStore: one for the whole cluster; SecretStore: one in each namespace'),
      path: z.string().optional().describe('Prefix of the keys in the store; by default the name of the platform'),
    })
    .prefault({})
    .describe('The store that External Secrets reads, with secrets: external'),
  argoCd: z
    .strictObject({
      repository: z
        .string({
          error: whenMissing('is missing; write the Git URL of the repository with dist/'),
        })
        .describe('Git URL of the repository with dist/'),
      revision: z.string().default('main').describe('Branch, tag or commit'),
      namespace: label.default('argocd').describe('Namespace of Argo CD itself'),
    })
    .optional()
    .describe('Makes dist/argo-cd/: one project, one application a tier'),
  images: imageSources,
  proxy,
  caCertificates,
  network: z
    .strictObject({
      apiServer: z
        .array(cidr)
        .min(1)
        .default(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'])
        .describe('Where the API server’s own addresses lie: the way there is open to pods that need it'),
      clusterDomain: hostName.default('cluster.local').describe('Domain of the cluster’s own names'),
    })
    .prefault({})
    .describe('What NetworkPolicies must know of the cluster'),
};

/** What a platform file says of its services follows from the catalogue. */
export interface Services {
  readonly providers: z.ZodType<Record<string, string | undefined>>;
  readonly services: z.ZodType<Record<string, unknown>>;
}

/** Everything a platform file may say. */
export const platformSchema = ({ providers, services }: Services) =>
  z.strictObject({
    ...settings,
    providers: providers.default({}).describe('Which service serves all others that say nothing else, where several could'),
    services,
  });
type Parsed = z.output<ReturnType<typeof platformSchema>>;

/** Fills in the defaults that follow from other settings. */
export function complete(parsed: Parsed, services: readonly NamedService[], errorOf: Settings['errorOf']): Settings {
  return {
    ...parsed,
    errorOf,
    namespacePrefix: parsed.namespacePrefix ?? parsed.name,
    storage: {
      ...parsed.storage,
      retain: parsed.storage.retain ?? (parsed.cluster === 'k3s' && !parsed.storage.class),
    },
    secretStore: { ...parsed.secretStore, path: parsed.secretStore.path ?? parsed.name },
    services: Object.fromEntries(
      Object.entries(parsed.services).flatMap(([name, given]) => {
        const service = services.find((candidate) => candidate.name === name);
        return service && given !== undefined ? [[name, serviceSettings(service, section(given))]] : [];
      }),
    ),
  };
}
