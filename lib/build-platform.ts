import { catalogue, type Catalogue } from './catalogue';
import { fromEach, loadPlatform } from './config/load';
import type { PlatformConfig } from './config/platform-config';
import { Platform } from './core/platform';
import { derive } from './derived';

/** Builds a platform whole: its components, and everything that follows from what they declared. */
export function buildPlatform(config: PlatformConfig, from: Catalogue = catalogue): Platform {
  const platform = new Platform(config, from);
  derive(platform);
  return platform;
}

/** Builds every platform file of a folder; throws an AggregateError with everything that is wrong in all of them. */
export function buildPlatforms(folder: string): Platform[] {
  return fromEach(folder, (file) => buildPlatform(loadPlatform(file)));
}
