import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { transformSync } from 'esbuild';
import * as YAML from 'yaml';
import { buildPlatform } from '../../lib/build-platform';
import { parsePlatform } from '../../lib/config/load';
import { objects } from '../../lib/core/manifest-writer';
import type { Platform } from '../../lib/core/platform';
import { customResourceDefinitions } from '../../lib/derived/cluster-wide';
import { images } from '../../lib/images';
import { platformFiles } from '../api/support/platforms';
import type { Kind, KubernetesObject } from '../support/kubernetes';
import { all, find, findJob } from '../support/objects';
import { textOf, partsOf } from './platform-input';
import type { Sources } from './sources';

/** A platform, made again from what a suite made it from. */
interface Made {
  readonly objects: KubernetesObject[];
  /** All that the command line has of it, in one digest. */
  readonly digest: string;
  /** Its settings, and the rules of its credentials. */
  readonly settings: string;
  readonly credentials: string;
}

/** What the facts of a ledger come to now: each has a digest, as long as what it names is there. */
export class Digests {
  private readonly platforms = new Map<string, Made | undefined>();
  private readonly files = new Map<string, string | undefined>();
  private readonly recipes: ReadonlyMap<string, string>;
  private readonly words: readonly string[];

  constructor(
    private readonly root: string,
    private readonly sources: Sources,
    /** Services that the bed has no image of. */
    private readonly leftOut: readonly string[],
  ) {
    this.recipes = new Map(
      readdirSync(join(root, recipes)).flatMap((recipe) =>
        lines(this.text(`${recipes}/${recipe}/names`)).map((name) => [name, recipe] as const),
      ),
    );
    this.words = buildScripts(root).flatMap((path) => wordsOf(this.text(path)));
  }

  /** @param fact a sentence of record.ts, or of `derived` @returns undefined where what it is about is gone */
  of(fact: string): string | undefined {
    const [what = '', name = ''] = fact.split(/ (.*)/s);
    switch (what) {
      case 'file':
        return this.file(name);
      case 'code':
        return this.all(this.sources.code(name));
      case 'command':
        return this.all([
          'run.js',
          'run-cache.js',
          'cli/hearth.js',
          'cli/hearth.ts',
          'cli/program.ts',
          ...this.sources.code(commandFile(name)),
        ]);
      case 'program':
        return digest(this.wordsAbout(name));
      case 'recipe':
        return this.recipe(name);
      case 'image':
        return digest(Object.entries(images).find(([key]) => key === name));
      case 'names':
        return digest(platformFiles(this.root).map(({ name }) => name));
      case 'left':
        return this.leftOutOf(name.replace('out of ', ''));
      case 'settings':
      case 'credentials':
        return this.made(name.replace('of ', ''))?.[what];
      case 'manifests':
        return this.made(name.replace('of ', ''))?.digest;
      default:
        return this.answer(fact);
    }
  }

  /** What follows on a cluster from other facts: recipes of the images, and services that the platforms are without. */
  derived(facts: readonly string[]): string[] {
    const named = (what: string) => facts.filter((fact) => fact.startsWith(what)).map((fact) => fact.slice(what.length));
    const inputs = named('manifests of ');
    const used = [
      ...named('image ').map((key) => images[key as keyof typeof images]),
      ...inputs.flatMap((input) => imagesIn(this.made(input)?.objects ?? [])),
    ];
    const found = used.flatMap((image) => this.recipes.get(image) ?? []).map((recipe) => `recipe ${recipe}`);
    const without = inputs.flatMap((input) => partsOf(input).source ?? []).map((source) => `left out of ${source}`);
    return [...new Set([...found, ...without])];
  }

  private text(path: string): string {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : '';
  }

  private file(path: string): string | undefined {
    if (!this.files.has(path)) {
      const there = existsSync(join(this.root, path));
      this.files.set(path, there ? digest(withoutStyle(path, this.text(path))) : undefined);
    }
    return this.files.get(path);
  }

  /** Of several files; undefined where one is not there. */
  private all(paths: readonly string[]): string | undefined {
    const found = paths.map((path) => this.file(path));
    return found.includes(undefined) ? undefined : digest(paths.map((path, i) => [path, found[i]]));
  }

  /** Files of a stand-in image, and how the programs that it copies from the machine get there. */
  private recipe(name: string): string | undefined {
    const folder = `${recipes}/${name}`;
    if (!existsSync(join(this.root, folder))) return undefined;
    const files = readdirSync(join(this.root, folder)).sort();
    const copied = [...this.text(`${folder}/layer.sh`).matchAll(/\/mnt\/bin\/([a-z0-9-]+)/g)].map(([, program = '']) => program);
    const words = [name, ...new Set(copied)].sort().map((program) => [program, this.wordsAbout(program)]);
    return digest([files.map((file) => [file, this.file(`${folder}/${file}`)]), words]);
  }

  /**
   * What .ci/ says of a program, word by word: its pin, its module, its package. What it says of another one, beside it or
   * in between, is not part of that.
   */
  private wordsAbout(program: string): string[] {
    const about = new RegExp(`(^|[^a-z0-9])${program.replace(/[^\w-]/g, '')}`, 'i');
    return this.words.filter((word) => about.test(word));
  }

  private leftOutOf(source: string): string | undefined {
    if (!existsSync(join(this.root, source))) return undefined;
    const { services = {} } = YAML.parse(this.text(source)) as { services?: Record<string, unknown> };
    const of = Object.keys(services);
    // `opensearch-dashboards` is a part of the service `opensearch`.
    return digest(this.leftOut.filter((name) => of.some((service) => `${name}-`.startsWith(`${service}-`))).sort());
  }

  private made(input: string): Made | undefined {
    if (!this.platforms.has(input)) this.platforms.set(input, make(this.root, input));
    return this.platforms.get(input);
  }

  /** A question that a suite asked of objects, asked again. */
  private answer(fact: string): string | undefined {
    const [question = '', input = ''] = fact.split(/ of (.*)/s);
    const made = this.made(input);
    const [verb, kind = '', name = '', , namespace] = question.split(' ');
    if (!made) return undefined;
    try {
      if (verb === 'find') return digest(find(made.objects, kind as Kind, name, namespace));
      if (verb === 'job') return digest(findJob(made.objects, kind));
      if (verb === 'all') return digest(all(made.objects, kind as Kind));
    } catch {
      return undefined;
    }
    throw new Error(`nobody knows how to look at: ${fact}`);
  }
}

const recipes = 'test/cluster/images';

function make(root: string, input: string): Made | undefined {
  const source = textOf(root, input);
  if (!source) return undefined;
  try {
    const platform = buildPlatform(parsePlatform(source.text, source.file));
    const made = [...objects(platform).values()].flat() as KubernetesObject[];
    return {
      objects: made,
      digest: digest([made, [...customResourceDefinitions(platform)], credentialsOf(platform), backupsOf(platform)]),
      settings: digest(platform.config),
      credentials: digest(credentialsOf(platform)),
    };
  } catch {
    // Such a platform can no longer be.
    return undefined;
  }
}

/** What the command line reads of a platform that its manifests do not say: this, and the next. */
function credentialsOf({ graph }: Platform): unknown {
  return graph.credentials.map(({ name, keys, secrets, bootstrap, notRotated }) => ({
    name,
    keys,
    secrets,
    bootstrap,
    notRotated,
  }));
}

function backupsOf({ graph }: Platform): unknown {
  return graph.backups.map(({ name, priority, method, repository }) => ({ name, priority, method, repository }));
}

function imagesIn(made: readonly KubernetesObject[]): string[] {
  return [...JSON.stringify(made).matchAll(/"image":"([^"]+)"/g)].map(([, image = '']) => image);
}

/** The sources of a command: `start` is in the file of `stop`. */
function commandFile(name: string): string {
  const shared: Readonly<Record<string, string>> = { start: 'stop', update: 'diff' };
  return `cli/commands/${shared[name] ?? name}.ts`;
}

/** The scripts of .ci/ that bring programs, but not those that only use them. */
function buildScripts(root: string): string[] {
  return readdirSync(join(root, '.ci'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !['run', 'node.sh'].includes(entry.name))
    .map((entry) => join(relative(root, entry.parentPath), entry.name))
    .sort();
}

/** TypeScript as it runs, without its layout, comments and types; other files as they are. */
function withoutStyle(path: string, text: string): string {
  if (!path.endsWith('.ts')) return text;
  const { code } = transformSync(text, { loader: 'ts', minifyWhitespace: true, legalComments: 'none' });
  return code;
}

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
/** Without lines that are comments. */
const wordsOf = (text: string) =>
  lines(text)
    .filter((line) => !/^(#|\/\/)/.test(line))
    .flatMap((line) => line.split(/\s+/));

/** Twelve hexadecimal digits of a text, or of a value as JSON. */
export function digest(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
