import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiObject } from 'cdk8s';
import { DEFAULT_SCHEMA, dump, Type } from 'js-yaml';
import { kinds } from './kinds';
import { ManifestFile } from './manifest-file';
import type { Platform } from './platform';

const order = kinds.map(({ kind }) => kind);

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The files of a platform: path below `dist/` → content. */
export function manifests(platform: Platform): Map<string, string> {
  return new Map([...objects(platform)].map(([path, all]) => [path, all.map(document).join('---\n')]));
}

/**
 * The objects of a platform: path of their file below `dist/` → objects, in the order in which they are applied. The tree
 * is walked once, so that time grows with the number of objects. Two objects of the same kind and name are an error, since
 * the later would silently replace the earlier.
 */
export function objects(platform: Platform): Map<string, Manifest[]> {
  const owners = new Map<string, string>();
  const charts = platform.node.children.filter((child): child is ManifestFile => child instanceof ManifestFile);
  const files = charts.map((chart) => {
    const found = chart.node.findAll().filter((node) => node instanceof ApiObject);
    const rendered = found.map((object) => {
      const manifest = object.toJson() as Manifest;
      claim(owners, manifest, object.node.path);
      return manifest;
    });
    return [chart.path, rendered] as const;
  });
  return new Map(
    files
      .filter(([, rendered]) => rendered.length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, rendered]) => [path, rendered.sort(inOrder)]),
  );
}

/** Text that a reader of YAML 1.1, such as kubectl, takes for a number although js-yaml does not: it is quoted, too. */
const numberLike = new Type('tag:yaml.org,2002:number-like', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && /^[-+.]?[0-9][0-9a-fA-FxXobeE_.:+-]*$/.test(text),
});
const schema = DEFAULT_SCHEMA.extend({ implicit: [numberLike] });

/** By js-yaml, which takes a third of the time of yaml. */
function document(manifest: Manifest): string {
  return dump(manifest, { schema, lineWidth: -1, noRefs: true, quotingType: '"' });
}

function claim(owners: Map<string, string>, { apiVersion, kind, metadata }: Manifest, path: string): void {
  const group = apiVersion.split('/').slice(0, -1).join();
  const identity = [group, kind, metadata.namespace ?? '', metadata.name].join('/');
  const owner = owners.get(identity);
  if (owner) throw new Error(`${kind} ${metadata.name} is declared twice: by ${owner} and by ${path}`);
  owners.set(identity, path);
}

function inOrder(a: Manifest, b: Manifest): number {
  const rank = (kind: string) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  const key = ({ kind, metadata }: Manifest) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
  return rank(a.kind) - rank(b.kind) || (key(a) < key(b) ? -1 : 1);
}

/** Replaces a folder by the given files: a new folder is written beside it and then takes its place. */
export function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  const [next, last] = [`${folder}.new`, `${folder}.old`];
  // A run that was interrupted between the two renames left the good folder here.
  if (existsSync(last) && !existsSync(folder)) renameSync(last, folder);
  for (const leftover of [next, last]) rmSync(leftover, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(next, path)), { recursive: true });
    writeFileSync(join(next, path), content);
  }
  if (existsSync(folder)) renameSync(folder, last);
  renameSync(next, folder);
  rmSync(last, { recursive: true, force: true });
}
