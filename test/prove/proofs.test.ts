import { basename } from 'node:path';
import { catalogue } from '../../lib/catalogue';
import { chosenProofs } from '../cluster/support/chosen-proofs';
import { platformText, rungsOf } from '../cluster/support/proof-platform';
import { platformOf } from '../api/support/platforms';
import { suiteFiles, isProof } from './sources';
import { root } from '../support/platforms';

afterEach(() => delete process.env.HEARTH_TEST_PROOFS);

const proofs = chosenProofs();
const services = (list: typeof proofs) => platformOf(platformText(list), 'proofs.yaml').graph;

test('every file of test/proofs is a proof of a component, and a suite', () => {
  expect(proofs.map(({ suite }) => suite)).toEqual(suiteFiles(root).filter(isProof));
  expect(proofs.filter(({ component }) => !(component in catalogue))).toEqual([]);
  expect(proofs.map(({ suite }) => basename(suite, '.ts'))).toEqual(proofs.map(({ component }) => component));
});

test('all of them fit on one platform, with what each needs', () => {
  const names = new Set(services(proofs).workloads.map(({ component }) => component.name));
  expect(proofs.filter(({ component }) => !names.has(component))).toEqual([]);
});

test.each(proofs)('$component runs with its own services alone, which have something to lose', (proof) => {
  expect(rungsOf(proof)).toMatchObject({ backs: true });
});

test('some are chosen by name, in order; a name that is none is refused', () => {
  process.env.HEARTH_TEST_PROOFS = 'postgis,minio';
  expect(chosenProofs().map(({ component }) => component)).toEqual(['minio', 'postgis']);
  process.env.HEARTH_TEST_PROOFS = 'postgres';
  expect(() => chosenProofs()).toThrow('test/proofs has no postgres; there are');
});

test('two that say otherwise what a service is do not share a platform', () => {
  const [one, other] = ['1Gi', '2Gi'].map((storage) => ({ component: 'postgis', services: { postgis: { storage } } }));
  expect(() => platformText([one, other].flatMap((proof) => proof ?? []))).toThrow('storage of postgis');
});
