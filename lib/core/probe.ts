import { k8s } from 'cdk8s-plus-28';
import type { Port } from './endpoint';

/** One way to ask a program how it is. */
export interface Check extends Pick<k8s.Probe, 'tcpSocket' | 'exec'> {
  /** Its scheme is that of the port. */
  readonly httpGet?: Omit<k8s.HttpGetAction, 'scheme'>;
}

/** GET `path` answers 200 to 399. `port` is a name or a number. */
export const http = (path: string, port: string | number = 'http', headers: Record<string, string> = {}): Check => {
  const httpHeaders = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return { httpGet: { path, port: portReference(port), ...(httpHeaders.length > 0 ? { httpHeaders } : {}) } };
};
/** The port accepts a connection. */
export const tcp = (port: string | number): Check => ({ tcpSocket: { port: portReference(port) } });
/** The command ends with 0. */
export const exec = (...command: string[]): Check => ({ exec: { command } });

export interface Probes {
  /** The program can serve now. */
  readonly ready: Check;
  /** The process is beyond repair when this fails; must not depend on another component. @default `ready` */
  readonly live?: Check;
  /** How long the slowest first start may take, in seconds. @default 60 */
  readonly startupSeconds?: number;
}

type RenderedProbes = Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

/**
 * A startup probe as long as the slowest first start, then short readiness and patient liveness probes.
 * @param ports of the container
 */
export function renderProbes(probes: Probes, ports: readonly Port[]): RenderedProbes {
  const { startupSeconds = 60 } = probes;
  const ready = withScheme(probes.ready, ports);
  const live = withScheme(probes.live ?? probes.ready, ports);
  return {
    startupProbe: { ...live, periodSeconds: 3, timeoutSeconds: 5, failureThreshold: Math.ceil(startupSeconds / 3) },
    readinessProbe: { ...ready, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...live, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 3 },
  };
}

/** The kubelet takes any certificate. */
function withScheme(check: Check, ports: readonly Port[]): k8s.Probe {
  const asked = check.httpGet?.port.value;
  const secure = ports.some(({ name, port, tls }) => tls !== undefined && (name === asked || port === asked));
  return check.httpGet && secure ? { ...check, httpGet: { ...check.httpGet, scheme: 'HTTPS' } } : check;
}

function portReference(port: string | number): k8s.IntOrString {
  return typeof port === 'number' ? k8s.IntOrString.fromNumber(port) : k8s.IntOrString.fromString(port);
}
