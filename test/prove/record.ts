import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Platform } from '../../lib/core/platform';
import { inputOf } from './platform-input';

/**
 * What a suite saw while it ran, for the ledger (test/ledger.json): each fact is one sentence, which freshness.ts looks at
 * again later. They are written to the file that `HEARTH_TEST_RECORD` names; without it nothing is recorded.
 */
const file = process.env.HEARTH_TEST_RECORD;
const root = join(__dirname, '../..');
const seen = new Set<string>();
/** Of several suites that run as one: those that see what happens now. */
let watching: readonly string[] | undefined;

export function saw(fact: string): void {
  const lines = watching === undefined ? [fact] : watching.map((suite) => `${suite}\t${fact}`);
  for (const line of lines) {
    if (file === undefined || seen.has(line)) continue;
    seen.add(line);
    appendFileSync(file, `${line}\n`);
  }
}

/** From here on, what is seen is seen by these suites, of several that run as one. */
export function recordFor(suites: readonly string[]): void {
  watching = suites;
}

/** What one suite saw. @param lines of the file, also of suites that ran along with it */
export function factsOf(suite: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [fact = '', of = suite] = line.split('\t').reverse();
    return of === suite ? [fact] : [];
  });
}

/** What a suite runs: what is a source of this repository is part of what it saw. @param args a command line */
export function sawSources(args: readonly string[]): void {
  args.forEach((path, i) => {
    const below = relative(root, resolve(path));
    if (below === 'cli/hearth.js') saw(`command ${args[i + 1]}`);
    else if (/^(?!\.\.|node_modules).*\.(ts|mjs|js)$/.test(below) && existsSync(path)) saw(`code ${below}`);
  });
}

/**
 * It applies the platforms of a folder as they are now, or reads them as a whole. Where several suites share a platform, each
 * says itself what of it is its own.
 * @param folder has `platforms/`
 */
export function sawPlatformsOf(folder: string): void {
  if (file === undefined || watching !== undefined) return;
  const platforms = join(folder, 'platforms');
  for (const name of readdirSync(platforms)) saw(`manifests of ${inputOf(root, readFileSync(join(platforms, name), 'utf8'))}`);
}

const inputs = new WeakMap<object, string>();
const originals = new WeakMap<object, object>();

/**
 * Whoever uses a value in another way than by the functions of this file saw all of the platform.
 * @param parts keys that count alone → what is seen of them
 */
function watch<T extends object>(value: T, input: string, parts: Readonly<Record<string, string>> = {}): T {
  const watched = new Proxy(value, {
    get: (target, key) => {
      // Behind `graph` is more than one part.
      if (key === 'graph') return watch((target as { graph: object }).graph, input, parts);
      saw(`${typeof key === 'string' && Object.hasOwn(parts, key) ? parts[key] : 'manifests'} of ${input}`);
      return Reflect.get(target, key) as unknown;
    },
  });
  inputs.set(watched, input);
  originals.set(watched, value);
  return watched;
}

/** A platform for a suite: settings and credentials count alone; who looks at anything else saw all. @param text its file */
export function watchedPlatform(platform: Platform, text: string): Platform {
  const parts = { config: 'settings', credentials: 'credentials' };
  return file === undefined ? platform : watch(platform, inputOf(root, text), parts);
}

/** Its objects: those that are found by test/support/objects.ts count alone; who goes through the list himself saw all. */
export function watchedObjects<T extends object>(of: Platform, make: (platform: Platform) => T): T {
  const input = inputs.get(of);
  const objects = make(unwatched(of));
  return input === undefined ? objects : watch(objects, input);
}

/** What is asked of a list of objects, and the list without its watch. */
export function asked<T extends object>(objects: T, query: string): T {
  const input = inputs.get(objects);
  if (input !== undefined) saw(`${query} of ${input}`);
  return unwatched(objects);
}

function unwatched<T extends object>(value: T): T {
  return (originals.get(value) as T | undefined) ?? value;
}
