/** What tells OpenBao and Vault apart: they have grown from the same sources, and speak the same API. */
export interface Program {
  /** For people. */
  readonly title: string;
  /** File name in https://github.com/homarr-labs/dashboard-icons */
  readonly icon: string;
  readonly image: string;
  /** The command, on the path of the image. */
  readonly command: string;
  /** Of its environment variables. */
  readonly prefix: 'BAO' | 'VAULT';
  /** The part of its version that its data depends on. */
  readonly version: string;
  /** How the nodes open their storage after a start, where the platform file says nothing. */
  readonly unseal: 'static' | 'secret';
  /** Top-level settings of its configuration that the other one does not know. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** A listener can be confined to metrics. */
  readonly metricsListener: boolean;
  /** Audit devices are settings of the configuration; otherwise they are made by the API. */
  readonly auditSettings: boolean;
}
