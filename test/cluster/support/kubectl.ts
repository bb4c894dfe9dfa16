import { spawn } from 'node:child_process';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What it reads from standard input. */
  readonly input?: string;
  /** Its folder. */
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. */
export function run(command: string, args: string[], { input = '', cwd, env }: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Runs kubectl against the cluster of `KUBECONFIG`; fails with its message where it fails. */
export async function kubectl(args: string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run('kubectl', args, options);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}\n${stderr}${stdout}`);
  return stdout;
}

export async function kubectlJson<T>(args: string[]): Promise<T> {
  return JSON.parse(await kubectl([...args, '-o', 'json'])) as T;
}

/**
 * Tries again until it succeeds: Services, policies and routes follow a change by up to seconds.
 * @param passing which errors another attempt may mend; all of them by default
 */
export async function eventually<T>(
  attempt: () => Promise<T>,
  seconds = 60,
  passing: (error: unknown) => boolean = () => true,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!passing(error) || Date.now() >= end) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
}
