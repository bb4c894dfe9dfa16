import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { saw, sawPlatformsOf, sawSources } from '../../prove/record';
import { run, type Result } from './kubectl';

const repository = join(__dirname, '../../..');
const program = join(repository, 'cli/hearth.js');
/** Lets node run TypeScript, from any folder. */
const typescript = `--import=file://${join(repository, 'node_modules/tsx/dist/loader.mjs')}`;

/** The command line as a user runs it, in a folder with `platforms/`, without a terminal. */
export class Hearth {
  constructor(
    private readonly folder: string,
    private readonly env: Readonly<Record<string, string>> = {},
    /** The file that node runs. */
    private readonly file = program,
  ) {}

  /** @returns what it printed, and its exit code */
  attempt(...args: string[]): Promise<Result> {
    this.record(args);
    return run(process.execPath, [typescript, this.file, ...args], { cwd: this.folder, env: this.env });
  }

  /** What it prints on standard output; fails where it does. */
  async succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(...args);
    if (code !== 0) throw new Error(`hearth ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
    return stdout;
  }

  /** Starts it, to be killed. */
  start(...args: string[]): ChildProcess {
    this.record(args);
    return spawn(process.execPath, [typescript, this.file, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...this.env },
      stdio: 'ignore',
    });
  }

  private record([command = '']: string[]): void {
    saw(`command ${command}`);
    sawPlatformsOf(this.folder);
    if (this.file !== program) sawSources([this.file]);
  }
}
