import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../lib/catalogue';
import { buildPlatforms } from '../lib/build-platform';
import { documentation } from '../lib/derived/documentation';
import { parseEvidence } from '../lib/derived/evidence';
import { fence } from '../lib/derived/markdown';
import { Freshness } from '../test/prove/freshness';
import { ledgerFile, readLedger } from '../test/prove/ledger';
import { programOf } from '../cli/program';
import type { World } from '../cli/world';

/** What `npm run docs` writes: path below the project → content. */
export function generatedDocs(root: string): Map<string, string> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const written = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
  return documentation({
    platforms: buildPlatforms(join(root, 'platforms')),
    catalogue,
    evidence: parseEvidence(read('test/evidence.yaml')),
    suites: Freshness.standings(root, readLedger(join(root, ledgerFile))).map(({ suite, proof, reasons }) => ({
      suite,
      passed: proof?.passed,
      tests: proof?.tests,
      reasons,
    })),
    sections: { commands: commandReference() },
    pages: new Map(
      written
        .filter((path) => path.endsWith('.md') && !['docs/exceptions.md', 'docs/evidence.md'].includes(path))
        .map((path) => [path, read(path)] as const)
        .filter(([, text]) => text.includes('<!-- generated: ')),
    ),
  });
}

/** The help of every command. */
function commandReference(): string {
  // No command runs, so that none needs anything of the world.
  const { commands } = programOf({} as World);
  const helps = commands.map((command) => {
    const help = command.configureHelp({ helpWidth: 110 }).helpInformation().trimEnd();
    return `### ${command.name()}\n\n${fence('text', help)}`;
  });
  return helps.join('\n\n');
}
