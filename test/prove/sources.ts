import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

/**
 * These make platforms, or read them: what comes out is recorded by itself (record.ts), so that a suite depends on the
 * manifests and not on every source of lib/.
 */
const recorded: readonly string[] = [
  'test/api/support/platforms.ts',
  'test/support/objects.ts',
  'test/support/platforms.ts',
  'test/cluster/support/images.ts',
  'test/cluster/support/workspace.ts',
];

/** Runs proofs of test/proofs: each of them counts as a suite. */
export const proofRunner = 'test/cluster/proofs.test.ts';

/** Which suites there are: path below the repository, in order. */
export function suiteFiles(root: string): string[] {
  return ['test/cluster', 'test/config', 'test/proofs']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder))
        .map((file) => `${folder}/${file}`)
        .filter((path) => path.endsWith(folder === 'test/proofs' ? '.ts' : '.test.ts') && path !== proofRunner)
        .sort(),
    );
}

export const isProof = (suite: string): boolean => suite.startsWith('test/proofs/');

export const onCluster = (suite: string): boolean => suite.startsWith('test/cluster/') || isProof(suite);

/** The sources of the commands, and how they are started. */
export function commandFiles(root: string): string[] {
  return ['cli/hearth.ts', ...readdirSync(join(root, 'cli/commands')).map((file) => `cli/commands/${file}`)];
}

/** Who imports whom at run time, as esbuild finds it; imports of types alone do not count. */
export class Sources {
  private constructor(private readonly imports: ReadonlyMap<string, readonly string[]>) {}

  /** @param files paths below the repository; those that are not there are passed over */
  static read(root: string, files: readonly string[]): Sources {
    const { metafile } = buildSync({
      absWorkingDir: resolve(root),
      // Each with an output of its own; nothing of it is run.
      entryPoints: files.filter((file) => existsSync(join(root, file))).map((file, i) => ({ in: file, out: String(i) })),
      bundle: true,
      write: false,
      metafile: true,
      packages: 'external',
      platform: 'node',
      // Programs that a suite only hands on may wait at their top level.
      format: 'esm',
      outdir: 'nowhere',
      logLevel: 'silent',
      loader: { '.mjs': 'js' },
    });
    return new Sources(
      new Map(
        Object.entries(metafile.inputs).map(([path, { imports }]) => [
          path,
          imports.filter(({ external }) => external !== true).map((imported) => imported.path),
        ]),
      ),
    );
  }

  /** A suite and the files of tests that it imports. */
  ownFiles(suite: string): string[] {
    const ofTests = (path: string) => path.startsWith('test/') && !path.startsWith('test/prove/');
    // The runner finds the proofs that it is told to run by their names, so that none of them is an import of it.
    const files = isProof(suite) ? [suite, proofRunner] : [suite];
    return [...new Set(files.flatMap((file) => this.reached(file, ofTests)))].sort();
  }

  /** What of lib/ and cli/ these use themselves, in other ways than those that are recorded. */
  directUses(suite: string): string[] {
    const uses = this.ownFiles(suite)
      .filter((path) => !recorded.includes(path))
      .flatMap((path) =>
        // The command line in memory (test/cli/) gets one step into lib/, as cli/ does, see `code`.
        (this.imports.get(path) ?? []).map((used) => (ofCommandLine(path) && !ofCommandLine(used) ? path : used)),
      )
      .filter((path) => !path.startsWith('test/') || path.startsWith('test/cli/'));
    return [...new Set(uses)].sort();
  }

  /**
   * A source and what it imports. The command line is followed within cli/, and one step into lib/: what lib/ makes of a
   * platform is in the manifests.
   */
  code(path: string): string[] {
    if (!ofCommandLine(path)) return this.reached(path, () => true);
    const own = this.reached(path, ofCommandLine);
    return [...new Set([...own, ...own.flatMap((file) => this.imports.get(file) ?? [])])].sort();
  }

  private reached(from: string, within: (path: string) => boolean): string[] {
    const found = new Set<string>();
    const visit = (path: string) => {
      if (found.has(path) || !within(path)) return;
      found.add(path);
      for (const imported of this.imports.get(path) ?? []) visit(imported);
    };
    visit(from);
    return [...found].sort();
  }
}

const ofCommandLine = (path: string) => path.startsWith('cli/') || path.startsWith('test/cli/');
