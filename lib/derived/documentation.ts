import { z } from 'zod';
import type { Catalogue } from '../core/definition';
import { platformJsonSchema } from '../config/json-schema';
import { json } from '../core/config-files';
import type { Platform } from '../core/platform';
import { everyService } from '../options/every-service';
import { componentPage } from './component-pages';
import type { Evidence } from './evidence';
import { evidencePage, type SuiteStanding } from './evidence-page';
import { exceptionsPage } from './exceptions';
import { fence, fillSections, table } from './markdown';
import { platformPage } from './platform-pages';
import { settingsTable, type SettingSchema } from './settings-table';
import { topology } from './topology';

/** Folders below the project that hold generated files only. */
export const generatedFolders: readonly string[] = ['docs/platforms', 'docs/components'];

export interface DocumentationProps {
  readonly platforms: readonly Platform[];
  readonly catalogue: Catalogue;
  readonly evidence: Evidence;
  /** The suites of tests with real programs and clusters, in order. */
  readonly suites: readonly SuiteStanding[];
  /** Generated sections that do not follow from the model: name → text. */
  readonly sections: Readonly<Record<string, string>>;
  /** Written pages that have generated sections: path → text. */
  readonly pages: ReadonlyMap<string, string>;
}

/** Everything in the documentation that follows from the model: path below the project → content. */
export function documentation({
  platforms,
  catalogue,
  evidence,
  suites,
  sections: others,
  pages,
}: DocumentationProps): Map<string, string> {
  const sections = { ...generatedSections(platforms, catalogue, evidence), ...others };
  return new Map([
    ['platforms/schema.json', platformSchemaFile(catalogue)],
    ['docs/exceptions.md', exceptionsPage(platforms)],
    ['docs/evidence.md', evidencePage(catalogue, evidence, suites)],
    ...platforms.map((platform) => [`docs/platforms/${platform.config.name}.md`, platformPage(platform)] as const),
    ...Object.entries(catalogue).map(([name, load]) => {
      const proven = evidence[name];
      if (!proven) throw new Error(`test/evidence.yaml does not say how far ${name} is proven`);
      return [`docs/components/${name}.md`, componentPage(name, load(), proven)] as const;
    }),
    ...[...pages].map(([path, text]) => [path, fillSections(text, sections)] as const),
  ]);
}

/** The schema that the first line of a platform file names. */
export function platformSchemaFile(catalogue: Catalogue): string {
  const { $schema, ...schema } = platformJsonSchema(catalogue);
  return json({ $schema, title: 'Platform file of hearth', ...schema });
}

function generatedSections(platforms: readonly Platform[], catalogue: Catalogue, evidence: Evidence): Record<string, string> {
  const schema: SettingSchema = platformJsonSchema(catalogue);
  const ofEvery: Record<string, unknown> = z.toJSONSchema(z.strictObject(everyService), { io: 'input' });
  // Each service has a page of its own.
  const settings = Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([key]) => key !== 'services'));
  return {
    settings: settingsTable({ ...schema, properties: settings }),
    'every-service': settingsTable(ofEvery),
    components: table(
      ['Component', 'Proven'],
      Object.entries(catalogue).map(([name, load]) => [
        `[${load().title}](docs/components/${name}.md)`,
        evidence[name]?.level ?? '',
      ]),
    ),
    ...Object.fromEntries(
      platforms.map((platform) => [`topology-${platform.config.name}`, fence('mermaid', topology(platform, { reduced: true }))]),
    ),
  };
}
