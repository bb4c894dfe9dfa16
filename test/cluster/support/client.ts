import { kubectl } from './kubectl';
import { apply, namespaceObject } from './pod';
import { PythonPod } from './python-pod';
import type { Workspace } from './workspace';

const namespace = 'hearth-test';

/**
 * A user of the platform: a pod outside its namespaces, see {@link PythonPod}. The platform's host names lead to the gateway, as
 * DNS would lead them.
 */
export class Client {
  private constructor(private readonly pod: PythonPod) {}

  static async start({ platform }: Workspace): Promise<Client> {
    const hosts = platform.graph.routes.flatMap((route) => route.hosts);
    const service = ['service', 'traefik', `--namespace=${platform.tier('gateway').namespace}`];
    const ip = (await kubectl(['get', ...service, '-o', 'jsonpath={.spec.clusterIP}'])).trim();
    await apply(namespaceObject(namespace));
    const spec = { hostAliases: [{ ip, hostnames: [...new Set(hosts)] }] };
    return new Client(await PythonPod.start({ name: 'client', namespace, spec }));
  }

  /** See {@link PythonPod.python}. */
  python(script: string, variables: Readonly<Record<string, string>>) {
    return this.pod.python(script, variables);
  }

  attempt(script: string, variables: Readonly<Record<string, string>>) {
    return this.pod.attempt(script, variables);
  }

  async stop(): Promise<void> {
    await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true', '--timeout=60s']);
  }
}
