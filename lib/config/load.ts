import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as YAML from 'yaml';
import { z } from 'zod';
import { catalogue as ownCatalogue } from '../catalogue';
import { definitionOf, type Catalogue } from '../core/definition';
import { crossChecks } from './cross-checks';
import { knownKeys, valueAt } from './json-schema';
import { complete, platformSchema } from './platform-config';
import { ConfigError, suggest, type Problem } from '../core/problem';
import type { Settings } from '../core/settings';
import { describe, wording } from '../options/wording';
import { section, text, type Section } from './section';
import { componentOf, providersSchema, servicesIn, servicesSchema, type NamedService } from './services';

// A schema reads one file: zod would take longer to compile it than to read. https://zod.dev/api
z.config({ jitless: true });

/**
 * Reads one platform file; throws a {@link ConfigError} with everything that is wrong in it.
 * @param catalogue what it may name @default hearth's own
 */
export function loadPlatform(file: string, catalogue: Catalogue = ownCatalogue): Settings {
  return parsePlatform(
    reading(file, () => readFileSync(file, 'utf8')),
    file,
    catalogue,
  );
}

/** What the file system refuses is something wrong with the file, too. */
function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
    const said: Readonly<Record<string, string>> = {
      EISDIR: 'is a folder; a platform is one file, remove or rename the folder',
      ENOTDIR: 'is a file; it must be the folder of the platform files',
      EACCES: 'may not be read; give yourself the permission (chmod u+r)',
      ENOENT: 'does not exist, or is a link to nothing; remove it, or mend the link',
    };
    throw new ConfigError(path, [{ path: [], message: said[code] ?? `cannot be read (${code})` }]);
  }
}

/**
 * What each `*.yaml` of a folder becomes.
 * @param make throws a {@link ConfigError} for a wrong file; they come together as one AggregateError
 */
export function fromEach<T>(folder: string, make: (file: string) => T): T[] {
  const names = existsSync(folder) ? reading(folder, () => readdirSync(folder)).sort() : [];
  const errors = names
    .filter((name) => name.endsWith('.yml'))
    .map((name) => {
      const message = `is not read for its ending; rename it to ${basename(name, '.yml')}.yaml`;
      return new ConfigError(join(folder, name), [{ path: [], message }]);
    });
  const files = names.filter((name) => name.endsWith('.yaml'));
  if (files.length === 0) {
    const message = 'has no platform file; write one, for example geoai.yaml';
    errors.push(new ConfigError(folder, [{ path: [], message }]));
  }
  const made = files.flatMap((name) => {
    try {
      return [make(join(folder, name))];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      errors.push(error);
      return [];
    }
  });
  if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.message).join('\n'));
  return made;
}

/**
 * Parses a platform file.
 * @param file name for messages; its stem must be the platform's name
 * @param catalogue what it may name @default hearth's own
 */
export function parsePlatform(text: string, file: string, catalogue: Catalogue = ownCatalogue): Settings {
  const lines = new YAML.LineCounter();
  const document = YAML.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const invalid = [...document.errors.map(fromYamlError), ...unresolvedAliases(document)];
  if (invalid.length > 0) {
    throw new ConfigError(
      file,
      invalid.map(({ message, offset }) => ({ path: [], message, line: lines.linePos(offset).line })),
    );
  }
  const raw: unknown = document.toJS();
  if (!isMap(raw)) {
    const wrong = raw === null ? 'is empty' : `must be a map of settings, not ${describe(raw)}`;
    throw new ConfigError(file, [{ path: [], message: `${wrong}; write name, domain, cluster and services` }]);
  }
  const services = servicesIn(raw, catalogue);
  const schema = schemaFor(raw, services, catalogue);
  const result = schema.safeParse(raw, { error: wording });
  const problems = [
    ...(result.success ? [] : result.error.issues.flatMap((issue) => fromIssue(issue, { raw, schema, catalogue }))),
    ...crossChecks(raw, basename(file, '.yaml'), services, catalogue),
  ];
  const errorOf: Settings['errorOf'] = (wrong) => {
    const located = wrong.map((problem) => ({ ...problem, line: lineOf(document, lines, problem) }));
    return new ConfigError(
      file,
      located.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    );
  };
  if (result.success && problems.length === 0) return complete(result.data, services, errorOf);
  throw errorOf(problems);
}

const isMap = (value: unknown): value is Section => typeof value === 'object' && value !== null && !Array.isArray(value);

interface Invalid {
  readonly message: string;
  readonly offset: number;
}

function fromYamlError({ code, message, pos }: YAML.YAMLParseError): Invalid {
  const said: Partial<Record<YAML.ErrorCode, string>> = {
    DUPLICATE_KEY: 'is not valid YAML: the same key stands twice in one map; keep one of them',
    MULTIPLE_DOCS: 'holds several YAML documents; keep one, a platform has a file of its own',
    TAB_AS_INDENT: 'is not valid YAML: tabs do not indent; write spaces',
  };
  return { message: said[code] ?? `is not valid YAML: ${message}`, offset: pos[0] };
}

/** `*name` without `&name` before it. */
function unresolvedAliases(document: YAML.Document): Invalid[] {
  const found: Invalid[] = [];
  YAML.visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return;
      const message = `is not valid YAML: *${node.source} refers to nothing; put it in quotes, or mark a value before it with &${node.source}`;
      found.push({ message, offset: node.range?.[0] ?? 0 });
    },
  });
  return found;
}

/** Line of the nearest node on the way to the problem, or of the line of its text. */
function lineOf(document: YAML.Document, lines: YAML.LineCounter, { path, textLine }: Problem): number | undefined {
  const text = textLine === undefined ? undefined : document.getIn(path, true);
  if (YAML.isScalar(text) && text.type === YAML.Scalar.BLOCK_LITERAL && text.range) {
    // The text begins below its `|`.
    return lines.linePos(text.range[0]).line + 1 + (textLine ?? 0);
  }
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = YAML.isMap(parent)
      ? parent.items.find((item) => YAML.isScalar(item.key) && String(item.key.value) === String(key))
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    const start = YAML.isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

/** The schema of a file that names these services; it loads no other components, unless the file chooses among them. */
function schemaFor(raw: Section, services: readonly NamedService[], catalogue: Catalogue) {
  return platformSchema({
    services: servicesSchema(services),
    providers: raw.providers === undefined ? z.strictObject({}) : providersSchema(catalogue),
  });
}

/** What a message about a wrong setting follows from. */
interface Context {
  readonly raw: unknown;
  readonly schema: z.ZodType;
  readonly catalogue: Catalogue;
}

/** One sentence for each thing that the schema refuses. */
function fromIssue(issue: z.core.$ZodIssue, context: Context): Problem[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.flatMap((key) => unknownKey(path, key, context));
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union': {
      // Where one alternative is of the right kind, what is wrong lies inside it.
      const fitting = issue.errors.filter(
        (inner) => inner.every((one) => one.path.length > 0) || inner.every((one) => one.code === 'unrecognized_keys'),
      );
      const [inner] = fitting;
      if (inner === undefined || fitting.length > 1) return [{ path, message: issue.message }];
      return inner.flatMap((one) => fromIssue({ ...one, path: [...issue.path, ...one.path] }, context));
    }
    case 'custom': {
      const line: unknown = issue.params?.line;
      return [{ path, message: issue.message, ...(typeof line === 'number' ? { textLine: line } : {}) }];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(parent: Problem['path'], key: string, { raw, schema, catalogue }: Context): Problem[] {
  const path = [...parent, key];
  if (parent.length === 1 && parent[0] === 'services') {
    // What it says of its component is a problem of its own.
    if (text(section(valueAt(raw, path)).component) !== undefined) return [];
    return [{ path, message: `there is no service "${key}"; ${suggest(key, Object.keys(catalogue))}` }];
  }
  const nearly = nearlySetting(parent, raw, schema);
  if (nearly !== undefined) return [{ path: parent, message: `is not known here; ${nearly}` }];
  const said = elsewhere(path, raw, catalogue);
  if (said !== undefined) return [{ path, message: `is no option; write ${said}` }];
  const missing = knownKeys(schema, parent, raw).filter((known) => valueAt(raw, [...parent, known]) === undefined);
  const mend = missing.length > 0 ? suggest(key, missing) : 'remove it';
  return [{ path, message: `is not known here; ${mend}` }];
}

/** A name of one's own, beside which there are settings, may be one of them with a mistake. */
function nearlySetting(path: Problem['path'], raw: unknown, schema: z.ZodType): string | undefined {
  const name = path.at(-1);
  const settings = knownKeys(schema, path.slice(0, -1), raw);
  if (typeof name !== 'string' || settings.length === 0 || settings.includes(name)) return undefined;
  const mend = suggest(name, settings);
  return mend.startsWith('did you mean') ? mend : undefined;
}

/** Where a component says what that key was meant to say. */
function elsewhere([first, service, ...option]: Problem['path'], raw: unknown, catalogue: Catalogue): string | undefined {
  if (first !== 'services' || service === undefined) return undefined;
  const component = componentOf(String(service), valueAt(raw, [first, service]));
  return definitionOf(catalogue, component)?.elsewhere?.[option.join('.')];
}
