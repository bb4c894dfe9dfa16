import { Command } from 'commander';
import { ConfigError } from '../../lib/core/problem';
import type { Platform } from '../../lib/core/platform';
import type { Cluster } from '../cluster/cluster';
import { clusterChecks, kubectl, serverFinding } from '../doctor/cluster';
import { findingsOf, problem, type Finding } from '../doctor/finding';
import { findingLines } from '../doctor/lines';
import { kubeconfig, node, platformChecks } from '../doctor/machine';
import { platformOnClusterChecks } from '../doctor/platform';
import { outputOption, print, type OutputOptions } from '../output';
import { exitCodes, Refusal } from '../refusal';
import { contextOf, platformOf } from '../target';
import type { World } from '../world';

interface Options extends OutputOptions {
  readonly context?: string;
}

/** `doctor`: what stands in the way of a platform, and what to do about it. Changes nothing. */
export const doctorCommand = (world: World): Command =>
  new Command('doctor')
    .description('check this machine, the cluster and a platform, and say how to mend what is wrong')
    .argument('[platform]', 'name of a file in platforms/, without .yaml; without it machine and cluster alone')
    .option('--context <name>', 'context of the kubeconfig (default: kind-<platform> for kind, otherwise the current one)')
    .addOption(outputOption())
    .action(async (name: string | undefined, options: Options) => {
      const findings = await examine(world, name, options.context);
      const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
      const [problems, warnings] = [count('problem'), count('warning')];
      if (problems > 0) world.exitCode = exitCodes.notReady;
      print(world, options, { platform: name, problems, warnings, findings }, () => [
        ...findingLines(findings),
        '',
        summary(problems, warnings),
      ]);
    });

async function examine(world: World, name: string | undefined, context: string | undefined): Promise<Finding[]> {
  const [platform, file] = name === undefined ? [undefined, []] : read(world, name);
  const { contexts, findings } = await kubeconfig(world, platform);
  const [cluster, server] = contexts.length === 0 ? [undefined, []] : await connect(world, platform, contexts, context);
  const version = await cluster?.version();
  const about = platform && { world, platform, contexts, cluster };
  return [
    ...(await findingsOf([node, kubectl(version)], { world })),
    ...findings,
    ...file,
    ...(about ? await findingsOf(platformChecks, about) : []),
    ...server,
    ...(cluster ? await findingsOf(clusterChecks, { world, cluster }) : []),
    ...(cluster && about ? await findingsOf(platformOnClusterChecks, { ...about, cluster }) : []),
  ];
}

/** The platform, or what is wrong in its file. */
function read(world: World, name: string): [platform: Platform | undefined, findings: Finding[]] {
  try {
    return [platformOf(world, name), [{ level: 'ok', what: `platforms/${name}.yaml is valid` }]];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [undefined, error.message.split('\n').map((line) => problem(line))];
  }
}

/** The cluster, where it answers. */
async function connect(
  world: World,
  platform: Platform | undefined,
  contexts: readonly string[],
  context: string | undefined,
): Promise<[cluster: Cluster | undefined, findings: Finding[]]> {
  const { name, cluster: kind } = platform?.config ?? {};
  const own = kind === 'kind' && context === undefined;
  // Otherwise the cluster in use would be examined, where the platform does not belong.
  if (own && !contexts.includes(`kind-${name}`)) return [undefined, []];
  try {
    const cluster = await world.cluster(platform ? await contextOf(world, platform, context) : context);
    return [cluster, [serverFinding(cluster.title, await cluster.version())]];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [undefined, [problem(error.message, 'start the cluster, or choose another one by --context or $KUBECONFIG')]];
  }
}

function summary(problems: number, warnings: number): string {
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  if (problems === 0 && warnings === 0) return 'Nothing is wrong.';
  return `${many(problems, 'problem')}, ${many(warnings, 'warning')}.`;
}
