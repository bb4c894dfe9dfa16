import { kubectl, kubectlJson } from './kubectl';

const dns = ['--namespace=kube-system', '--selector=k8s-app=kube-dns'];

/** Brings the cluster's DNS to other nodes: while a node is out, names are still to be found. */
export async function moveDnsFrom(node: string): Promise<void> {
  const { items } = await kubectlJson<{ items: { spec: { nodeName: string } }[] }>(['get', 'pods', ...dns]);
  if (items.every(({ spec }) => spec.nodeName !== node)) return;
  await kubectl(['cordon', node]);
  try {
    await kubectl(['delete', 'pods', ...dns, `--field-selector=spec.nodeName=${node}`]);
    await kubectl(['rollout', 'status', 'deployment/coredns', '--namespace=kube-system', '--timeout=120s']);
  } finally {
    await kubectl(['uncordon', node]);
  }
}
