import { gateway } from '../../lib/core/gateway';
import type { Platform } from '../../lib/core/platform';
import type { Cluster, KubernetesObject } from '../cluster/cluster';
import type { Node } from '../cluster/kinds';
import { onThisMachine } from '../platform-file';
import { Refusal } from '../refusal';
import { ok, warning, type Check, type OfPlatform } from './finding';

/** Whether this machine finds the names that clients ask for: the domain itself, and one below it. */
export const names: Check<OfPlatform> = async ({ world, platform, cluster }) => {
  const { domain } = platform.config;
  if (onThisMachine(domain)) return [];
  const below = platform.graph.routes.flatMap(({ hosts }) => hosts).find((host) => host.endsWith(`.${domain}`));
  const hosts = [domain, below ?? `www.${domain}`];
  const addresses = await Promise.all(hosts.map((host) => world.resolve(host)));
  const unknown = hosts.filter((_, i) => addresses[i]?.length === 0);
  if (unknown.length === 0) return [ok(`${domain} is ${[...new Set(addresses.flat())].join(', ')}`)];
  const records = (await entrance(platform, cluster)).flatMap((address) =>
    [domain, `*.${domain}`].map((name) => `${name} ${address.includes(':') ? 'AAAA' : 'A'} ${address}`),
  );
  return [warning(`this machine finds no address of ${unknown.join(', ')}`, `make the DNS records: ${records.join(', ')}`)];
};

interface Service extends KubernetesObject {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** Where the world comes in: the load balancer of the gateway; on k3s, before there is one, the nodes. */
async function entrance(platform: Platform, cluster: Cluster | undefined): Promise<string[]> {
  const { cluster: kind } = platform.config;
  if (kind === 'kind') return ['127.0.0.1'];
  if (!cluster) return ['<address of the cluster>'];
  try {
    const { namespace } = platform.provider(gateway).peer;
    const services = await cluster.list<Service>({ apiVersion: 'v1', kind: 'Service' }, { namespace });
    const balancers = services.flatMap(({ status }) => status?.loadBalancer?.ingress?.flatMap(({ ip }) => ip ?? []) ?? []);
    if (balancers.length > 0) return [...new Set(balancers)];
    const nodes = kind === 'k3s' ? await cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }) : [];
    const own = nodes.flatMap(({ status }) => addressOf(status?.addresses ?? []) ?? []);
    return own.length > 0 ? own : ['<address of the load balancer>'];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return ['<address of the cluster>'];
  }
}

type Addresses = NonNullable<NonNullable<Node['status']>['addresses']>;

const addressOf = (addresses: Addresses): string | undefined =>
  ['ExternalIP', 'InternalIP'].flatMap((type) => addresses.filter((entry) => entry.type === type))[0]?.address;
