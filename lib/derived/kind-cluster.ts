import { yaml } from '../core/config-files';
import type { Platform } from '../core/platform';
import { nodePort, publicPorts } from '../core/service';

/**
 * For platforms on kind: the configuration that leads the public ports of this machine to the node ports of the
 * platform, as path below `dist/` → content. https://kind.sigs.k8s.io/docs/user/configuration/#extra-port-mappings
 */
export function kindCluster(platform: Platform): [path: string, content: string][] {
  const { cluster, name } = platform.config;
  if (cluster !== 'kind') return [];
  const ports = platform.graph.workloads.flatMap(publicPorts);
  const configuration = {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name,
    nodes: [
      {
        role: 'control-plane',
        extraPortMappings: ports.map(({ port, number }) => ({
          containerPort: nodePort(number),
          hostPort: number,
          listenAddress: '127.0.0.1',
          protocol: port.protocol,
        })),
      },
    ],
  };
  return [[`kind/${name}.yaml`, yaml(configuration)]];
}
