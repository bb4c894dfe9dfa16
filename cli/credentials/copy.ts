import type { Platform } from '../../lib/core/platform';
import { fileStore } from './file-store';
import { changesFor, requestOf, type AllValues } from './plan';
import { idOf } from './store';

/** A copy of all Secrets of a platform, in a file. */
export interface Copy {
  /** What the file holds otherwise. */
  problems(values: AllValues): string[];
  /** Adds what the file lacks. @returns number of Secrets of the platform in the file */
  write(values: AllValues): Promise<number>;
}

/** @param root folder of hearth */
export async function copyIn(file: string, platform: Platform, root: string): Promise<Copy> {
  const store = fileStore(file, root);
  const snapshot = await store.read(requestOf(platform));
  const held = new Map(snapshot.secrets.map((secret) => [idOf(secret), secret.data]));
  return {
    problems: (values) =>
      [...values].flatMap(([{ secrets }, all]) =>
        secrets.flatMap((place) => {
          const data = held.get(idOf(place)) ?? {};
          const other = place.keys.filter((key) => data[key] !== undefined && data[key] !== all.get(key));
          if (other.length === 0) return [];
          return `${file} holds another value of ${idOf(place)}: ${other.join(', ')}; choose another file`;
        }),
      ),
    async write(values) {
      await store.apply(changesFor(platform, snapshot, values));
      return [...values.keys()].flatMap(({ secrets }) => secrets).length;
    },
  };
}
