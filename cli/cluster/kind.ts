import { kindCluster } from '../../lib/derived/kind-cluster';
import type { Platform } from '../../lib/core/platform';
import { Refusal } from '../refusal';
import type { Step, World } from '../world';

/**
 * A step that makes the kind cluster of a platform, with the public ports that it needs, where there is none yet; nothing
 * where the platform runs elsewhere or the operator named a context. https://kind.sigs.k8s.io/
 */
export async function kindSteps(world: World, platform: Platform, context: string | undefined): Promise<Step[]> {
  const { name, cluster } = platform.config;
  if (cluster !== 'kind' || context !== undefined) return [];
  const [configuration] = kindCluster(platform);
  if ((await world.contexts()).includes(`kind-${name}`) || !configuration) return [];
  return [
    {
      title: `kind cluster ${name}`,
      async run(say) {
        say('kind creates it, which takes a minute or two');
        const result = await world.program('kind', ['create', 'cluster', '--config', '-', '--wait', '120s'], configuration[1]);
        if (!result) {
          throw new Refusal(
            'kind is not installed: see https://kind.sigs.k8s.io/docs/user/quick-start/#installation, or name another cluster by --context',
          );
        }
        if (result.code !== 0) throw new Refusal(`kind could not create the cluster:\n${result.stderr.trim()}`);
        return 'created';
      },
    },
  ];
}
