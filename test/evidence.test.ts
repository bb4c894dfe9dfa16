import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../lib/catalogue';
import { ladder, parseEvidence } from '../lib/derived/evidence';
import { filesOf } from './new/new-component';
import { ledgerFile, readLedger } from './prove/ledger';
import { isProof, proofRunner, Sources } from './prove/sources';

const root = join(__dirname, '..');
const ledger = readLedger(join(root, ledgerFile));
const evidence = parseEvidence(readFileSync(join(__dirname, 'evidence.yaml'), 'utf8'));

const suites = [...new Set(Object.values(evidence).flatMap(({ proofs }) => proofs.map(({ file }) => file)))];
const sources = Sources.read(root, [...suites, proofRunner]);

test('every component of the catalogue is listed, and no other one', () => {
  expect(Object.keys(evidence).sort()).toEqual(Object.keys(catalogue).sort());
});

describe.each(Object.entries(evidence))('%s', (name, { level, because, proofs }) => {
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

  test('each proof of test/proofs that it names has passed', () => {
    expect(proofs.filter(({ file }) => isProof(file) && ledger[file] === undefined)).toEqual([]);
  });

  test('as long as something in its files is to be replaced, only its manifests are proven', () => {
    const files = Object.values(filesOf(catalogue[name]?.().tier ?? '', name));
    const text = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '');
    const open = files.filter((path) => text(path).includes('// Replace: '));
    expect(level === 'synthesized' ? [] : open).toEqual([]);
  });
});
