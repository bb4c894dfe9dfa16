import { k8s } from 'cdk8s-plus-28';
import type { Binding } from './binding';
import type { Component } from './component';
import type { DerivedRule } from './derived-rule';
import type { MountSource } from './mount';
import type { Volume } from './volume';
import type { Workload } from './workload';

/** How the value of one key comes about. `of` names another key of the same credential. */
export type Rule =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'supplied'; readonly what: string }
  | { readonly kind: 'password'; readonly length: number }
  | { readonly kind: 'hexadecimal'; readonly length: number }
  | { readonly kind: 'ed25519-private-key' }
  | { readonly kind: 'ed25519-public-key'; readonly of: string }
  | { readonly kind: 'private-key' }
  | { readonly kind: 'self-signed-certificate'; readonly hosts: string[]; readonly of: string }
  | DerivedRule;

/** A fixed, public value, such as a user name. */
export const literal = (value: string): Rule => ({ kind: 'literal', value });
/** Made elsewhere and handed over by the operator. @param what for people, for example `access key of the backup target` */
export const supplied = (what: string): Rule => ({ kind: 'supplied', what });
/** `length` random letters and digits (base64 without `=`, `+` and `/`). */
export const password = (length: number): Rule => ({ kind: 'password', length });
/** `length` random hexadecimal digits. */
export const hexadecimal = (length: number): Rule => ({ kind: 'hexadecimal', length });
/** An Ed25519 secret key: base64 of the 64 bytes seed and public key. */
export const ed25519PrivateKey = (): Rule => ({ kind: 'ed25519-private-key' });
/** The public half of the Ed25519 key under `of`: base64 of 32 bytes. */
export const ed25519PublicKey = (of: string): Rule => ({ kind: 'ed25519-public-key', of });
/** A P-256 private key in PEM (PKCS #8). */
export const privateKey = (): Rule => ({ kind: 'private-key' });
/**
 * A certificate for `hosts`, signed by the private key under `of`, valid for 825 days. The first host is also its common
 * name, unless it is longer than the 64 characters that X.509 allows there.
 */
export const selfSignedCertificate = (hosts: string[], of: string): Rule => ({
  kind: 'self-signed-certificate',
  hosts,
  of,
});

/** How a program takes over new values of a credential, beyond a restart of the workloads that read it. */
export type Rotation = {
  /** The keys that get new values. @default every key whose value is random or supplied */
  readonly keys?: readonly string[];
} & (
  | {
      readonly by: 'restart';
      /** All pods at once, where they know each other by the values. @default one after the other */
      readonly together?: boolean;
    }
  /** A job of the platform that brings the program up to date: it runs again, with the new values. */
  | { readonly by: 'job'; readonly job: () => Workload }
  /**
   * A command in the running main container of a workload; it reads the input, which is made of the new values
   * (key → text). It must end by itself: the input is never closed.
   */
  | {
      readonly by: 'command';
      readonly in: () => Workload;
      readonly command: readonly string[];
      readonly input: (values: Readonly<Record<string, string>>) => string;
    }
);

export interface CredentialProps {
  /** The keys and the rule that makes each. */
  readonly keys: Record<string, Rule>;
  /** Secret type. @default 'Opaque' */
  readonly type?: string;
  /** The volume whose data remembers these values: while it exists, a lost value is never made anew. */
  readonly storedIn?: Volume;
  /** @default by restart; never, where data remembers the values */
  readonly rotation?: Rotation;
  /** Why it is never rotated, and what to do instead: a clause for people. */
  readonly notRotated?: string;
  /** The store of secrets needs it itself: it is made in the cluster also where all others come from that store. @default false */
  readonly bootstrap?: boolean;
}

/** A Secret with keys of a credential. */
export interface CredentialSecret {
  readonly namespace: string;
  readonly name: string;
  readonly keys: string[];
  /** In a namespace that is not the platform's. @default false */
  readonly foreign?: boolean;
}

/**
 * Named keys and the rule that makes each value. Manifests only ever refer to it: the values live in one Secret per
 * namespace that needs them, written by the `credentials` command or by External Secrets.
 */
export class Credential {
  readonly keys: Record<string, Rule>;
  readonly type: string;
  readonly storedIn?: Volume;
  /** How its values can change; undefined where they cannot. */
  readonly rotation?: Rotation;
  /** Why they cannot, where it is not that data remembers them. */
  readonly notRotated?: string;
  /** Whether it is made in the cluster in any case. */
  readonly bootstrap: boolean;
  private readonly uses: {
    readonly namespace: string;
    readonly name: string;
    readonly keys: Set<string>;
    readonly foreign?: true;
  }[] = [];

  constructor(
    readonly owner: Component,
    /** Name of its Secrets; see {@link alone} for the exception. */
    readonly name: string,
    props: CredentialProps,
  ) {
    this.keys = props.keys;
    this.type = props.type ?? 'Opaque';
    this.storedIn = props.storedIn;
    this.bootstrap = props.bootstrap ?? false;
    this.notRotated = props.notRotated;
    this.rotation = props.rotation ?? (props.storedIn || props.notRotated ? undefined : { by: 'restart' });
    this.use(owner.tier.namespace, Object.keys(props.keys));
    owner.platform.graph.credentials.push(this);
  }

  /** Reference to one key, to be used as an environment value. @param binding whose value it is @default nobody's */
  key(key: string, binding?: Binding): SecretKey {
    this.rule(key);
    return new SecretKey(this, key, binding);
  }

  /** A folder with the given keys as files of the same names, readable by the pod's group. */
  files(...keys: string[]): MountSource {
    keys.forEach((key) => this.rule(key));
    return {
      name: this.name,
      readOnly: true,
      credential: this,
      volume: (workload) => {
        this.use(workload.namespace, keys);
        const items = keys.map((key) => ({ key, path: key }));
        return { name: this.name, secret: { secretName: this.name, items, defaultMode: 0o440 } };
      },
    };
  }

  /** Notes that a namespace needs these keys. @param name the Secret that holds them */
  use(namespace: string, keys: string[], name = this.name): void {
    const known = this.uses.find((use) => use.namespace === namespace && use.name === name);
    if (known) keys.forEach((key) => known.keys.add(key));
    else this.uses.push({ namespace, name, keys: new Set(keys) });
  }

  /**
   * Notes that pods outside the platform read it, all its keys, in a namespace of theirs. Where another store keeps the values,
   * what they read is theirs to say.
   */
  lend(namespace: string): void {
    if (this.owner.platform.config.secrets === 'external' && !this.bootstrap) return;
    if (this.uses.some((use) => use.namespace === namespace)) return;
    this.uses.push({ namespace, name: this.name, keys: new Set(Object.keys(this.keys)), foreign: true });
  }

  /** Name of a Secret with this key and nothing else, for programs that read whatever a Secret holds. */
  alone(namespace: string, key: string): string {
    this.rule(key);
    const name = `${this.name}-${key}`;
    this.use(namespace, [key], name);
    return name;
  }

  /** The Secrets that it becomes, each with the keys needed there; the owner's comes first and holds all. */
  get secrets(): CredentialSecret[] {
    return this.uses.map(({ namespace, name, keys, foreign }) => ({
      namespace,
      name,
      keys: Object.keys(this.keys).filter((key) => keys.has(key)),
      ...(foreign ? { foreign } : {}),
    }));
  }

  private rule(key: string): Rule {
    const rule = this.keys[key];
    if (!rule) throw new Error(`credential ${this.name} has no key ${key}`);
    return rule;
  }
}

/** Reference to one key of a credential. */
export class SecretKey {
  constructor(
    readonly credential: Credential,
    readonly key: string,
    /** What the workload that reads it uses thereby. */
    readonly binding?: Binding,
  ) {}

  toEnvSource(namespace: string): k8s.EnvVarSource {
    this.credential.use(namespace, [this.key]);
    return { secretKeyRef: { name: this.credential.name, key: this.key } };
  }
}
