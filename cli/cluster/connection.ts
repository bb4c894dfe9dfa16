import type { KubeConfig } from '@kubernetes/client-node' with { 'resolution-mode': 'import' };
import { setTimeout as sleep } from 'node:timers/promises';
import { suggest } from '../../lib/core/problem';
import { codeOf, exitCodes, messageOf, Refusal } from '../refusal';
import { CredentialsError, kubeconfig, type Limits } from './kubeconfig';

/** The manager of fields that hearth changes beside server-side apply. */
export const fieldManager = 'hearth';

/** A cluster of the kubeconfig. */
export interface Connection {
  readonly config: KubeConfig;
  /** For people, for example `context home, https://10.0.0.1:6443`. */
  readonly title: string;
}

/** @param context name of a kubeconfig context; by default the current one */
export async function connect(context?: string, limits?: Limits): Promise<Connection> {
  const config = await kubeconfig(limits);
  const known = config.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!known.includes(context)) {
      throw new Refusal(`the kubeconfig has no context "${context}"; ${suggest(context, known)}`, exitCodes.unreachable);
    }
    config.setCurrentContext(context);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    const mend = 'set a context (kubectl config use-context), or name it by --context';
    throw new Refusal(`the kubeconfig names no cluster; ${mend}`, exitCodes.unreachable);
  }
  return { config, title: `context ${config.getCurrentContext()}, ${server}` };
}

/** The contexts that the kubeconfig knows. */
export async function contexts(): Promise<string[]> {
  return (await kubeconfig()).getContexts().map(({ name }) => name);
}

/** How often a request is sent again that the API server is too busy for, with a second between. */
const patience = 30;

/** Sends a request, and again where the API server asks for that: it has not touched anything then. */
export async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await request();
    } catch (error) {
      if (codeOf(error) !== 429 || tries === patience) throw error;
      await sleep(1000);
    }
  }
}

/**
 * In our words: the client's own message holds the whole answer.
 * @param values texts that were sent as secrets, in base64; what quotes one of them is not repeated
 */
export function refusal(error: unknown, title: string, what: string, values: readonly string[] = []): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof CredentialsError) return error.refusal;
  const code = codeOf(error);
  const said = saidBy(error);
  const secret = values.some((value) => said.includes(value) || said.includes(Buffer.from(value, 'base64').toString()));
  const reason = secret || said === '' ? '' : `: ${said}`;
  switch (code) {
    case 401: {
      const message = `${title}: the cluster does not know you; renew the kubeconfig or your login`;
      return new Refusal(message, exitCodes.unreachable);
    }
    case 403:
      return new Refusal(`${title}: the cluster forbids to read or write ${what}${reason}`);
    case 404:
      return new Refusal(`${title}: there is no ${what}${reason}`);
    default: {
      if (typeof code === 'number') return new Refusal(`${title}: the cluster refuses ${what} (${code})${reason}`);
      const message = `${title}: no answer about ${what} (${code ?? causeOf(error)}); is the cluster running?`;
      return new Refusal(message, exitCodes.unreachable);
    }
  }
}

/** The message of the Status object that the API server answered. @default '' */
function saidBy(error: unknown): string {
  const status = bodyOf<object>(error);
  return typeof status === 'object' && 'message' in status ? messageOf(status) : '';
}

/** The object that the API server answered. @default there is none */
export function bodyOf<T extends object>(error: unknown): T | undefined {
  if (typeof error !== 'object' || error === null || !('body' in error)) return undefined;
  try {
    const body: unknown = typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
    return typeof body === 'object' && body !== null ? (body as T) : undefined;
  } catch {
    return undefined;
  }
}

/** Why there was no answer, for example `ECONNREFUSED`. */
function causeOf(error: unknown): string | number {
  const name = typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
  if (name === 'AbortError') return 'none came in time';
  // Its message quotes the answer, which may be a Secret.
  if (name === 'SyntaxError') return 'it is not JSON';
  const cause = error instanceof Error ? error.cause : undefined;
  return codeOf(cause) ?? messageOf(error);
}
