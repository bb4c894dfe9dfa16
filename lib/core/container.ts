import { k8s } from 'cdk8s-plus-28';
import { portsOf, type PortProps } from './endpoint';
import { renderEnv, type EnvValue } from './env';
import type { MountSource } from './mount';
import { renderProbes, type Probes } from './probe';
import { renderResources, type Resources } from './resources';
import type { Workload } from './workload';

export interface ContainerProps {
  readonly image: string;
  /** The program, started explicitly. @default the image's entrypoint */
  readonly command?: string[];
  readonly args?: string[];
  readonly env?: Record<string, EnvValue>;
  readonly ports?: Record<string, PortProps>;
  /** Path → what stands there. The root file system is read-only. */
  readonly mounts?: Record<string, MountSource>;
  readonly resources: Resources;
  readonly probes?: Probes;
  readonly workingDir?: string;
  /** Command that runs inside the container right after its start. */
  readonly postStart?: string[];
  /** Command that runs inside the container before it is told to stop, within the grace period. */
  readonly preStop?: string[];
}

/** A container of a workload: no privileges to gain, no capabilities, a read-only root file system. */
export function renderContainer(workload: Workload, name: string, props: ContainerProps): k8s.Container {
  const ports = portsOf(props.ports);
  const { timeZone } = workload.component.platform.config;
  return {
    name,
    image: props.image,
    imagePullPolicy: 'IfNotPresent',
    ...(props.command ? { command: props.command } : {}),
    ...(props.args ? { args: props.args } : {}),
    ...(props.workingDir ? { workingDir: props.workingDir } : {}),
    env: renderEnv({ TZ: timeZone, ...props.env }, workload.namespace),
    ...(ports.length > 0
      ? { ports: ports.map((p) => ({ name: p.name, containerPort: p.port, protocol: p.protocol })) }
      : {}),
    ...(props.probes ? renderProbes(props.probes) : {}),
    ...renderLifecycle(props),
    resources: renderResources(props.resources),
    // The reason of a crash stands in the status of the pod.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    ...(props.mounts
      ? {
          volumeMounts: Object.entries(props.mounts).map(([mountPath, mount]) => ({
            name: workload.volumeName(mount),
            mountPath,
            ...(mount.subPath ? { subPath: mount.subPath } : {}),
            ...(mount.readOnly ? { readOnly: true } : {}),
          })),
        }
      : {}),
  };
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
