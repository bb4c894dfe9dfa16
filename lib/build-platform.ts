import { catalogue, type Catalogue } from './catalogue';
import type { PlatformConfig } from './config/platform-config';
import { Platform } from './core/platform';
import { derive } from './derived';

/** Builds a platform whole: its components, and everything that follows from what they declared. */
export function buildPlatform(config: PlatformConfig, from: Catalogue = catalogue): Platform {
  const platform = new Platform(config, from);
  derive(platform);
  return platform;
}
