import { catalogue as ownCatalogue } from './catalogue';
import { fromEach, loadPlatform } from './config/load';
import type { Catalogue } from './core/definition';
import { Platform } from './core/platform';
import type { Settings } from './core/settings';
import { derive } from './derived';

/**
 * Builds a platform whole: its components, and everything that follows from what they declared.
 * @param catalogue what its file may name @default hearth's own
 */
export function buildPlatform(settings: Settings, catalogue: Catalogue = ownCatalogue): Platform {
  const platform = new Platform(settings, catalogue);
  derive(platform);
  return platform;
}

/** Builds every platform file of a folder; throws an AggregateError with everything that is wrong in all of them. */
export function buildPlatforms(folder: string): Platform[] {
  return fromEach(folder, (file) => buildPlatform(loadPlatform(file)));
}
