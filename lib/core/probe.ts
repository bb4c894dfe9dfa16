import { k8s } from 'cdk8s-plus-28';

/** One way to ask a program how it is. */
export type Check = Pick<k8s.Probe, 'httpGet' | 'tcpSocket' | 'exec'>;

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

/** A startup probe as long as the slowest first start, then short readiness and patient liveness probes. */
export function renderProbes(probes: Probes): Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  const { ready, live = ready, startupSeconds = 60 } = probes;
  return {
    startupProbe: { ...live, periodSeconds: 3, timeoutSeconds: 5, failureThreshold: Math.ceil(startupSeconds / 3) },
    readinessProbe: { ...ready, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...live, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 3 },
  };
}

function portReference(port: string | number): k8s.IntOrString {
  return typeof port === 'number' ? k8s.IntOrString.fromNumber(port) : k8s.IntOrString.fromString(port);
}
