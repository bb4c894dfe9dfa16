import { Command, CommanderError } from 'commander';
import { ConfigError } from '../lib/core/problem';
import { backupCommand } from './commands/backup';
import { credentialsCommand } from './commands/credentials';
import { destroyCommand } from './commands/destroy';
import { diffCommand, updateCommand } from './commands/diff';
import { doctorCommand } from './commands/doctor';
import { footprintCommand } from './commands/footprint';
import { imagesCommand } from './commands/images';
import { initCommand } from './commands/init';
import { logsCommand } from './commands/logs';
import { restartCommand } from './commands/restart';
import { restoreCommand } from './commands/restore';
import { statusCommand } from './commands/status';
import { startCommand, stopCommand } from './commands/stop';
import { upCommand } from './commands/up';
import { urlsCommand } from './commands/urls';
import { exitCodes, Refusal } from './refusal';
import type { World } from './world';

/** Every command, in the order of the help: to begin, every day, data, in the end. */
const commands = [
  initCommand,
  doctorCommand,
  upCommand,
  statusCommand,
  urlsCommand,
  logsCommand,
  diffCommand,
  updateCommand,
  restartCommand,
  stopCommand,
  startCommand,
  footprintCommand,
  imagesCommand,
  credentialsCommand,
  backupCommand,
  restoreCommand,
  destroyCommand,
];

/** The whole command line. */
export function programOf(world: World): Command {
  const program = new Command('hearth')
    .description('Runs self-hosted platforms on Kubernetes: what happens after synth.')
    .showHelpAfterError('(hearth --help, or hearth help COMMAND, lists what there is)')
    .configureHelp({ sortOptions: true });
  for (const make of commands) program.addCommand(make(world).copyInheritedSettings(program));
  return program;
}

/** Runs one command line. What is wrong is explained on standard error. @returns the exit code */
export async function hearth(args: readonly string[], world: World): Promise<number> {
  const program = programOf(world);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => world.out(text.trimEnd()),
      writeErr: (text) => world.err(text.trimEnd()),
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return world.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (world.signal.aborted) {
      // What a command says of the state that it leaves behind.
      if (error instanceof Refusal) world.err(error.message);
      return exitCodes.interrupted;
    }
    if (!(error instanceof Refusal) && !(error instanceof ConfigError)) throw error;
    world.err(error.message);
    return error instanceof Refusal ? error.exitCode : exitCodes.refused;
  }
}
