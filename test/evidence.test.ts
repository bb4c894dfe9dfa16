import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue } from '../lib/catalogue';
import { ladder, parseEvidence } from '../lib/derived/evidence';
import { filesOf } from './new/new-component';
import { ledgerFile, readLedger } from './prove/ledger';
import { isProof, proofRunner } from './prove/sources';

const root = join(__dirname, '..');
const ledger = readLedger(join(root, ledgerFile));
const evidence = parseEvidence(readFileSync(join(__dirname, 'evidence.yaml'), 'utf8'));

test('every component of the catalogue is listed, and no other one', () => {
  expect(Object.keys(evidence).sort()).toEqual(Object.keys(catalogue).sort());
});

describe.each(Object.entries(evidence))('%s', (name, { level, because, proofs }) => {
  test('its level is the highest one that a test proves', () => {
    const proven = proofs.map((proof) => ladder.indexOf(proof.level));
    expect(ladder[Math.max(...proven)]).toBe(level);
  });

  test('the tests that prove it exist', () => {
    const has = (file: string, title: string) =>
      existsSync(join(root, file)) && readFileSync(join(root, file), 'utf8').includes(title);
    const lost = proofs.filter(
      // A rung of the ladder, which is the same for all proofs, is in the file of their runner.
      ({ file, title }) => !has(file, title) && !(isProof(file) && has(file, '') && has(proofRunner, title)),
    );
    expect(lost).toEqual([]);
  });

  test('it says why where it is not proven on a cluster', () => {
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
