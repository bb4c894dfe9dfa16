import type { z } from 'zod';
import type { Component } from './component';
import type { Given, Need, Needs } from './need';
import type { Replicas } from './replicas';
import type { ResourceOverrides } from './resources';
import type { TierName } from './tier';

/** The sizes of a platform beside the standard one, which is the defaults of every service. */
export type SizeName = 'small' | 'large';

/** What a size may say beside the options of the component: words for every service, in their shortest form. */
export interface SizeWords {
  readonly storage?: string;
  readonly resources?: ResourceOverrides;
}

/** Size → the options that differ there from the defaults. */
export type Sizes<Options> = { readonly [Name in SizeName]?: Partial<Options> };

/** What the catalogue says of a component, and how it is built. */
export interface Definition {
  readonly title: string;
  /** The program's own documentation. */
  readonly documentation: string;
  /** What it asks of those who come to it through its routes or ports, beyond what the gateway asks. */
  readonly signIn: string;
  /** What it keeps, and how a backup holds that. @default it keeps nothing that it could not make again */
  readonly keeps?: string;
  readonly tier: TierName;
  /** Why a platform has at most one of it. @default it has as many as it names */
  readonly single?: string;
  /** What a platform file may say of it. */
  readonly options: z.ZodObject;
  /** Volume → its size where the platform file says none; the main one first. @default it has none of a size to choose */
  readonly volumes?: Readonly<Record<string, string>>;
  /** How many pods its main program may have. @default one */
  readonly replicas?: Replicas;
  /** What may be looked for among the options, by its path below them → where it is said, for people. @default nothing */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** What other services of the platform must provide. */
  readonly needs: Needs;
  /** What it takes where some service provides it. */
  readonly optional: Needs;
  readonly provides: Needs;
  /** What `hearth init` writes of it into a platform file of that size. */
  readonly sizes: Sizes<Readonly<Record<string, unknown>>>;
  /** @returns what it provides, by the names under `provides` */
  build(self: Component, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined;
}

/** A definition as it is written, see {@link defineComponent}. */
export interface DefinitionProps<
  Options extends z.ZodObject,
  Required extends Needs,
  Optional extends Needs,
  Provided extends Needs,
> extends Omit<Definition, 'options' | 'needs' | 'optional' | 'provides' | 'sizes' | 'build'> {
  readonly options: Options;
  readonly needs?: Required;
  readonly optional?: Optional;
  readonly provides?: Provided;
  /** @default the defaults of its options in every size */
  readonly sizes?: Sizes<z.input<Options> & SizeWords>;
  /**
   * Declares what the component runs and offers.
   * @param given the options, and what the needs give. A provider is built when its need is first read: read one that may
   *   need this component itself within {@link Component.whenComplete}
   */
  build(
    self: Component,
    given: { readonly options: z.output<Options> } & Given<Required> & Partial<Given<Optional>>,
  ): keyof Provided extends never ? void : Given<Provided>;
}

/** A component: one value with everything that there is to say of it. */
export function defineComponent<
  Options extends z.ZodObject,
  Required extends Needs = Record<never, never>,
  Optional extends Needs = Record<never, never>,
  Provided extends Needs = Record<never, never>,
>(props: DefinitionProps<Options, Required, Optional, Provided>): Definition {
  const { needs = {}, optional = {}, provides = {}, sizes = {}, ...rest } = props;
  return { ...rest, needs, optional, provides, sizes, build: props.build as Definition['build'] };
}

/** Component → its definition, which is loaded when it is first asked for. */
export type Catalogue = Readonly<Record<string, () => Definition>>;

/** The definition of a component; undefined where the catalogue has none of that name. */
export const definitionOf = (catalogue: Catalogue, name: string): Definition | undefined =>
  Object.hasOwn(catalogue, name) ? catalogue[name]?.() : undefined;

/** Whether a component provides something. */
export const provides = (definition: Definition | undefined, need: Need<unknown>): boolean =>
  definition !== undefined && Object.values(definition.provides).includes(need);

/** The components that provide something, in the order of the catalogue; loads all of it. */
export const providersIn = (catalogue: Catalogue, need: Need<unknown>): string[] =>
  Object.keys(catalogue).filter((name) => provides(catalogue[name]?.(), need));
