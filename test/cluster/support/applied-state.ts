import { kubectlJson } from './kubectl';

/**
 * Of everything that a platform applies: what changes when an object is written. Controllers write into the objects that
 * hold pods all the time, so that these are not among them.
 * @returns kind, namespace and name → resource version
 */
export async function resourceVersions(platform: string): Promise<Record<string, string>> {
  const kinds =
    'services,configmaps,networkpolicies,ingressroutes,ingressroutetcps,middlewares,cronjobs,roles,limitranges,priorityclasses';
  const { items } = await kubectlJson<{
    items: { kind: string; metadata: { name: string; namespace?: string; resourceVersion: string } }[];
  }>(['get', kinds, '--all-namespaces', `--selector=app.kubernetes.io/part-of=${platform}`]);
  return Object.fromEntries(
    items.map(({ kind, metadata }) => [`${kind} ${metadata.namespace}/${metadata.name}`, metadata.resourceVersion]),
  );
}
