import type { Catalogue } from '../lib/core/definition';
import type { Cluster, CommandResult } from './cluster/cluster';

/** Something that takes a while, as one line of the progress. */
export interface Step {
  readonly title: string;
  /**
   * @param say shows what it waits for
   * @returns what to show in the end beside the title, for example `ready after 12 s`
   */
  run(say: (what: string) => void): Promise<string>;
}

/** Questions to the operator. Interrupted, they throw a Refusal with exit code 130. */
export interface Asking {
  confirm(message: string): Promise<boolean>;
  /** @param check why the answer is wrong, or true */
  input(
    message: string,
    options?: { readonly default?: string; readonly check?: (answer: string) => string | true },
  ): Promise<string>;
  /** As input, but shows nothing of it. */
  secret(message: string): Promise<string>;
  select<T>(
    message: string,
    choices: readonly { readonly name: string; readonly value: T; readonly description?: string }[],
  ): Promise<T>;
  checkbox<T>(
    message: string,
    choices: readonly { readonly name: string; readonly value: T; readonly checked?: boolean }[],
  ): Promise<T[]>;
}

/** What a command has of the world; tests bring one of their own. */
export interface World {
  /** Folder with `platforms/`. */
  readonly root: string;
  /** True where people read standard output. */
  readonly terminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What a platform file may name. @default hearth's own catalogue */
  readonly catalogue?: Catalogue;
  /** Ends waiting and following, when the operator interrupts. */
  readonly signal: AbortSignal;
  /** Exit code of the process; commands set it where they end without a message, see exitCodes. */
  exitCode: number;
  out(line: string): void;
  /** For what is not the result: the cluster in use, notes, problems. */
  err(line: string): void;
  /** @param context name of a kubeconfig context; by default the current one */
  cluster(context?: string): Promise<Cluster>;
  /** Names of the contexts of the kubeconfig. */
  contexts(): Promise<string[]>;
  /** @default undefined: nobody is there to answer */
  readonly ask?: Asking;
  /** Runs steps, one after the other or all at once, and shows how they get on; throws what the first failed step threw. */
  progress(steps: readonly Step[], options?: { readonly together?: boolean }): Promise<void>;
  /** Runs a program. @returns undefined where it is not installed */
  program(command: string, args: readonly string[], input?: string): Promise<CommandResult | undefined>;
  /** Addresses that this machine finds for a host name. @returns an empty list where it finds none */
  resolve(host: string): Promise<string[]>;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}
