import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { definitionText } from '../test/new/definition';
import { bindingNeeds } from '../test/new/needs';

/**
 * Writes a program that synthesizes a platform file into a folder, `main.ts FILE FOLDER`, with further components in its
 * catalogue. They are what `npm run new` makes, and are loaded as those of lib/catalogue.ts are: when a platform names them.
 * @returns its path
 */
export function programWith(furtherComponents: number, folder: string): string {
  const lib = resolve('lib');
  const needs = bindingNeeds('.').filter(({ name }) => ['sql', 'objectStore', 'cache'].includes(name));
  mkdirSync(folder, { recursive: true });
  const entries = Array.from({ length: furtherComponents }, (_, i) => {
    const image = { key: 'busybox', reference: 'busybox', known: true, own: true };
    const text = definitionText({ tier: 'apps', name: `c${i}`, identifier: `c${i}`, image, port: 8080, needs });
    writeFileSync(join(folder, `c${i}.ts`), text.replaceAll("'../../", `'${lib}/`));
    return `c${i}: () => (require('./c${i}') as typeof import('./c${i}')).c${i},\n`;
  });
  const main = join(folder, 'main.ts');
  writeFileSync(
    main,
    `import { buildPlatform } from '${lib}/build-platform';
import { catalogue as own } from '${lib}/catalogue';
import { loadPlatform } from '${lib}/config/load';
import { writeFolder } from '${lib}/core/manifest-writer';
import { distFiles } from '${lib}/synth';

const [file = '', folder = ''] = process.argv.slice(2);
const catalogue = { ...own, ${entries.join('')} };
writeFolder(folder, distFiles(buildPlatform(loadPlatform(file, catalogue), catalogue)));
`,
  );
  return main;
}
