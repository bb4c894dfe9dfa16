import { codeOf, exitCodes, messageOf, Refusal } from '../refusal';
import type { ObjectKind } from './cluster';
import { bodyOf } from './connection';

/** Something else than the API server answered: a proxy, a page to sign in. */
export const notKubernetes = (title: string, what: string): Refusal =>
  new Refusal(
    `${title}: what answers about ${what} is no Kubernetes API server; look at the server of that context, and at proxies on the way`,
    exitCodes.unreachable,
  );

/**
 * There is no such object, or its kind is unknown to the cluster. Of kinds that every cluster knows, the API server says so
 * by a Status; whatever else says "not found" of them knows nothing about them.
 */
export function isAbsent(error: unknown, { apiVersion }: Pick<ObjectKind, 'apiVersion'>): boolean {
  if (messageOf(error).startsWith('Unrecognized API version and kind')) return true;
  if (codeOf(error) !== 404) return false;
  return apiVersion.split('/')[0]?.includes('.') === true || bodyOf<{ kind?: string }>(error)?.kind === 'Status';
}
