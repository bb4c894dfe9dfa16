import { buildPlatform } from '../../lib/build-platform';
import { parsePlatform } from '../../lib/config/load';
import type { Platform } from '../../lib/core/platform';
import { problems } from './platforms';

const head = ['name: lab', 'domain: lab.home.arpa', 'cluster: k3s'];
const built = (lines: readonly string[]) => buildPlatform(parsePlatform(lines.join('\n'), 'lab.yaml'));

/** A platform of these services, each on a line of its own: the first is line 5 of the file. */
export const lab = (...services: string[]): Platform => labWith([], ...services);

/** The same with further settings, each on a line before `services`. */
export const labWith = (settings: readonly string[], ...services: string[]): Platform =>
  built([...head, ...settings, 'services:', ...services.map((line) => `  ${line}`)]);

/** What is wrong with it, line by line; empty where nothing is. */
export const refused = (...services: string[]): string[] => refusedWith([], ...services);

/** The same with further settings. */
export const refusedWith = (settings: readonly string[], ...services: string[]): string[] =>
  problems(() => labWith(settings, ...services))?.split('\n') ?? [];
