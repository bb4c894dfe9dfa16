import { images } from './images';
import { run } from './kubectl';
import { apply, podObject } from './pod';

/**
 * A pod that the policies take for one of a workload (its labels), or for nobody (no labels). It is never ready, so that
 * no Service leads to it.
 * @param listens on that TCP port, where it is given
 */
export async function startProbe(
  name: string,
  namespace: string,
  labels: Record<string, string>,
  listens?: number,
): Promise<void> {
  const container = {
    name: 'probe',
    image: images.busybox,
    command: listens === undefined ? ['sleep', '86400'] : ['httpd', '-f', '-p', String(listens), '-h', '/tmp'],
    readinessProbe: { exec: { command: ['false'] } },
    resources: { requests: { cpu: '1m', memory: '4Mi' }, limits: { cpu: '100m', memory: '16Mi' } },
  };
  await apply(podObject({ name, namespace, labels: { ...labels, 'hearth-test/probe': 'true' }, container }));
}

/** Which of the `address:port` pairs a probe can connect to. */
export async function reachable(name: string, namespace: string, targets: string[]): Promise<Set<string>> {
  const attempts = targets.map((target) => `(nc -w 3 ${target.replace(':', ' ')} -e true && echo ${target}) &`);
  const script = [...attempts, 'wait'].join('\n');
  const { stdout } = await run('kubectl', ['exec', name, `--namespace=${namespace}`, '--', 'sh', '-c', script]);
  return new Set(stdout.split('\n').filter(Boolean));
}
