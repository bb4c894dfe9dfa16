import { k8s } from 'cdk8s-plus-28';
import { chosenNodes, withZones } from './override-placement';
import type { Workload } from './workload';

/**
 * On which nodes the pods of a workload run: several spread, others gather where they share a volume. Where availability
 * is high, those of a stateful set must spread: two members of a quorum on one node would be lost together.
 */
export function renderPlacement(
  workload: Workload,
): Pick<k8s.PodSpec, 'topologySpreadConstraints' | 'affinity' | 'nodeSelector' | 'tolerations'> {
  const { near } = workload.props;
  const quorum = workload.kind === 'StatefulSet' && workload.component.platform.config.availability === 'high';
  const topologyKey = 'kubernetes.io/hostname';
  return {
    ...chosenNodes(workload),
    ...(workload.replicas > 1
      ? {
          topologySpreadConstraints: withZones(workload, {
            maxSkew: 1,
            topologyKey,
            ...(quorum
              ? // A node that is out does not count, so that its pods may go where their volumes allow.
                { whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor' }
              : { whenUnsatisfiable: 'ScheduleAnyway' }),
            labelSelector: { matchLabels: workload.selector },
          }),
        }
      : {}),
    ...(near
      ? {
          affinity: {
            podAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                { weight: 100, podAffinityTerm: { topologyKey, labelSelector: { matchLabels: near } } },
              ],
            },
          },
        }
      : {}),
  };
}
