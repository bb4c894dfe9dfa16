import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../lib/catalogue';
import { ladder, parseEvidence } from '../lib/derived/evidence';
import { proofRunner, Sources } from './prove/sources';

const root = join(__dirname, '..');
const evidence = parseEvidence(readFileSync(join(__dirname, 'evidence.yaml'), 'utf8'));

const suites = [...new Set(Object.values(evidence).flatMap(({ proofs }) => proofs.map(({ file }) => file)))];
const sources = Sources.read(root, [...suites, proofRunner]);

test('every component of the catalogue is listed, and no other one', () => {
  expect(Object.keys(evidence).sort()).toEqual(Object.keys(catalogue).sort());
});

describe.each(Object.entries(evidence))('%s', (_, { level, because, proofs }) => {
  test('its level is the highest one that a test proves', () => {
    const proven = proofs.map((proof) => ladder.indexOf(proof.level));
    expect(ladder[Math.max(...proven)]).toBe(level);
  });

  test('the tests that prove it exist, in their suite or in what that imports', () => {
    const lost = proofs.filter(
      ({ file, title }) => !sources.ownFiles(file).some((own) => readFileSync(join(root, own), 'utf8').includes(title)),
    );
    expect(lost).toEqual([]);
  });

  test('it says under `because` why it is not proven on a cluster, unless it is', () => {
    expect(level === 'running' || because !== undefined).toBe(true);
  });
});
