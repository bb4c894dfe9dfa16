import { k8s } from 'cdk8s-plus-28';
import type { Port } from './endpoint';
import { withMarks } from './override-marks';
import type { Workload } from './workload';

/**
 * The Services of a workload: one for its clients inside the cluster, one for the world where ports are public.
 * A kind cluster has no load balancer: there public ports are node ports with fixed numbers, see {@link nodePort}.
 */
export function renderServices(workload: Workload): void {
  const { name, selector, component } = workload;
  const offered = workload.ports.filter((port) => port.offered);
  if (offered.length > 0) {
    new k8s.KubeService(workload, 'service', {
      metadata: { name, labels: selector },
      spec: { type: 'ClusterIP', selector, ports: offered.flatMap(servicePorts) },
    });
  }
  const published = publicPorts(workload);
  if (published.length === 0) return;
  const kind = component.platform.config.cluster === 'kind';
  new k8s.KubeService(workload, 'public-service', {
    metadata: withMarks(workload, 'publicServices', { name: `${name}-public`, labels: selector }),
    spec: {
      type: kind ? 'NodePort' : 'LoadBalancer',
      // Programs see the address of the client, not of a node; on kind the ports of one node serve pods on all.
      externalTrafficPolicy: kind ? 'Cluster' : 'Local',
      selector,
      ports: published.map(({ port, number }) => ({
        ...servicePort(port, number),
        ...(kind ? { nodePort: nodePort(number) } : {}),
      })),
    },
  });
}

/** A port that the world reaches, with its public number. */
export interface PublicPort {
  readonly workload: Workload;
  readonly port: Port;
  readonly number: number;
}

export function publicPorts(workload: Workload): PublicPort[] {
  return workload.ports.flatMap((port) => (port.public === undefined ? [] : [{ workload, port, number: port.public }]));
}

/** The node port that stands for a public port on kind: 30000 and its last three digits. */
export function nodePort(publicPort: number): number {
  return 30000 + (publicPort % 1000);
}

/** The port of a Service that leads to a container's, under that number. */
export function servicePort(port: Port, number: number): k8s.ServicePort {
  return { name: port.name, port: number, targetPort: k8s.IntOrString.fromString(port.name), protocol: port.protocol };
}

/** The port of its Service, and those that lead to the same place. */
function servicePorts(port: Port): k8s.ServicePort[] {
  return [
    servicePort(port, port.service),
    ...port.aliases.map((alias) => ({ ...servicePort(port, alias), name: `${port.name}-${alias}` })),
  ];
}
