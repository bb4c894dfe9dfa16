import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { filesFor } from './files';
import { filesOf, newComponent, Refused, type Arguments } from './new-component';

/**
 * `npm run new -- TIER NAME`: makes the files of a component which passes `npm test`. What only a person can say is marked by
 * comments `Replace: …`, which `npm run lint` refuses.
 */
const command = new Command('npm run new --')
  .description('Makes the files of a component, which pass npm test.')
  .argument('<tier>', 'where it stands, for example tooling')
  .argument('<name>', 'how platform files name it, for example demo')
  .option('--title <text>', 'what it is, for example "Demo, a page that greets"')
  .option('--documentation <address>', 'documentation of the program')
  .option('--image <image>', 'image with its registry and version, for example ghcr.io/x/y:1.2.3')
  .option('--port <number>', 'port on which it serves HTTP', '8080')
  .option('--needs <needs>', 'what it asks of others, as a comma list: sql,objectStore,cache')
  .showHelpAfterError();

const started = (program: string, ...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

/** @returns the exit code */
async function make(given: Arguments): Promise<number> {
  const component = newComponent(given, '.');
  const files = await filesFor(component, '.');
  for (const [path, text] of files) {
    console.log(`${existsSync(path) ? 'changed' : 'written'}  ${path}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const { unitTest } = filesOf(component.tier, component.name);
  // Both in processes of their own, which know the component.
  const steps: [title: string, program: string, ...args: string[]][] = [
    ['pages of docs/', 'run.js', 'docs/generate.ts'],
    [`snapshot of ${unitTest}`, 'node_modules/jest/bin/jest.js', '--selectProjects', 'unit', '--ci=false', '--', unitTest],
  ];
  for (const [title, program, ...args] of steps) {
    const { status, stdout, stderr } = started(program, ...args);
    if (status !== 0) {
      console.error(`${title}: failed\n${stdout}${stderr}`);
      return 1;
    }
    console.log(`written  ${title}`);
  }
  console.log('\nTo be replaced before it lands, where `npm run lint` finds it:');
  for (const [path, text] of files) {
    text.split('\n').forEach((line, i) => {
      const [, what] = /^\s*\/\/ Replace: (.*)/.exec(line) ?? [];
      if (what !== undefined) console.log(`  ${path}:${i + 1}  ${what}`);
    });
  }
  return 0;
}

command.action(async (tier: string, name: string, options: Omit<Arguments, 'tier' | 'name'>) => {
  try {
    process.exitCode = await make({ tier, name, ...options });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
});
void command.parseAsync();
