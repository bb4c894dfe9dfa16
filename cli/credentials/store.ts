/** Where a namespaced object lives. */
export interface ObjectId {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, for people and as key of maps. */
export const idOf = ({ namespace, name }: ObjectId): string => `${namespace}/${name}`;

/** A Secret as found. Values are base64, so that bytes which are no text survive. */
export interface StoredSecret extends ObjectId {
  readonly data: Readonly<Record<string, string>>;
  /** The version that was read; a change of another one fails. @default no check */
  readonly version?: string;
}

/** What to look for in a store. */
export interface Request {
  readonly namespaces: readonly string[];
  readonly secrets: readonly ObjectId[];
  readonly claims: readonly ObjectId[];
}

/** What was found of it. */
export interface Snapshot {
  readonly missingNamespaces: readonly string[];
  readonly secrets: readonly StoredSecret[];
  readonly claims: readonly ObjectId[];
}

/** Keys to be added: to a Secret that exists, or as a new one. */
export interface Change extends ObjectId {
  /** The Secret that lacks the keys. @default there is none, it is made */
  readonly existing?: StoredSecret;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Key → base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** A place for Secrets. Nothing in it is ever overwritten. */
export interface SecretStore {
  /** For people, for example `context home, https://10.0.0.1:6443`. */
  readonly title: string;
  read(request: Request): Promise<Snapshot>;
  /** Called with nothing too. Throws a {@link Refusal} rather than replace what appeared since the reading. */
  apply(changes: readonly Change[]): Promise<void>;
}

/** Why the command does nothing, in words for the operator; never contains a value. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
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
