import type { z } from 'zod';
import type { Binding } from './binding';
import type { ForeignClient } from './clients';

/** How pods outside the platform get what a need gives, where they can. */
export interface ForClients<T> {
  /** What the platform file may say of each of them besides who they are. @default nothing */
  readonly wishes?: z.ZodRawShape;
  /** What they may be called. @default what goes for databases and buckets, too */
  readonly names?: z.ZodString;
  /** Nothing is made that a service could share: they may bear its name, and live in a namespace of the platform. @default false */
  readonly sharesNothing?: true;
  /** @param client their name in the platform file @param said what that says of them @returns what is theirs */
  give(offer: T, client: string, said: ForeignClient): Binding;
}

/**
 * Something that a component asks of another one without knowing which. Its type says what it gets: a need stands in the
 * file of the binding that it is for, and nowhere else.
 */
export class Need<T> {
  /** Only the compiler reads it. */
  declare readonly gives: T;

  constructor(
    /** As platform files name it, for example `sql`. */
    readonly name: string,
    /** As people name it, with its article, for example `a database server`. */
    readonly title: string,
    /** Whether a platform has at most one that gives it. */
    readonly single: boolean,
    /** @default they cannot */
    readonly client?: ForClients<T>,
  ) {}
}

/**
 * A new need.
 * @param name as platform files name it
 * @param title as people name it, with its article
 * @param single a platform has at most one that gives it @default false
 * @param client what pods outside the platform get @default nothing
 */
export const needFor = <T>(
  name: string,
  title: string,
  { single = false, client }: { readonly single?: boolean; readonly client?: ForClients<T> } = {},
): Need<T> => new Need<T>(name, title, single, client);

/** Needs by the names under which a component gets what they give. */
export type Needs = Readonly<Record<string, Need<unknown>>>;

/** What these needs give. */
export type Given<N extends Needs> = { readonly [Key in keyof N]: N[Key]['gives'] };
