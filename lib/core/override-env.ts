import { k8s } from 'cdk8s-plus-28';
import type { Component } from './component';
import { envOf, platformEnv } from './container';
import { renderEnv } from './env';
import { mainWorkloads, refuseWithoutPods } from './overrides';
import type { Workload } from './workload';

/** The environment variables that the platform file adds to a container: to the main one of the service, and no other. */
export function furtherEnv(workload: Workload, container: string): k8s.EnvVar[] {
  const { env } = workload.component.overrides;
  if (!env || container !== workload.mainContainer || !mainWorkloads(workload.component).includes(workload)) return [];
  return Object.entries(env).flatMap(([name, value]) =>
    typeof value === 'string'
      ? renderEnv({ [name]: value }, workload.namespace)
      : [{ name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } }],
  );
}

/** Refuses variables that hearth sets itself: two of one name would be one, and nobody would know which. */
export function refuseEnv(component: Component): void {
  const { env = {} } = component.overrides;
  if (refuseWithoutPods(component, 'env')) return;
  const own = mainWorkloads(component).flatMap(({ containers, mainContainer, namespace }) =>
    containers
      .filter(({ name }) => name === mainContainer)
      .flatMap(({ props }) => renderEnv({ ...platformEnv(component.platform), ...envOf(props, component) }, namespace))
      .map(({ name }) => name),
  );
  for (const name of Object.keys(env).filter((given) => own.includes(given))) {
    component.refuse(['env', name], 'is set by hearth itself, as other settings of the platform file want it; remove it');
  }
}
