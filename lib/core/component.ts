import type { VolumeBackup } from './backup';
import type { Definition } from './definition';
import { ManifestFile } from './manifest-file';
import type { Need } from './need';
import type { Overrides } from './overrides';
import type { Platform } from './platform';
import { maySeveral } from './replicas';
import { sized, type Resources } from './resources';
import type { Tier } from './tier';
import { Volume } from './volume';

/** One service of a platform: a program, or a few that only make sense together. It becomes one file in `dist/`. */
export class Component extends ManifestFile {
  readonly tier: Tier;
  /** The volumes of its definition that it has with these settings. */
  readonly madeVolumes = new Set<string>();
  private readonly steps: (() => void)[] = [];

  constructor(
    readonly platform: Platform,
    /** Of the service: of the file in `dist/`, of what it makes, and in the label `app.kubernetes.io/name`. */
    readonly name: string,
    /** Its name in the catalogue. */
    readonly type: string,
    readonly definition: Definition,
  ) {
    const tier = platform.tier(definition.tier);
    super(platform, name, { folder: tier.folder, file: name, namespace: tier.namespace });
    this.tier = tier;
    tier.components.push(this);
  }

  /** For people: what it is, with its name where that is one of its own. */
  get title(): string {
    return this.definition.title + this.suffix;
  }

  /** The name of the program without what it is: `Traefik` of `Traefik, the gateway`. */
  get shortTitle(): string {
    return (this.definition.title.split(',')[0] ?? '') + this.suffix;
  }

  private get suffix(): string {
    return this.name === this.type ? '' : ` (${this.name})`;
  }

  /**
   * Name of something that it makes beside what bears its own name: as it is where the service is named after its component,
   * and behind the service's name where it is one of several.
   */
  named(name: string): string {
    return this.name === this.type ? name : `${this.name}-${name}`;
  }

  /** What the platform file says of it beside the options of its component. */
  get overrides(): Overrides {
    return this.platform.config.services[this.name]?.overrides ?? {};
  }

  /** Number of pods of its main program: what the platform file says, or what its availability wants. */
  get replicas(): number {
    const { replicas } = this.definition;
    return maySeveral(replicas) ? (this.overrides.replicas ?? this.platform.replicas(replicas.high)) : 1;
  }

  /**
   * CPU and memory of its main program, for whatever follows from them, such as a heap. A container of the main program gets
   * them by itself.
   * @param defaults where the platform file says nothing
   */
  resources(defaults: Resources): Resources {
    return sized(defaults, this.overrides.resources?.main);
  }

  /**
   * A volume of its definition, of the size and the class that the platform file wants.
   * @param name as its definition calls it
   * @param claim how its claims begin. @default the same
   */
  volume(name: string, backup: VolumeBackup, claim = name): Volume {
    const usual = this.definition.volumes?.[name];
    if (usual === undefined) throw new Error(`${this.name} has a volume ${name}: its definition must say so`);
    this.madeVolumes.add(name);
    return new Volume(claim, { size: usual, backup, ...this.overrides.storage?.[name] });
  }

  /** What a need gives it; its definition must name the need. */
  provider<T>(need: Need<T>): T {
    const { needs, optional, provides } = this.definition;
    if (![needs, optional, provides].some((named) => Object.values(named).includes(need))) {
      throw new Error(`${this.name} asks for ${need.name}: its definition must say so under needs`);
    }
    return this.platform.provider(need, this);
  }

  /**
   * Its options say something that cannot be, as only other components show.
   * @param path of the option, below those of the component
   * @param message what is wrong and what to write instead
   */
  refuse(path: readonly string[], message: string): void {
    this.platform.refuse({ path: ['services', this.name, ...path], message });
  }

  /** Does something once every component is built: the place for what follows from the declarations of others. */
  whenComplete(step: () => void): void {
    this.steps.push(step);
  }

  /** Called once by the platform. */
  complete(): void {
    for (const step of this.steps) step();
  }
}
