import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, readdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { saw, sawSources } from '../../prove/record';

/** Where a program is: in the given folders, or else on PATH. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  saw(`program ${name}`);
  return [...folders, ...(process.env.PATH ?? '').split(delimiter)]
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Folders with PostgreSQL's server programs, which Debian keeps off PATH; the newest version first. */
export function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(base).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(base, version, 'bin'));
  } catch {
    return [];
  }
}

/** A program of `KUBEBUILDER_ASSETS`, the folder that envtest reads as well. */
export function asset(name: string): string | undefined {
  const folder = process.env.KUBEBUILDER_ASSETS;
  return folder ? findProgram(name, [folder]) : undefined;
}

/**
 * `describe` for a suite that needs something. Where a need is missing, one line says so and the suite is skipped; with
 * `CI=true` it fails instead.
 * @param needs what to provide → whether it is there
 */
export function suiteWith(suite: string, needs: Readonly<Record<string, unknown>>): jest.Describe {
  const missing = Object.entries(needs).flatMap(([need, found]) => (found ? [] : [need]));
  if (missing.length === 0) return describe;
  const message = `${suite} needs ${missing.join(', ')}`;
  if (process.env.CI === 'true') throw new Error(message);
  process.stderr.write(`skipped: ${message}\n`);
  return describe.skip;
}

/** What suites with an API server need. */
export const apiServerNeeds = () => ({
  'KUBEBUILDER_ASSETS: a folder with kube-apiserver, etcd and kubectl (setup-envtest makes one)':
    asset('kube-apiserver') && asset('etcd') && asset('kubectl'),
});

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What it reads from standard input. */
  readonly input?: string;
  readonly cwd?: string;
  /** The whole environment. @default that of this process */
  readonly env?: NodeJS.ProcessEnv;
  /** Who runs it; only root may say so. @default who runs the tests */
  readonly uid?: number;
  readonly gid?: number;
}

/** Runs a program to its end. After a minute it is killed, with what it started; its exit code is then -1. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const { input = '', ...rest } = options;
    sawSources(args);
    const child = spawn(command, args, { ...rest, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const timeout = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), 60_000);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', (error) => {
      clearTimeout(timeout);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timeout);
      resolve({ code: code ?? -1, stdout, stderr });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Runs a program that must succeed; its standard output. */
export async function succeed(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${stderr}${stdout}`);
  return stdout;
}

/** Kills what still runs when the tests end, however they do: then its standard input is closed. */
class Reaper {
  private readonly input: Writable;

  constructor() {
    const script = `
      let lines = '';
      process.stdin.on('data', (data) => (lines += data)).on('end', () => {
        const left = new Set();
        for (const line of lines.split('\\n')) line.startsWith('-') ? left.delete(line.slice(1)) : left.add(line);
        for (const pid of left) try { if (pid) process.kill(Number(pid), 'SIGKILL'); } catch {}
      });`;
    const options: SpawnOptions = { detached: true, stdio: ['pipe', 'ignore', 'ignore'] };
    const child = spawn(process.execPath, ['-e', script], options);
    if (!child.stdin) throw new Error('no pipe');
    this.input = child.stdin;
    child.unref();
    (child.stdin as Socket).unref();
  }

  started(pid: number | undefined): void {
    if (pid !== undefined) this.input.write(`${pid}\n`);
  }

  ended(pid: number | undefined): void {
    if (pid !== undefined) this.input.write(`-${pid}\n`);
  }
}
let reaper: Reaper | undefined;

/** A program that runs in the background until it is stopped, and at the latest until the tests end. */
export class Background {
  /** All that it wrote. */
  log = '';
  /** Its exit code once it ended; -1 after a signal. */
  code: number | undefined;
  readonly ended: Promise<number>;
  private readonly child: ChildProcess;

  constructor(
    private readonly command: string,
    args: readonly string[],
    options: Omit<RunOptions, 'input'> = {},
  ) {
    sawSources(args);
    this.child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const { pid } = this.child;
    reaper ??= new Reaper();
    reaper.started(pid);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => (this.log += data.toString()));
    }
    this.ended = new Promise((resolve) => {
      const end = (code: number) => {
        this.code ??= code;
        reaper?.ended(pid);
        resolve(this.code);
      };
      this.child.on('error', (error) => {
        this.log += error.message;
        end(127);
      });
      this.child.on('close', (code) => end(code ?? -1));
    });
  }

  /** Waits until `attempt` succeeds; fails at once when the program ends. */
  async until<T>(attempt: () => Promise<T>, seconds = 30): Promise<T> {
    return eventually(async () => {
      if (this.code !== undefined) {
        throw new Final(`${this.command} ended with exit code ${this.code}:\n${this.log.slice(-4000)}`);
      }
      return attempt();
    }, seconds).catch((error: unknown) => {
      if (error instanceof Final) throw error;
      throw new Error(`${this.command} is not ready: ${String(error)}\n${this.log.slice(-4000)}`);
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }
}

/** An error that no further attempt can mend. */
class Final extends Error {}

/** Tries again until it succeeds. */
export async function eventually<T>(attempt: () => Promise<T>, seconds = 30): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Final || Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

const given = new Set<number>();

/** A free TCP port of 127.0.0.1, below those that the system gives to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 30_000);
    if (given.has(port)) continue;
    given.add(port);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
