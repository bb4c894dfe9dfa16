import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generatedFolders } from '../lib/derived/documentation';
import { generatedDocs } from './generated';

const files = generatedDocs('.');
for (const folder of generatedFolders) rmSync(folder, { recursive: true, force: true });
for (const [path, content] of files) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
