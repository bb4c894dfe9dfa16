import type { k8s } from 'cdk8s-plus-28';
import { renderContainer } from './container';
import { pullSecrets } from './image-sources';
import { withMarks } from './override-marks';
import { renderPlacement } from './placement';
import { podVolumes } from './pod-volumes';
import type { Workload } from './workload';

/** The pods of a workload, hardened. */
export function renderPodTemplate(workload: Workload, restartPolicy?: 'OnFailure' | 'Never'): k8s.PodTemplateSpec {
  const { user, kubernetes, metrics, terminationGraceSeconds } = workload.props;
  const { containers, mounts } = workload;
  const render = (init: boolean) =>
    containers.filter((c) => c.init === init).map((c) => renderContainer(workload, c.name, c.props));
  const initContainers = render(true);
  const volumes = podVolumes(workload, mounts);
  const { platform, tier } = workload.component;
  const scraped = metrics && workload.endpoint(metrics.port).port;
  const configs = [...new Set(mounts.flatMap((mount) => mount.config ?? []))].filter(({ reload }) => !reload);
  const annotations: Record<string, string> = {
    ...Object.fromEntries(configs.map((config) => [`hearth/config-${config.name}`, config.hash])),
    ...(metrics && scraped
      ? {
          'prometheus.io/scrape': 'true',
          'prometheus.io/port': String(scraped.port),
          'prometheus.io/path': metrics.path,
          ...(scraped.tls ? { 'prometheus.io/scheme': 'https' } : {}),
        }
      : {}),
  };
  return {
    metadata: withMarks(workload, 'pods', {
      labels: { ...workload.selector, 'app.kubernetes.io/part-of': platform.config.name },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    }),
    spec: {
      ...(kubernetes ? { serviceAccountName: workload.name } : {}),
      automountServiceAccountToken: kubernetes !== undefined,
      enableServiceLinks: false,
      priorityClassName: tier.priorityClass,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user.uid,
        runAsGroup: user.gid,
        fsGroup: user.gid,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(terminationGraceSeconds === undefined ? {} : { terminationGracePeriodSeconds: terminationGraceSeconds }),
      ...(restartPolicy ? { restartPolicy } : {}),
      ...renderPlacement(workload),
      ...pullSecrets(platform.config),
      ...(initContainers.length > 0 ? { initContainers } : {}),
      containers: render(false),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  };
}
