import type { CaCertificates } from './ca-certificates';
import type { ImageSources } from './image-sources';
import type { Overrides } from './overrides';
import type { ConfigError, Problem } from './problem';
import type { ForwardProxy } from './proxy';

/** What a platform file says of one service. */
export interface ServiceSettings {
  /** Its component, as the catalogue names it. */
  readonly component: string;
  /** The options of the component. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Need → name of the service that serves it. @default what the platform says under `providers` */
  readonly uses: Readonly<Record<string, string>>;
  /** What holds for services of every component. @default nothing */
  readonly overrides?: Overrides;
}

/** Where the gateway's certificate comes from. */
export type Tls =
  | { readonly mode: 'lets-encrypt'; readonly email: string; readonly server?: string }
  | { readonly mode: 'self-signed' }
  | { readonly mode: 'cert-manager'; readonly issuer: string; readonly kind: string }
  | { readonly mode: 'secret'; readonly secret: string };

/** What a platform file says, complete with its defaults; the descriptions are those of its schema. */
export interface Settings {
  readonly name: string;
  readonly domain: string;
  readonly cluster: 'k3s' | 'kind' | 'kubernetes';
  readonly availability: 'single' | 'high';
  readonly gateway: 'standalone' | 'k3s-bundled';
  readonly tls: Tls;
  readonly storage: { readonly class?: string; readonly retain: boolean };
  readonly timeZone: string;
  readonly namespacePrefix: string;
  readonly secrets: 'cluster' | 'external';
  readonly secretStore: { readonly name: string; readonly kind: string; readonly path: string };
  readonly argoCd?: { readonly repository: string; readonly revision: string; readonly namespace: string };
  readonly images: ImageSources;
  readonly proxy?: ForwardProxy;
  readonly caCertificates?: CaCertificates;
  readonly network: { readonly apiServer: readonly string[]; readonly clusterDomain: string };
  /** Need → name of the service that serves all who say nothing else. */
  readonly providers: Readonly<Record<string, string | undefined>>;
  /** By the service's name, which is that of its component unless it has one of its own. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
  /** The error that says what is wrong in the file, and on which lines. */
  readonly errorOf: (problems: readonly Problem[]) => ConfigError;
}
