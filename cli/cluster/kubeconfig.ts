import type { KubeConfig } from '@kubernetes/client-node' with { 'resolution-mode': 'import' };
import { codeOf, exitCodes, Refusal } from '../refusal';

/** The client exists as ES module only; it is loaded where it is needed, and not by tests without a cluster. */
export const client = () => import('@kubernetes/client-node');

/** How long the API server may take, in milliseconds. */
export interface Limits {
  /** For the answer to one request. */
  readonly request: number;
  /** For a command in a container, to its end. */
  readonly exec: number;
}

export const defaultLimits: Limits = { request: 30_000, exec: 60_000 };

/** The kubeconfig of the operator, for requests that end in time, and errors that quote no credential. */
export async function kubeconfig({ request }: Limits = defaultLimits): Promise<KubeConfig> {
  const { KubeConfig } = await client();
  class PatientConfig extends KubeConfig {
    override async applySecurityAuthentication(context: RequestContext): Promise<void> {
      await this.loading(super.applySecurityAuthentication(context));
      // From here on: a credential plugin may ask the operator to log in first.
      context.setSignal(AbortSignal.timeout(request));
    }

    override applyToFetchOptions(options: FetchOptions) {
      return this.loading(super.applyToFetchOptions(options));
    }

    override async applyToHTTPSOptions(options: HttpsOptions): Promise<void> {
      await this.loading(super.applyToHTTPSOptions(options));
      Object.assign(options, { handshakeTimeout: request });
    }

    private async loading<T>(credentials: Promise<T>): Promise<T> {
      try {
        return await credentials;
      } catch (error) {
        if (error instanceof CredentialsError) throw error;
        throw new CredentialsError(credentialsRefusal(error, this.getCurrentUser()));
      }
    }
  }
  const config = new PatientConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    // The message could quote a token.
    const reason = codeOf(error) ?? 'no valid file';
    throw new Refusal(`the kubeconfig cannot be read (${reason}); look at $KUBECONFIG`, exitCodes.unreachable);
  }
  return config;
}

type RequestContext = Parameters<KubeConfig['applySecurityAuthentication']>[0];
type FetchOptions = Parameters<KubeConfig['applyToFetchOptions']>[0];
type HttpsOptions = Parameters<KubeConfig['applyToHTTPSOptions']>[0];
type User = ReturnType<KubeConfig['getCurrentUser']>;

/** Brings a refusal through the client, which puts words of its own before the message of any error. */
export class CredentialsError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** In our words: the message of the error could quote a token. */
function credentialsRefusal(error: unknown, user: User): Refusal {
  const code = codeOf(error);
  const command = commandOf(user);
  // A file of the kubeconfig can be missing as well as the plugin.
  const spawning = typeof error === 'object' && error !== null && 'syscall' in error && String(error.syscall).startsWith('spawn');
  if (command === undefined || (code !== undefined && !spawning)) {
    const mend = 'renew the kubeconfig or your login';
    const reason = code === undefined ? '' : ` (${code})`;
    return new Refusal(`the credentials of the kubeconfig cannot be loaded${reason}; ${mend}`, exitCodes.unreachable);
  }
  if (code === 'ENOENT') {
    const message = `the kubeconfig’s credential plugin ${command} is not installed; install it, or renew the kubeconfig`;
    return new Refusal(message, exitCodes.unreachable);
  }
  if (code !== undefined) {
    const message = `the kubeconfig’s credential plugin ${command} cannot be started (${code}); make it executable`;
    return new Refusal(message, exitCodes.unreachable);
  }
  const message = `the credential plugin ${command} of the kubeconfig did not answer as it should; run it by hand, or renew your login`;
  return new Refusal(message, exitCodes.unreachable);
}

/** The program that the kubeconfig asks for credentials. */
function commandOf(user: User): string | undefined {
  const given: unknown = user?.exec;
  const command: unknown = typeof given === 'object' && given !== null && 'command' in given ? given.command : undefined;
  return typeof command === 'string' ? command : undefined;
}
