import type { Binding } from '../core/binding';
import type { Endpoint } from '../core/endpoint';
import type { ContainerProps } from '../core/container';
import { images } from '../images';

/** Another program, used once its port accepts connections. */
export class Started implements Binding {
  readonly wait: ContainerProps & { readonly name: string };

  constructor(
    readonly endpoint: Endpoint,
    readonly why: string,
  ) {
    this.wait = {
      name: endpoint.workload.name,
      image: images.busybox,
      command: ['sh', '-c', `until nc -w 3 ${endpoint.host} ${endpoint.port.service} -e true; do sleep 2; done`],
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
    };
  }
}
