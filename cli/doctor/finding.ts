import type { Platform } from '../../lib/core/platform';
import type { Cluster } from '../cluster/cluster';
import { Refusal } from '../refusal';
import type { World } from '../world';

/** What a check has found. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  readonly what: string;
  /** What to do about it. */
  readonly mend?: string;
}

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const warning = (what: string, mend?: string): Finding => ({ level: 'warning', what, mend });
export const problem = (what: string, mend?: string): Finding => ({ level: 'problem', what, mend });

export interface OnMachine {
  readonly world: World;
}
export interface OnCluster extends OnMachine {
  readonly cluster: Cluster;
}
export interface OfPlatform extends OnMachine {
  readonly platform: Platform;
  /** Those of the kubeconfig. */
  readonly contexts: readonly string[];
  /** Where it answers. */
  readonly cluster?: Cluster;
}
export type OfPlatformOnCluster = OfPlatform & OnCluster;

/** Looks at one thing, and changes nothing. */
export type Check<About> = (about: About) => Finding[] | Promise<Finding[]>;

/** The findings of checks, in their order. What the cluster does not let anybody see is not checked. */
export async function findingsOf<About>(checks: readonly Check<About>[], about: About): Promise<Finding[]> {
  const found = await Promise.all(
    checks.map(async (check) => {
      try {
        return await check(about);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return [warning(`could not be checked: ${error.message}`)];
      }
    }),
  );
  return found.flat();
}
