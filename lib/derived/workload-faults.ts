import type { ContainerProps } from '../core/container';
import { portsOf } from '../core/endpoint';
import { gateway } from '../core/gateway';
import { known } from '../core/late';
import { publicPorts } from '../core/service';
import type { Workload } from '../core/workload';

/** Something of a workload that Kubernetes, or a pod with hardened defaults, would not take. */
export interface Fault {
  /** A clause that follows the workload's name. */
  readonly message: string;
  /** Another name of the service mends it. @default its component must be mended */
  readonly byName?: true;
}

/** What a cluster would refuse of a workload, or take and never bring up. */
export function workloadFaults(workload: Workload): Fault[] {
  return [
    ...nameFaults(workload),
    ...containerFaults(workload),
    ...portFaults(workload),
    ...tlsFaults(workload),
    ...userFaults(workload),
    ...volumeFaults(workload),
    ...reloadFaults(workload),
    ...workload.containers.flatMap(({ name, props }) => probeFaults(name, props)),
  ];
}

/** Whether a text is a label of RFC 1035, as names of Services, containers and volumes are, of at most that length. */
const isLabel = (text: string, longest = 63) => /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(text) && text.length <= longest;

/**
 * Pods of stateful sets and of jobs carry the name of their controller in labels, which have 63 characters: behind it is a hash
 * of 10 for the revision, or of 8 for the job, or the 11 digits of the time for a CronJob.
 */
const longestNames: Readonly<Record<string, number>> = { StatefulSet: 52, Job: 54, CronJob: 52 };

function nameFaults(workload: Workload): Fault[] {
  const { name, kind } = workload;
  const longest = Math.min(longestNames[kind] ?? 63, publicPorts(workload).length > 0 ? 63 - '-public'.length : 63);
  if (isLabel(name, longest)) return [];
  const message = `must be called by lower-case letters, digits and dashes, at most ${longest} characters`;
  return [ofOwnName(workload, name) ? { message, byName: true } : { message }];
}

/** Whether the name that the platform file gave the service is why something is called so. */
function ofOwnName({ component }: Workload, name: string): boolean {
  return component.name !== component.type && name.startsWith(component.name);
}

function containerFaults(workload: Workload): Fault[] {
  return repeated(workload.containers.map(({ name }) => name)).map((name) => {
    const message = `has two containers ${name}`;
    return ofOwnName(workload, name) ? { message, byName: true } : { message };
  });
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports */
function portFaults({ ports, props }: Workload): Fault[] {
  const has = (port: string) => ports.some(({ name }) => name === port);
  return [
    ...ports
      .filter(({ name }) => !/^(?!.*--)(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name))
      .map(({ name }) => ({
        message: `has a port "${name}": at most 15 lower-case letters, digits and single dashes, of which one is a letter`,
      })),
    ...repeated(ports.map(({ name }) => name)).map((name) => ({ message: `has two ports ${name}` })),
    ...ports
      .filter(({ port }) => port < 1024)
      .map(({ name, port }) => ({
        message: `listens on port ${port} (${name}), for which it has no right; let it listen above 1023, and say service: ${port}`,
      })),
    ...(props.metrics && !has(props.metrics.port)
      ? [{ message: `has metrics on a port ${props.metrics.port}, which it does not have` }]
      : []),
  ];
}

/** Clients would trust a certificate that the program does not show. */
function tlsFaults(workload: Workload): Fault[] {
  const { ports, component, namespace, name: owner } = workload;
  const host = `${owner}.${namespace}.svc`;
  return ports.flatMap(({ name, tls, protocol }) => {
    if (tls === undefined) return [];
    if (protocol !== 'TCP') return [{ message: `speaks TLS on port ${name}, which is none of TCP; leave tls out` }];
    if (tls === 'gateway') {
      if (Object.values<unknown>(component.definition.provides).includes(gateway)) return [];
      const mend = `give it one of its own: new Certificate(self, '${owner}')`;
      return [{ message: `shows the gateway’s certificate on port ${name}, which only the gateway has; ${mend}` }];
    }
    return [
      ...(tls.isFor(host) ? [] : [{ message: `shows ${tls.name} on port ${name}, which is not for ${host}` }]),
      ...(workload.credentials.includes(tls) ? [] : [{ message: `shows ${tls.name} on port ${name}, but mounts it nowhere` }]),
    ];
  });
}

function userFaults({ props: { user } }: Workload): Fault[] {
  return Object.entries(user)
    .filter(([, id]) => !Number.isInteger(id) || id < 1)
    .map(([key, id]) => ({ message: `runs with ${key} ${id}; write that of a user without rights, above 0` }));
}

function volumeFaults(workload: Workload): Fault[] {
  const names = new Set(
    workload.containers.flatMap(({ props }) =>
      Object.values(known(props.mounts, workload.component) ?? {}).map((mount) => workload.volumeName(mount)),
    ),
  );
  return [...names]
    .filter((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    .map((name) => ({
      message: `mounts a volume "${name}": at most 63 lower-case letters, digits and dashes`,
    }));
}

/** Files that are said to be reloaded, by what cannot. */
function reloadFaults(workload: Workload): Fault[] {
  return workload.containers.flatMap(({ name, init, props }) =>
    Object.values(known(props.mounts, workload.component) ?? {}).flatMap(({ config, subPath }) => {
      if (config?.reload === undefined) return [];
      const files = config.name;
      if (init || workload.replicas === 0) {
        return [{ message: `reads ${files} once, in its container ${name}; leave reload of these files out` }];
      }
      if (subPath !== undefined) {
        const mend = 'which stays as it is when they change; mount their folder';
        return [{ message: `mounts ${subPath} of ${files} alone in its container ${name}, ${mend}` }];
      }
      if (config.reload === 'watched' || props.command !== undefined) return [];
      const mend = 'say command, since a shell starts it then';
      return [{ message: `leaves it to the image what its container ${name} runs, which shall reload ${files}; ${mend}` }];
    }),
  );
}

/** Kubernetes looks for a name among the ports of the same container. */
function probeFaults(container: string, { probes, ports }: ContainerProps): Fault[] {
  const checks = [probes?.ready, probes?.live].map((check) => check?.httpGet?.port ?? check?.tcpSocket?.port);
  const own: unknown[] = portsOf(ports).map(({ name }) => name);
  const named = new Set(checks.map((port) => port?.value).filter((port) => typeof port === 'string'));
  return [...named]
    .filter((port) => !own.includes(port))
    .map((port) => ({ message: `asks its container ${container} on a port ${port}, which that does not have` }));
}

const repeated = (names: readonly string[]): string[] => [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
