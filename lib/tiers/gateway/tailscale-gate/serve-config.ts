import type { Endpoint } from '../../../core/endpoint';

export interface ServeConfigProps {
  /** Public port. */
  readonly port: number;
  /** Where requests end. */
  readonly to: Endpoint;
  /** Path below which the program is, without a slash at its end. */
  readonly base: string;
  /** Paths below `base` that are not published. */
  readonly hidden: readonly string[];
}

/** Tailscale's `ServeConfig`: https://pkg.go.dev/tailscale.com/ipn#ServeConfig */
export interface ServeConfig {
  readonly TCP?: Readonly<Record<string, { readonly HTTPS: boolean }>>;
  readonly Web?: Readonly<Record<string, { readonly Handlers: Readonly<Record<string, { readonly Proxy: string }>> }>>;
  readonly AllowFunnel?: Readonly<Record<string, boolean>>;
}

/** What is published while the program is healthy: HTTPS with a certificate of Tailscale's, for everyone. */
export function openConfig({ port, to, base, hidden }: ServeConfigProps): ServeConfig {
  // The name in the tailnet, which is only known once the node is part of it.
  const address = `\${TS_CERT_DOMAIN}:${port}`;
  const handlers = {
    [base || '/']: { Proxy: `${to.url()}${base}` },
    // Tailscale cannot answer by itself: the request goes to a path that the program does not have.
    ...Object.fromEntries(hidden.map((path) => [`${base}${path}`, { Proxy: to.url() + '/hidden-by-the-gateway' }])),
  };
  return {
    TCP: { [port]: { HTTPS: true } },
    Web: { [address]: { Handlers: handlers } },
    AllowFunnel: { [address]: true },
  };
}

/** Nothing is published. */
export const closedConfig: ServeConfig = {};
