import type { Workload } from './workload';

/** The store of secrets from which External Secrets takes the credentials of the platform that it is a part of. */
export interface CredentialStore {
  /** Name of its component, and of the Secret with the administrator's password under key `password`. */
  readonly name: string;
  /** Its nodes; they offer port `api`, with a certificate of their own. */
  readonly server: Workload;
  /** Who may read and write everything in it. */
  readonly administrator: string;
  /** Service account in each namespace of the platform that reads what belongs to its tier. */
  readonly reader: string;
  /** What tokens of that service account must be made for. */
  readonly audience: string;
  /** What must run, and be done, before it can be used. */
  readonly foundation: readonly Workload[];
  /** The program's own command, for whoever runs it in one of its pods. */
  readonly command: string;
  /** What that command needs to know in a pod, as `NAME=value`. */
  readonly clientEnv: string;
  /** Name of the variable that it reads a token from. */
  readonly tokenVariable: string;
  /** The way to what belongs to a tier, below `secret/`. */
  pathOf(tier: string): string;
}
