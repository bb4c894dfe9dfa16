import type { ProofContext } from './proof-context';

/** Something that holds of a component: resolves where it does, and fails with what is otherwise. */
export type Check<Context = ProofContext> = (context: Context) => Promise<void>;

/** How one component is proven on a cluster; test/cluster/proofs.test.ts climbs the ladder with it. */
export interface Proof<Context = ProofContext> {
  /** Its name in the catalogue, which is also that of its service, and of the file. */
  readonly component: string;
  /** What the platform file says under `services`, besides the gateway: the service itself, and whom it needs. */
  readonly services: Readonly<Record<string, object>>;
  /**
   * Writes something under a name, in the way in which people use the program. It is tried again where it fails, and then
   * takes the place of what it wrote before.
   * @param name lower-case letters and digits
   */
  write(context: Context, name: string): Promise<void>;
  /** All that was written: name → what is to be read of it, the same as long as nothing is lost. */
  read(context: Context): Promise<Record<string, string>>;
  /** What else holds once it is used, such as what it refuses: sentence → how that is seen. @default nothing */
  readonly also?: Readonly<Record<string, Check<Context>>>;
  /** What else holds after its pods were deleted. @default nothing */
  readonly afterDeletion?: Readonly<Record<string, Check<Context>>>;
}

/** @returns the same proof; the function is there for its types */
export const defineProof = (proof: Proof): Proof => proof;
