import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as YAML from 'yaml';
import type { z } from 'zod';
import { catalogue } from '../catalogue';
import { crossChecks } from './cross-checks';
import { knownKeys } from './json-schema';
import { complete, platformSchema, type PlatformConfig } from './platform-config';
import { ConfigError, suggest, type Problem } from './problem';

/** Reads one platform file; throws a {@link ConfigError} with everything that is wrong in it. */
export function loadPlatform(file: string): PlatformConfig {
  return parsePlatform(readFileSync(file, 'utf8'), file);
}

/** Reads every `*.yaml` of a folder; throws an AggregateError with one {@link ConfigError} per wrong file. */
export function loadPlatforms(folder: string): PlatformConfig[] {
  const errors: ConfigError[] = [];
  const platforms = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => {
      try {
        return [loadPlatform(join(folder, name))];
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        errors.push(error);
        return [];
      }
    });
  if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => error.message).join('\n'));
  return platforms;
}

/** Parses a platform file. @param file name for messages; its stem must be the platform's name */
export function parsePlatform(text: string, file: string): PlatformConfig {
  const lines = new YAML.LineCounter();
  const document = YAML.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((error) => ({
        path: [],
        message: `no valid YAML: ${error.message}`,
        line: lines.linePos(error.pos[0]).line,
      })),
    );
  }
  const raw: unknown = document.toJS();
  const result = platformSchema.safeParse(raw);
  const problems = [
    ...(result.success ? [] : result.error.issues.flatMap(fromIssue)),
    ...crossChecks(raw, basename(file, '.yaml')),
  ];
  if (result.success && problems.length === 0) return complete(result.data);
  const located = problems.map((problem) => ({ ...problem, line: lineOf(document, lines, problem.path) }));
  throw new ConfigError(
    file,
    located.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  );
}

/** Line of the nearest node on the way to `path`. */
function lineOf(document: YAML.Document, lines: YAML.LineCounter, path: Problem['path']): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = YAML.isMap(parent)
      ? parent.items.find((item) => YAML.isScalar(item.key) && item.key.value === key)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    const start = YAML.isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}

/** One sentence for each thing that the schema refuses. */
function fromIssue(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(path, key) }));
    case 'invalid_value':
      return [{ path, message: `must be one of ${issue.values.map(String).join(', ')}` }];
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(path: Problem['path'], key: string): string {
  if (path.length === 1 && path[0] === 'services') {
    return `there is no service "${key}"; ${suggest(key, Object.keys(catalogue))}`;
  }
  const known = knownKeys(path);
  return known.length > 0 ? `is not known here; ${suggest(key, known)}` : 'is not known here; remove it';
}
