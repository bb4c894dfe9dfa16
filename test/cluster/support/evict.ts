import { run } from './kubectl';

/**
 * What the API server answers to a request to evict a pod, as a drain sends it.
 * @param dryRun asks only, and leaves the pod where it is
 */
export async function evict(pod: string, namespace: string, dryRun = false): Promise<string> {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: pod, namespace },
    ...(dryRun ? { deleteOptions: { dryRun: ['All'] } } : {}),
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
  const { stdout, stderr } = await run('kubectl', ['create', '--raw', path, '-f', '-'], {
    input: JSON.stringify(eviction),
  });
  return stdout + stderr;
}
