import type { Component } from './component';

/** A value that is known once every component of the platform is built; see {@link late}. */
export class Late<T> {
  private made?: { readonly value: T };

  constructor(private readonly make: () => T) {}

  /** The value, made when it is first read. */
  get value(): T {
    this.made ??= { value: this.make() };
    return this.made.value;
  }
}

/** A value, or one that is known later. */
export type OrLate<T> = T | Late<T>;

/**
 * Says a value that follows from what other components declare, where it is needed: in the environment, the mounts, the init
 * containers, the command or the arguments of a container.
 * @param make called once, after every component is built
 */
export const late = <T>(make: () => T): Late<T> => new Late(make);

/** What a value is. Throws where it is late and components are still being built. @param reader for whom it is read */
export function known<T>(value: OrLate<T>, reader: Component): T {
  if (!(value instanceof Late)) return value;
  const building = reader.platform.underConstruction;
  if (building !== undefined)
    throw new Error(`a late value of ${reader.name} is read while ${building} is built; read it once all components are`);
  return value.value;
}
