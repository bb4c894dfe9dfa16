import { z } from 'zod';
import { platformSchema } from './platform-config';

/** The JSON Schema of platform files, for completion and hover in editors. */
export function platformJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(platformSchema, { io: 'input', unrepresentable: 'any' });
}

/** The keys that a platform file may have at a path; `raw`, its content, decides between alternatives. */
export function knownKeys(path: readonly (string | number)[], raw: unknown): string[] {
  const nodes = path.reduce<JsonSchema[]>(
    (parents, key, i) =>
      parents.flatMap((node) => alternatives(node, valueAt(raw, path.slice(0, i)))).flatMap((node) => child(node, key)),
    [platformJsonSchema()],
  );
  const chosen = nodes.flatMap((node) => alternatives(node, valueAt(raw, path)));
  return [...new Set(chosen.flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** What a platform file says at a path. */
export function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce(
    (value, key) =>
      typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(String(key)) : undefined,
    raw,
  );
}

interface JsonSchema {
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** A node and its alternatives, without those that a constant of theirs rules out, such as another `mode`. */
function alternatives(node: JsonSchema, value: unknown): JsonSchema[] {
  const fits = (alternative: JsonSchema) =>
    Object.entries(alternative.properties ?? {}).every(
      ([key, schema]) => schema.const === undefined || schema.const === valueAt(value, [key]),
    );
  const others = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter(fits);
  return [node, ...others.flatMap((other) => alternatives(other, value))];
}

function child(node: JsonSchema, key: string | number): JsonSchema[] {
  const additional = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const found = typeof key === 'number' ? node.items : (node.properties?.[key] ?? additional);
  return found ? [found] : [];
}
