/** Exit codes of the command line; docs/command-line.md explains them. */
export const exitCodes = {
  /** Done. */
  done: 0,
  /** The command refuses, or the cluster does; nothing or not everything was done, and the message says which. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The cluster answers, but is not as it should be: not ready, different, a failed job. */
  notReady: 3,
  /** The cluster does not answer, or does not know the operator. */
  unreachable: 4,
  /** Interrupted by the operator. */
  interrupted: 130,
} as const;

/** Why a command stops, in words for the operator: what is wrong, and what to do. Never contains a secret value. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    message: string,
    readonly exitCode: number = exitCodes.refused,
  ) {
    super(message);
  }
}

/** The `code` of an error of Node or the API client, for example `ENOENT` or `409`. */
export function codeOf(error: unknown): string | number | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : undefined;
}

/** The message of an error that is known to quote no value. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
