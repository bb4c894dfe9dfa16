import type { Hearth } from './hearth';
import { kubectlJson } from './kubectl';

/** Controllers write into these all the time; their generation counts what others want of them. */
const holdingPods = 'deployments,statefulsets,daemonsets,jobs';
const others =
  'services,configmaps,secrets,networkpolicies,ingressroutes,ingressroutetcps,middlewares,cronjobs,roles,limitranges,priorityclasses';

/** Everything that a platform applies, and what changes when it is written. @returns kind, namespace and name → version */
export async function versionsOf(platform: string): Promise<Record<string, string>> {
  const { items } = await kubectlJson<{
    items: {
      kind: string;
      metadata: {
        name: string;
        namespace?: string;
        uid: string;
        resourceVersion: string;
        generation?: number;
        ownerReferences?: object[];
      };
    }[];
  }>(['get', `${holdingPods},${others}`, '--all-namespaces', `--selector=app.kubernetes.io/part-of=${platform}`]);
  // What controllers make by themselves, such as the jobs of cron jobs, has an owner.
  const applied = items.filter(({ metadata }) => metadata.ownerReferences === undefined);
  return Object.fromEntries(
    applied.map(({ kind, metadata: { namespace = '', name, uid, resourceVersion, generation = 0 } }) => [
      `${kind} ${namespace}/${name}`,
      holdingPods.includes(`${kind.toLowerCase()}s`) ? `${uid} ${generation}` : resourceVersion,
    ]),
  );
}

/**
 * Another `up` of a platform that is up says that it changed nothing, and did not.
 * @param versions see {@link versionsOf}
 * @returns how many objects stayed the same
 */
export async function expectUpChangesNothing(
  hearth: Pick<Hearth, 'succeed'>,
  platform: string,
  versions = versionsOf,
): Promise<number> {
  const before = await versions(platform);
  const objects = Object.keys(before);
  if (objects.length === 0) throw new Error(`${platform} is up and has no objects`);
  const said = (await hearth.succeed('up', platform)).match(/\d+ made or changed/g);
  if (!said) throw new Error('the second up does not say how much it made or changed');
  const changes = said.filter((line) => !line.startsWith('0 '));
  if (changes.length > 0) throw new Error(`the second up says: ${changes.join(', ')}`);
  const after = await versions(platform);
  const written = [...new Set([...objects, ...Object.keys(after)])].filter((object) => before[object] !== after[object]);
  if (written.length > 0) throw new Error(`the second up wrote ${written.join(', ')}`);
  return objects.length;
}
