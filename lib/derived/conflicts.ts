import type { Credential } from '../core/credential';
import type { Platform } from '../core/platform';
import { nodePort, publicPorts, type PublicPort } from '../core/service';

/** Throws where two claim the same port or name, which nobody would notice before it fails on a cluster. */
export function refuseConflicts({ config, graph }: Platform): void {
  const ports = graph.workloads.flatMap(publicPorts);
  refuse(
    ports,
    ({ number, port }) => `${number}/${port.protocol}`,
    (a, b) => `${portName(a)} and ${portName(b)} have the same public port ${a.number}/${a.port.protocol}`,
  );
  if (config.cluster === 'kind') {
    // Only TCP and UDP of the same number in the same Service may share a node port.
    const owners = new Map(ports.map((port) => [`${portOwner(port)}:${port.number}`, port]));
    refuse(
      [...owners.values()],
      ({ number }) => String(nodePort(number)),
      (a, b) =>
        `${portName(a)} and ${portName(b)} have the public ports ${a.number} and ${b.number}, which on kind are the ` +
        `same node port ${nodePort(a.number)}; their last three digits must differ`,
    );
  }
  refuse(
    graph.credentials,
    // A secret store knows no namespaces.
    ({ name }) => name,
    (a, b) => `${credentialOwner(a)} and ${credentialOwner(b)} both have a credential ${a.name}`,
  );
}

/** Throws at the first two items with the same key. */
function refuse<Item>(items: readonly Item[], key: (item: Item) => string, message: (a: Item, b: Item) => string) {
  const seen = new Map<string, Item>();
  for (const item of items) {
    const other = seen.get(key(item));
    if (other) throw new Error(message(other, item));
    seen.set(key(item), item);
  }
}

const portOwner = ({ workload }: PublicPort) => `${workload.namespace}/${workload.name}`;
const portName = (port: PublicPort) => `port ${port.port.name} of ${portOwner(port)}`;
const credentialOwner = ({ owner }: Credential) => `${owner.tier.namespace}/${owner.name}`;
