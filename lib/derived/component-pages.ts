import { z } from 'zod';
import type { Definition } from '../core/definition';
import type { Needs } from '../core/need';
import { maySeveral } from '../core/replicas';
import { tiers } from '../core/tier';
import { clientsFor } from '../options/every-service';
import { meaning, type ComponentEvidence } from './evidence';
import { code, list, page, plain, table } from './markdown';
import { settingsTable } from './settings-table';

/** The page of one entry of the catalogue: its options, its place among the others, and how far it is proven. */
export function componentPage(name: string, entry: Definition, evidence: ComponentEvidence): string {
  const clients = clientsFor(Object.values(entry.provides));
  const options = clients ? entry.options.safeExtend({ clients }) : entry.options;
  const schema: Record<string, unknown> = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  const tier = tiers[entry.tier];
  return page(
    `# ${entry.title}`,
    list([
      `In a platform file: ${code(`services.${name}`)}`,
      `Tier: ${tier.number} ${tier.title}, in the namespace ${code(`<platform>-${entry.tier}`)}`,
      `The program’s own documentation: <${entry.documentation}>`,
      ...titles('Needs', entry.needs),
      ...titles('Takes, where it is there', entry.optional),
      ...titles('Provides', entry.provides),
      `Pods: ${podsOf(entry)}`,
      ...volumesOf(entry),
      `Asks of its users: ${entry.signIn}`,
      ...(entry.keeps === undefined ? [] : [`Keeps ${entry.keeps}: [storage-and-backup.md](../storage-and-backup.md)`]),
    ]),
    '## Options',
    settingsTable(schema),
    `Beside them, [what every service can be told](../platform-file.md#what-every-service-can-be-told).`,
    '## Evidence',
    `Level **${evidence.level}**: ${meaning[evidence.level]}. The ladder is explained in [testing.md](../testing.md), and [evidence.md](../evidence.md) says how fresh it is.`,
    ...(evidence.because ? [evidence.because] : []),
    ...(evidence.standIn ? [`In place of the image, these tests run: ${evidence.standIn}`] : []),
    table(
      ['Level', 'Test file', 'Test'],
      evidence.proofs.map(({ level, file, title }) => [level, code(file), plain(title)]),
    ),
  );
}

/** How many pods its main program may have. */
function podsOf({ replicas }: Definition): string {
  if (!maySeveral(replicas)) return `not to be chosen by ${code('replicas')}: ${replicas?.why ?? 'it is made for one pod'}`;
  const { high, byMajority } = replicas;
  const usual = high > 1 ? `1, or ${high} where ${code('availability')} is high` : '1';
  const other = byMajority ? `1, or ${high} and more in steps of two` : 'any number';
  return `${usual}; by ${code('replicas')} ${other}`;
}

const volumesOf = ({ volumes = {} }: Definition): string[] => {
  const sizes = Object.entries(volumes).map(([name, size]) => `${code(name)} of ${size}`);
  return sizes.length > 0 ? [`Volumes, by ${code('storage')} of another size or class: ${sizes.join(', ')}`] : [];
};

const titles = (verb: string, needs: Needs): string[] => {
  const names = Object.values(needs).map(({ title }) => title);
  return names.length > 0 ? [`${verb}: ${names.join(', ')}`] : [];
};
