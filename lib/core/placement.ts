import { k8s } from 'cdk8s-plus-28';
import type { Workload } from './workload';

/** On which nodes the pods of a workload prefer to run: several spread, others gather where they share a volume. */
export function renderPlacement(workload: Workload): Pick<k8s.PodSpec, 'topologySpreadConstraints' | 'affinity'> {
  const { near } = workload.props;
  const topologyKey = 'kubernetes.io/hostname';
  return {
    ...(workload.replicas > 1
      ? {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey,
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: workload.selector },
            },
          ],
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
