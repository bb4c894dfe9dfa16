import { caEnv, caFolder, caMount } from './ca-certificates';
import { known, Late, late } from './late';
import { proxyEnv } from './proxy';
import type { Workload, WorkloadContainer } from './workload';

/**
 * The containers of a workload that reaches out, as they know the way: by the platform's proxy, with its own authorities trusted.
 * Those that wait, and those that stay inside, reach the platform alone.
 */
export function withEgress(workload: Workload, containers: readonly WorkloadContainer[]): readonly WorkloadContainer[] {
  const { component, props } = workload;
  const { proxy, caCertificates } = component.platform.config;
  if (!props.internet || (!proxy && !caCertificates)) return containers;
  const authorities = caMount(component);
  const env = { ...proxyEnv(component.platform.config), ...(authorities ? caEnv : {}) };
  const withAuthorities = ({ mounts }: WorkloadContainer['props']) => {
    const all = () => ({ ...known(mounts, component), ...(authorities ? { [caFolder]: authorities } : {}) });
    return mounts instanceof Late ? late(all) : all();
  };
  return containers.map((container) =>
    container.owner || container.props.staysInside
      ? container
      : {
          ...container,
          props: {
            ...container.props,
            env: { ...env, ...container.props.env },
            ...(authorities ? { mounts: withAuthorities(container.props) } : {}),
          },
        },
  );
}

/** TCP ports that a workload reaches without the proxy: all of its ports where there is none. */
export function directPorts({ component, internetPorts, props }: Workload): readonly number[] {
  const { proxy } = component.platform.config;
  if (!proxy) return internetPorts;
  return props.internet?.direct ?? (proxy.no.length > 0 ? internetPorts : []);
}
