import { basename, join } from 'node:path';
import { readdirSync } from 'node:fs';
import type { Proof } from './proof';
import { without } from './without';

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
