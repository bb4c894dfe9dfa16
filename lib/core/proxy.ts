import { BlockList, isIP } from 'node:net';
import { portOfUrl } from './address';
import { privateRanges } from './private-ranges';
import type { Settings } from './settings';

/** The forward proxy by which pods go out of the cluster. */
export interface ForwardProxy {
  /** For `http:` addresses: `scheme://host:port`. */
  readonly http: string;
  /** For `https:` addresses. */
  readonly https: string;
  /** Names and addresses outside the cluster that are reached without it; a name stands for those below it, too. */
  readonly no: readonly string[];
  /** Where the proxy's own addresses lie. @default anywhere */
  readonly addresses?: readonly string[];
}

/** What is never reached by the proxy: what lies inside the cluster, and what the platform file names. */
export function besideProxy({ domain, network, proxy }: Settings): string[] {
  // Some programs take `.svc` for what is below it, others `svc` for both.
  const names = ['svc', network.clusterDomain, domain].flatMap((name) => [name, `.${name}`]);
  const addresses = ['127.0.0.0/8', '::1', 'fc00::/7', ...privateRanges, ...network.apiServer];
  return [...new Set(['localhost', ...names, ...addresses, ...(proxy?.no ?? [])])];
}

/** The variables by which programs know the proxy: some read capital letters, some small ones. */
export function proxyEnv(settings: Settings): Record<string, string> {
  const { proxy } = settings;
  if (!proxy) return {};
  const variables = { HTTP_PROXY: proxy.http, HTTPS_PROXY: proxy.https, NO_PROXY: besideProxy(settings).join(',') };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
}

/** The same for programs in Java, which read no variables: https://docs.oracle.com/en/java/javase/21/core/java-networking.html */
export function javaProxyOptions(settings: Settings): string[] {
  const { proxy } = settings;
  if (!proxy) return [];
  const hosts = besideProxy(settings).filter((entry) => !entry.includes('/') && isIP(entry) !== 6);
  const patterns = hosts.map((host) => (host.startsWith('.') ? `*${host}` : host));
  return [
    ...(['http', 'https'] as const).flatMap((scheme) => [
      `-D${scheme}.proxyHost=${new URL(proxy[scheme]).hostname}`,
      `-D${scheme}.proxyPort=${portOfUrl(proxy[scheme])}`,
    ]),
    // For https, too.
    `-Dhttp.nonProxyHosts=127.*|${patterns.join('|')}`,
  ];
}

/** URL of the proxy by which an address is reached; undefined where it is reached directly, as what is not HTTP always is. */
export function proxyFor(settings: Settings, url: string): string | undefined {
  const { protocol, hostname } = new URL(url);
  const { http, https } = settings.proxy ?? {};
  const proxy = protocol === 'http:' ? http : protocol === 'https:' ? https : undefined;
  return proxy === undefined || isBeside(hostname, besideProxy(settings)) ? undefined : proxy;
}

/** The ports of these addresses that are reached without the proxy. */
export const portsBesideProxy = (settings: Settings, urls: readonly string[]): number[] =>
  urls.filter((url) => !proxyFor(settings, url)).map(portOfUrl);

/** The ports of the platform's proxies. */
export const proxyPorts = ({ http, https }: ForwardProxy): number[] => [...new Set([http, https].map(portOfUrl))];

function isBeside(host: string, beside: readonly string[]): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) {
    return beside.map((name) => name.replace(/^\./, '')).some((name) => host === name || host.endsWith(`.${name}`));
  }
  const list = new BlockList();
  for (const entry of beside) {
    const [network = '', prefix] = entry.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(network) === 0) continue;
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
