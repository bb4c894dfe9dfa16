/** A part of a platform file as it was written, whatever may be wrong with it. */
export type Section = Readonly<Record<string, unknown>>;

/** The map that a value is; an empty one where it is none. */
export const section = (value: unknown): Section => (typeof value === 'object' && value !== null ? { ...value } : {});

/** The text that a value is. */
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
