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
  readonly annotations?: Readonly<Record<string, string>>;
  /** @default not known */
  readonly labels?: Readonly<Record<string, string>>;
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

/** Values and annotations that take the place of others in a Secret that exists. */
export interface Replacement {
  /** The Secret as it was read. */
  readonly existing: StoredSecret;
  /** Key → base64. */
  readonly data: Readonly<Record<string, string>>;
  /** `null` takes one away. @default they stay */
  readonly annotations?: Readonly<Record<string, string | null>>;
}

/** A place for Secrets. What it holds cannot be overwritten by way of this interface. */
export interface SecretStore {
  /** For people, for example `context home, https://10.0.0.1:6443`. */
  readonly title: string;
  read(request: Request): Promise<Snapshot>;
  /** Called with nothing too. Throws a {@link Refusal} rather than replace what appeared since the reading. */
  apply(changes: readonly Change[]): Promise<void>;
}

/** A place whose values can be replaced as well: for the rotation, and for nothing else. */
export interface RotatingStore extends SecretStore {
  /** In the given order. Throws a {@link Refusal} where a Secret is no longer as it was read. */
  replace(replacements: readonly Replacement[]): Promise<void>;
}
