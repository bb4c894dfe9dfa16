import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { objects, type Manifest } from '../core/manifest-writer';
import type { Platform } from '../core/platform';
import { clusterFolder, customResourceDefinitions } from './cluster-wide';

/** Objects that are applied together: what belongs to no namespace first, then tier by tier. */
export interface Wave {
  /** Folder in `dist/<platform>/`, for example `04-data`. */
  readonly folder: string;
  readonly objects: readonly Manifest[];
}

/** The CustomResourceDefinitions that the cluster does not bring itself. */
export function definitions(platform: Platform): Manifest[] {
  return customResourceDefinitions(platform).flatMap(
    ([, text]) => loadAll(text, undefined, { schema: CORE_SCHEMA }) as Manifest[],
  );
}

/** The same objects as in `dist/<platform>/`, in the order in which they are applied. */
export function waves(platform: Platform): Wave[] {
  const { name } = platform.config;
  const byFolder = new Map<string, Manifest[]>([[clusterFolder, definitions(platform)]]);
  for (const [path, found] of objects(platform)) {
    const [top, folder] = path.split('/');
    if (top !== name || folder === undefined) continue;
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), ...found]);
  }
  return [...byFolder].sort(([a], [b]) => (a < b ? -1 : 1)).map(([folder, found]) => ({ folder, objects: found }));
}
