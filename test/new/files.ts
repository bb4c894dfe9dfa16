import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { tiers } from '../../lib/core/tier';
import { definitionText, replace } from './definition';
import { filesOf, type NewComponent } from './new-component';
import { evidenceText, platformText, proofText, unitTestText } from './proofs';

/** All that a new component is made of: path below the repository → the whole file, new or changed. @param root the repository */
export async function filesFor(component: NewComponent, root: string): Promise<Map<string, string>> {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const own = filesOf(component.tier, component.name);
  const texts = new Map([
    [own.definition, definitionText(component)],
    [own.unitTest, unitTestText(component)],
    [own.proof, proofText(component)],
    [own.platform, platformText(component)],
    ['lib/catalogue.ts', listed(component, read('lib/catalogue.ts'))],
    ['test/evidence.yaml', `${read('test/evidence.yaml')}${evidenceText(component)}`],
  ]);
  if (!component.image.known) texts.set('lib/images.ts', pinned(component, read('lib/images.ts')));
  const formatted = [...texts].map(async ([path, text]) => {
    const settings = await resolveConfig(join(root, path));
    return [path, await format(text, { ...settings, filepath: path })] as const;
  });
  return new Map(await Promise.all(formatted));
}

/** The catalogue with it, as the last one of its tier. */
function listed({ tier, name, identifier }: NewComponent, catalogue: string): string {
  const module = `./tiers/${tier}/${name}`;
  const line = `  '${name}': () => (require('${module}') as typeof import('${module}')).${identifier},\n`;
  const lines = [...catalogue.matchAll(/^ {2}\S+: \(\) =>\s+\(require\('\.\/tiers\/([a-z]+)\/[^;]+?\)\)\.\w+,\n/gm)];
  const before = lines.filter(([, other = '']) => tiers[other as keyof typeof tiers].number <= tiers[tier].number);
  const last = before.at(-1);
  const at = last ? last.index + last[0].length : (lines[0]?.index ?? 0);
  return catalogue.slice(0, at) + line + catalogue.slice(at);
}

/** The images with its own. */
function pinned({ image }: NewComponent, text: string): string {
  const end = text.lastIndexOf('} as const;');
  const comment = image.own ? '' : `  ${replace('the image of the program, which this web server stands in for.')}\n`;
  const repository = image.reference.slice(0, image.reference.lastIndexOf(':'));
  const lines = `${comment}  // renovate: datasource=docker depName=${repository}\n  ${image.key}: '${image.reference}',\n`;
  return text.slice(0, end) + lines + text.slice(end);
}
