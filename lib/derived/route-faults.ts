import type { Certificate } from '../core/certificate';
import type { Route } from '../core/route';
import { TcpRoute } from '../core/stream-routes';

/** What is wrong with a route of a component, as clauses behind its name: the gateway could not lead there. */
export function routeFaults(route: Route): string[] {
  const { to } = route;
  if (!to) return [];
  const port = `port ${to.port.name} of ${to.workload.name}`;
  return [
    ...(to.port.offered ? [] : [`leads to ${port}, which no Service offers`]),
    ...(to.port.tls === 'gateway' ? [`leads to ${port}, which shows the gateway’s own certificate`] : []),
    ...(route instanceof TcpRoute && route.props.passthrough ? passthroughFaults(route, port, to.certificate) : []),
  ];
}

function passthroughFaults({ hosts, props }: TcpRoute, port: string, certificate: Certificate | undefined): string[] {
  if (!certificate) return [`passes TLS on to ${port}, which speaks none; say tls of that port, or leave passthrough out`];
  const foreign = hosts.filter((host) => !certificate.isFor(host));
  return [
    ...(props.alpn ? ['passes TLS on, where the gateway answers no alpn; leave one of the two out'] : []),
    ...foreign.map((host) => `passes TLS on to ${port}, whose certificate is not for ${host}; say it among its hosts`),
  ];
}
