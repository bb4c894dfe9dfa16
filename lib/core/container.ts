import { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import { portsOf, type PortProps } from './endpoint';
import { renderEnv, type EnvValue } from './env';
import { isFloating } from './image-sources';
import { known, type Late, type OrLate } from './late';
import type { MountSource } from './mount';
import { furtherEnv } from './override-env';
import type { Platform } from './platform';
import { renderProbes, type Probes } from './probe';
import { withReload } from './reload';
import { renderResources, type Resources } from './resources';
import type { Workload } from './workload';

export interface ContainerProps {
  readonly image: string;
  /** The program, started explicitly. @default the image's entrypoint */
  readonly command?: OrLate<string[]>;
  readonly args?: OrLate<string[]>;
  /** A late value that is undefined leaves its variable out. */
  readonly env?: Record<string, EnvValue | Late<EnvValue | undefined>>;
  readonly ports?: Record<string, PortProps>;
  /** Path → what stands there. The root file system is read-only. */
  readonly mounts?: OrLate<Record<string, MountSource>>;
  readonly resources: Resources;
  readonly probes?: Probes;
  readonly workingDir?: string;
  /** Command that runs inside the container right after its start. */
  readonly postStart?: string[];
  /** Command that runs inside the container before it is told to stop, within the grace period. */
  readonly preStop?: string[];
  /**
   * Where its workload reaches the internet, it does not: it reaches the platform alone, and hears of no proxy. BusyBox’s wget
   * sends all requests to one, whatever NO_PROXY says.
   */
  readonly staysInside?: true;
}

/** What every container is told. */
export const platformEnv = ({ config }: Platform): Record<string, EnvValue> => ({ TZ: config.timeZone });

/** A container of a workload: no privileges to gain, no capabilities, a read-only root file system. */
export function renderContainer(workload: Workload, name: string, props: ContainerProps): k8s.Container {
  const { component } = workload;
  const ports = portsOf(props.ports);
  const args = known(props.args, component);
  const mounts = known(props.mounts, component);
  const command = withReload(known(props.command, component), mounts);
  return {
    name,
    image: props.image,
    // What a floating tag means is only known by asking the registry, at each start.
    imagePullPolicy: isFloating(props.image) ? 'Always' : 'IfNotPresent',
    ...(command ? { command: [...command] } : {}),
    ...(args ? { args } : {}),
    ...(props.workingDir ? { workingDir: props.workingDir } : {}),
    env: [
      ...renderEnv({ ...platformEnv(component.platform), ...envOf(props, component) }, workload.namespace),
      ...furtherEnv(workload, name),
    ],
    ...(ports.length > 0 ? { ports: ports.map((p) => ({ name: p.name, containerPort: p.port, protocol: p.protocol })) } : {}),
    ...(props.probes ? renderProbes(props.probes, ports) : {}),
    ...renderLifecycle(props),
    resources: renderResources(props.resources),
    // The reason of a crash stands in the status of the pod.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    ...(mounts
      ? {
          volumeMounts: Object.entries(mounts).map(([mountPath, mount]) => ({
            name: workload.volumeName(mount),
            mountPath,
            ...(mount.subPath ? { subPath: mount.subPath } : {}),
            ...(mount.readOnly ? { readOnly: true } : {}),
          })),
        }
      : {}),
  };
}

/** The environment that a container of a component declares. */
export function envOf({ env = {} }: ContainerProps, component: Component): Record<string, EnvValue> {
  const all = Object.entries(env).map(([name, value]) => [name, known<EnvValue | undefined>(value, component)] as const);
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function renderLifecycle({ postStart, preStop }: ContainerProps): Pick<k8s.Container, 'lifecycle'> {
  if (!postStart && !preStop) return {};
  return {
    lifecycle: {
      ...(postStart ? { postStart: { exec: { command: postStart } } } : {}),
      ...(preStop ? { preStop: { exec: { command: preStop } } } : {}),
    },
  };
}
