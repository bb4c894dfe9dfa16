import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { ConfigError } from './core/problem';
import { manifests, writeFolder } from './core/manifest-writer';
import { buildPlatforms } from './build-platform';
import type { Platform } from './core/platform';
import { customResourceDefinitions } from './derived/cluster-wide';
import { kindCluster } from './derived/kind-cluster';

/** Where `cdk8s synth` looks for the manifests; it empties that folder before the app runs, so `dist/` is another one. */
const cdk8sOutput = '.cdk8s/dist';

export interface SynthesisProps {
  /** Folder of the platform files. */
  readonly platforms: string;
  /** Folder that is replaced by the manifests. */
  readonly output: string;
  /** Started by `cdk8s synth`, see {@link forCdk8s}. */
  readonly cdk8s: boolean;
}

/**
 * Turns every platform file into manifests. Wrong files are explained on standard error, and then nothing is written.
 * @returns the exit code
 */
export function synthesize({ platforms: folder, output, cdk8s }: SynthesisProps): number {
  const cdk8sFolder = cdk8s ? process.env.CDK8S_OUTDIR : undefined;
  try {
    const platforms = buildPlatforms(folder);
    const files = new Map(platforms.flatMap((platform) => [...distFiles(platform)]));
    if (cdk8sFolder === undefined || cdk8sFolder === cdk8sOutput) writeFolder(output, files);
    if (cdk8sFolder !== undefined) forCdk8s(cdk8sFolder, output, files);
    for (const { config, notices } of platforms) {
      for (const notice of notices) console.error(`${config.name}: ${notice}`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof AggregateError)) throw error;
    console.error(error.message);
    if (cdk8sFolder === undefined) return 1;
    // Without the folder that it expects, cdk8s ends with exit code 1; after another code it prints a stack trace.
    rmSync(cdk8sFolder, { recursive: true, force: true });
    return 0;
  }
}

/** Everything of a platform in `dist/`: path below it → content. */
export function distFiles(platform: Platform): Map<string, string> {
  return new Map([...manifests(platform), ...customResourceDefinitions(platform), ...kindCluster(platform)]);
}

/** `cdk8s synth` lists what it finds in its folder: a link to `dist/`, or the files where another folder was asked for. */
function forCdk8s(folder: string, output: string, files: ReadonlyMap<string, string>): void {
  if (folder !== cdk8sOutput) return writeFolder(folder, files);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  symlinkSync(relative(resolve(dirname(folder)), resolve(output)), folder, 'junction');
}
