import { ManifestFile } from './manifest-file';
import type { Platform } from './platform';
import type { Tier } from './tier';

/**
 * One entry of the catalogue: a program, or a few that only make sense together. It becomes one file in `dist/`.
 * Its constructor declares what it needs, runs and offers; {@link complete} may look at what all others declared.
 */
export abstract class Component extends ManifestFile {
  readonly tier: Tier;

  constructor(
    readonly platform: Platform,
    /** Name in the catalogue, of the file in `dist/`, and in the label `app.kubernetes.io/name`. */
    readonly name: string,
  ) {
    const tier = platform.tier(platform.entry(name).tier);
    super(platform, name, { folder: tier.folder, file: name, namespace: tier.namespace });
    this.tier = tier;
    tier.components.push(this);
  }

  /**
   * Its options say something that cannot be, as only other components show.
   * @param path of the option, below those of the component
   * @param message what is wrong and what to write instead
   */
  refuse(path: readonly string[], message: string): void {
    this.platform.refuse({ path: ['services', this.name, ...path], message });
  }

  /** Called once, after every component is built: the place for what follows from the declarations of others. */
  complete(): void {}
}
