import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalogue } from '../lib/core/definition';
import { asking } from './asking';
import type { CommandResult } from './cluster/cluster';
import { contexts } from './cluster/connection';
import { kubernetesCluster } from './cluster/kubernetes';
import { hearth } from './program';
import { progress } from './progress';
import { codeOf, exitCodes } from './refusal';
import type { World } from './world';

/** Runs the command line of this process. @param catalogue what a platform file may name */
export async function main(catalogue?: Catalogue): Promise<void> {
  const interrupted = new AbortController();
  // Not once: the drawing of the progress would take the process for one without a listener, and kill it.
  process.on('SIGINT', () => {
    if (interrupted.signal.aborted) process.exit(exitCodes.interrupted);
    interrupted.abort();
    process.exitCode = exitCodes.interrupted;
    // What does not listen to the signal ends here.
    setTimeout(() => process.exit(exitCodes.interrupted), 500).unref();
  });
  // The progress hides the cursor while it draws.
  process.on('exit', () => process.stdout.isTTY && process.stdout.write('\x1b[?25h'));
  // `hearth logs … | head` closes the pipe.
  process.stdout.on('error', (error) => process.exit(codeOf(error) === 'EPIPE' ? 0 : 1));
  const terminal = process.stdout.isTTY === true;
  const world: World = {
    root: rootFolder(process.cwd()),
    terminal,
    env: process.env,
    catalogue,
    signal: interrupted.signal,
    exitCode: 0,
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    cluster: kubernetesCluster,
    contexts,
    ask: terminal && process.stdin.isTTY ? asking() : undefined,
    progress: progress(terminal),
    program: runProgram,
    resolve,
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal: interrupted.signal }),
  };
  // Where a connection breaks in the middle of an answer, the API client waits for the rest for ever. Nothing else is
  // left to do then, and Node.js would end the process as if it were done.
  const stranded = () => {
    console.error(
      'the connection to the cluster broke off; nothing tells how far the command came: look at hearth status, and run it again',
    );
    process.exit(exitCodes.unreachable);
  };
  process.once('beforeExit', stranded);
  process.exitCode = await hearth(process.argv.slice(2), world);
  process.off('beforeExit', stranded);
}

/** The nearest folder upwards that has platforms; where there is none, the current one. */
function rootFolder(from: string): string {
  if (existsSync(join(from, 'platforms'))) return from;
  return dirname(from) === from ? process.cwd() : rootFolder(dirname(from));
}

async function resolve(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

async function runProgram(command: string, args: readonly string[], input = ''): Promise<CommandResult | undefined> {
  const child = spawn(command, [...args], { stdio: 'pipe' });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.on('error', (error) => (codeOf(error) === 'ENOENT' ? resolve(undefined) : reject(error)));
    child.on('close', (code) => resolve(code ?? 1));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return code === undefined ? undefined : { code, stdout, stderr };
}
