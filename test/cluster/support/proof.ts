import { basename, join } from 'node:path';
import { readdirSync } from 'node:fs';
import type { ProofContext } from './proof-context';
import { without } from './workspace';

/** Something that holds of a component: resolves where it does, and fails with what is otherwise. */
export type Check = (context: ProofContext) => Promise<void>;

/** How one component is proven on a cluster; test/cluster/proofs.test.ts climbs the ladder with it. */
export interface Proof {
  /** Its name in the catalogue, which is also that of its service, and of the file. */
  readonly component: string;
  /** What the platform file says under `services`, besides the gateway: the service itself, and whom it needs. */
  readonly services: Readonly<Record<string, object>>;
  /**
   * Writes something under a name, in the way in which people use the program. It is tried again where it fails, and then
   * takes the place of what it wrote before.
   * @param name lower-case letters and digits
   */
  write(context: ProofContext, name: string): Promise<void>;
  /** All that was written: name → what is to be read of it, the same as long as nothing is lost. */
  read(context: ProofContext): Promise<Record<string, string>>;
  /** What else holds once it is used, such as what it refuses: sentence → how that is seen. @default nothing */
  readonly also?: Readonly<Record<string, Check>>;
  /** What else holds after its pods were deleted. @default nothing */
  readonly afterDeletion?: Readonly<Record<string, Check>>;
}

/** @returns the same proof; the function is there for its types */
export const defineProof = (proof: Proof): Proof => proof;

/** A proof, and the suite that it counts as. */
export interface LoadedProof extends Proof {
  /** Path below the repository. */
  readonly suite: string;
}

const folder = join(__dirname, '../../proofs');

/**
 * The proofs that `HEARTH_TEST_PROOFS` names as a comma list, in order.
 * @default all whose services the cluster has images of
 */
export function chosenProofs(): LoadedProof[] {
  const known = readdirSync(folder)
    .map((file) => basename(file, '.ts'))
    .sort();
  const named = (process.env.HEARTH_TEST_PROOFS ?? '').split(',').filter(Boolean);
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`test/proofs has no ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const proofs = (named.length > 0 ? named.sort() : known).map(load);
  return named.length > 0
    ? proofs
    : proofs.filter(({ services }) => Object.keys(services).every((name) => !without.includes(name)));
}

/** By its name, so that the file of a proof is what this one is alone about. */
function load(name: string): LoadedProof {
  const { proof } = jest.requireActual<{ proof: Proof }>(join(folder, `${name}.ts`));
  if (proof.component !== name) throw new Error(`test/proofs/${name}.ts is of ${proof.component}: give it that name`);
  return { ...proof, suite: `test/proofs/${name}.ts` };
}
